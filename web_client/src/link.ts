/**
 * The link that a hospital was sent: `/room/{room}#t={token}`.
 *
 * The first thing that a page does. The token leaves the address bar at once and lives in the tab's sessionStorage,
 * so that neither the history nor a copied address carries it. Its claims are read for display only: the server
 * alone decides whether they are true.
 */

export interface Link {
  readonly room: string;
  /** Absent when the page was opened without the part behind `#`. */
  readonly token?: string;
  /** Display name of the site, from the token; empty when it cannot be read. */
  readonly siteName: string;
}

/** Where the tab keeps what a reload needs. */
export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const tokenKey = (room: string) => `telepresence.token.${room}`;
const resumeKey = (room: string) => `telepresence.resume.${room}`;

/** The link behind the current address; undefined on the start page. Moves a token out of the address. */
export function takeLink(
  location: Location,
  history: Pick<History, "replaceState">,
  keep: Keep,
): Link | undefined {
  const room = /^\/room\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (room === undefined) return undefined;
  const fresh = new URLSearchParams(location.hash.slice(1)).get("t");
  if (fresh) {
    if (fresh !== keep.getItem(tokenKey(room))) keep.removeItem(resumeKey(room));
    keep.setItem(tokenKey(room), fresh);
    history.replaceState(null, "", location.pathname + location.search);
  }
  const token = fresh ?? keep.getItem(tokenKey(room));
  const named = decodeURIComponent(room);
  return token ? { room: named, token, siteName: siteName(token) } : { room: named, siteName: "" };
}

/** The resume secret that an earlier join of this tab left. */
export const resumeOf = (room: string, keep: Keep): string | undefined =>
  keep.getItem(resumeKey(encodeURIComponent(room))) ?? undefined;

export function keepResume(room: string, secret: string | undefined, keep: Keep): void {
  const key = resumeKey(encodeURIComponent(room));
  if (secret === undefined) keep.removeItem(key);
  else keep.setItem(key, secret);
}

/** The `name` claim of a JWT, unverified. */
export function siteName(token: string): string {
  try {
    const payload = token.split(".")[1] ?? "";
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null || !("name" in claims)) return "";
    return typeof claims.name === "string" ? claims.name : "";
  } catch {
    return "";
  }
}
