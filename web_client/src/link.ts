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
  /** An audience's page sends nothing, so it asks for no camera and no microphone. */
  readonly watchesOnly: boolean;
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
  const named = decoded(room);
  if (!token || named === undefined) return { room: named ?? room, siteName: "", watchesOnly: false };
  const { name, role } = claimsOf(token);
  return { room: named, token, siteName: name, watchesOnly: role === "audience" };
}

/** Undefined for what no address of ours can be, such as a cut `%E0`. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The resume secret that an earlier join of this tab left. */
export const resumeOf = (room: string, keep: Keep): string | undefined =>
  keep.getItem(resumeKey(encodeURIComponent(room))) ?? undefined;

export function keepResume(room: string, secret: string | undefined, keep: Keep): void {
  const key = resumeKey(encodeURIComponent(room));
  if (secret === undefined) keep.removeItem(key);
  else keep.setItem(key, secret);
}

/** The claims of a JWT that are shown, unverified; empty where they cannot be read. */
export function claimsOf(token: string): { readonly name: string; readonly role: string } {
  const claims = payloadOf(token);
  const text = (claim: string): string => (typeof claims[claim] === "string" ? claims[claim] : "");
  return { name: text("name"), role: text("role") };
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const binary = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}
