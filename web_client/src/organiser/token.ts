/**
 * The organiser's link: `/#t={token}`. Its token leaves the address at once and lives in the tab, as a site's does.
 *
 * The server alone decides what the token may do; this page only carries it.
 */
import type { Keep } from "../link.ts";

const KEY = "telepresence.organiser";

/** The token behind the address, or the one that this tab kept; undefined for everybody else. */
export function takeOrganiser(
  location: Location,
  history: Pick<History, "replaceState">,
  keep: Keep,
): string | undefined {
  const fresh = new URLSearchParams(location.hash.slice(1)).get("t");
  if (fresh) {
    keep.setItem(KEY, fresh);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return fresh ?? keep.getItem(KEY) ?? undefined;
}

export const forgetOrganiser = (keep: Keep): void => keep.removeItem(KEY);
