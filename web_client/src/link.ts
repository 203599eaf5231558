/**
 * The link that a hospital was sent: `/room/{room}#t={token}`.
 *
 * The first thing that a page does. The token leaves the address bar at once and lives in the tab's sessionStorage,
 * so that neither the history nor a copied address carries it. Its claims are read for display only: the server
 * alone decides whether they are true.
 */
import type { Profile, Role } from "./protocol.gen.ts";

export interface Link {
  readonly room: string;
  /** Absent when the page was opened without the part behind `#`. */
  readonly token?: string;
  /** Display name of the site, from the token; empty when it cannot be read. */
  readonly siteName: string;
  /** Id of the site; absent when it cannot be read. */
  readonly site?: string;
  /** The role that the link gives; the server may give another one in the meeting. */
  readonly role?: Role;
  /** What the link says of the site's camera; the person may change it at the door. */
  readonly label?: string;
  readonly profile?: Profile;
  /** An audience's page sends nothing, so it asks for no camera and no microphone. */
  readonly watchesOnly: boolean;
}

const ROLES: Record<Role, true> = {
  organiser: true,
  chair: true,
  moderator: true,
  presenter: true,
  member: true,
  guest: true,
  audience: true,
  recorder: true,
  encoder: true,
  admin: true,
};

const PROFILES: Record<Profile, true> = {
  talk: true,
  consult: true,
  ultrasound: true,
  surgery: true,
  screen: true,
  still: true,
  stethoscope: true,
};

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
  const { name, ...claims } = claimsOf(token);
  return { room: named, token, siteName: name, watchesOnly: claims.role === "audience", ...claims };
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

/** The claims of a JWT that are shown, unverified; those that cannot be read are left out. */
export function claimsOf(
  token: string,
): Pick<Link, "site" | "role" | "label" | "profile"> & { readonly name: string } {
  const claims = payloadOf(token);
  const text = (claim: string): string => (typeof claims[claim] === "string" ? claims[claim] : "");
  const oneOf = <T extends string>(claim: string, all: Record<T, true>): T | undefined =>
    Object.hasOwn(all, text(claim)) ? (text(claim) as T) : undefined;
  const [role, profile] = [oneOf("role", ROLES), oneOf("profile", PROFILES)];
  return {
    name: text("name"),
    ...(text("site") !== "" && { site: text("site") }),
    ...(role && { role }),
    ...(text("label") !== "" && { label: text("label") }),
    ...(profile && { profile }),
  };
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
