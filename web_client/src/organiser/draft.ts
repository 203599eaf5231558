/**
 * The form of a new room: what was typed, what is wrong with it, and the draft that the server gets.
 *
 * Pure; before it is the form on the start page, after it api.ts. The server checks everything again.
 */
import type { Profile, Role, RoomKind } from "../protocol.gen.ts";
import type { RoomDraft, SiteDraft } from "./api.ts";

export interface Row {
  readonly name: string;
  /** Follows the name until somebody types one. */
  readonly site: string;
  readonly siteTyped: boolean;
  readonly role: Role;
  readonly label?: string;
  readonly profile?: Profile;
}

/** `starts` and `ends` are as `<input type="datetime-local">` has them: this device's clock, to the minute. */
export interface Form {
  readonly kind: RoomKind;
  readonly title: string;
  readonly starts: string;
  readonly ends: string;
  readonly waitingRoom: boolean;
  readonly h264: boolean;
  readonly rows: readonly Row[];
}

/** What is wrong, by field: `title`, `starts`, `ends`, `sites`, or `sites.2.name`. */
export type Faults = Readonly<Record<string, Fault>>;

export type Fault =
  | "missing"
  | "too-long"
  | "id-plain"
  | "id-twice"
  | "time"
  | "ends-before"
  | "ended"
  | "long"
  | "far"
  | "no-sites"
  | { readonly server: string };

/** Roles that an invitation may carry, the usual ones first. */
export const ROLES: Readonly<Record<RoomKind, readonly Role[]>> = {
  consultation: ["chair", "member", "guest", "encoder", "recorder"],
  broadcast: ["presenter", "moderator", "member", "audience", "encoder", "recorder"],
};

/** Characters of a title and of a name. Source: the server's tokens carry both. */
const LONGEST = 80;

/** An id stands in addresses and tokens. Source: the server's own rule, src/telepresence/ids.py. */
const PLAIN_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
/** Longest meeting, and how far ahead. Source: the API, src/telepresence/api/invitations.py. */
const LONGEST_S = 7 * DAY_S;
const AHEAD_S = 366 * DAY_S;
/** How long a meeting is planned for unless it is said. Source: the API's own default. */
const USUAL_MS = 2 * HOUR_MS;

export const emptyRow = (role: Role): Row => ({ name: "", site: "", siteTyped: false, role });

/** A form for a meeting that begins now: the inviting and one invited hospital. */
export function newForm(now: Date): Form {
  const begin = new Date(Math.floor(now.getTime() / 300_000) * 300_000);
  return {
    kind: "consultation",
    title: "",
    starts: localTime(begin),
    ends: localTime(new Date(begin.getTime() + USUAL_MS)),
    waitingRoom: false,
    h264: true,
    rows: [emptyRow("chair"), emptyRow("member")],
  };
}

/** As `<input type="datetime-local">` writes it. */
export function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

const secondsOf = (local: string): number => Math.floor(new Date(local).getTime() / 1000);

/** Another kind of room: who leads and who watches change their roles with it. */
export function ofKind(form: Form, kind: RoomKind): Form {
  const lead = { consultation: "chair", broadcast: "presenter" } as const;
  const fits = (role: Role): Role => {
    if (ROLES[kind].includes(role)) return role;
    return role === "chair" || role === "presenter" || role === "moderator" ? lead[kind] : "member";
  };
  return { ...form, kind, rows: form.rows.map((row) => ({ ...row, role: fits(row.role) })) };
}

export function withRow(form: Form, index: number, part: Partial<Row>): Form {
  const rows = form.rows.map((row, at) => (at === index ? { ...row, ...part } : row));
  return { ...form, rows: named(rows) };
}

/** Rows of a file come after what was typed; empty rows make way. */
export function withRows(form: Form, more: readonly Row[]): Form {
  const typed = form.rows.filter((row) => row.name.trim() !== "" || row.siteTyped);
  return { ...form, rows: named([...typed, ...more]) };
}

export function withoutRow(form: Form, index: number): Form {
  return { ...form, rows: form.rows.filter((_, at) => at !== index) };
}

/** Ids that nobody typed follow the names: the Latin part of it, else the number of the row. */
function named(rows: readonly Row[]): Row[] {
  const taken = new Set(rows.filter((row) => row.siteTyped).map((row) => row.site));
  return rows.map((row, index) => {
    if (row.siteTyped) return row;
    const site = row.name.trim() === "" ? "" : free(idOf(row.name) || `site-${index + 1}`, taken);
    taken.add(site);
    return { ...row, site };
  });
}

function idOf(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase();
  return plain
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
}

function free(id: string, taken: ReadonlySet<string>): string {
  let [candidate, number] = [id, 2];
  while (taken.has(candidate)) candidate = `${id}-${number++}`;
  return candidate;
}

export function faultsOf(form: Form, now: Date): Faults {
  const [starts, ends] = [secondsOf(form.starts), secondsOf(form.ends)];
  const faults: Record<string, Fault | undefined> = {
    title: textFault(form.title),
    starts: Number.isNaN(starts) ? "time" : startFault(starts, now),
    ends: Number.isNaN(ends) ? "time" : endFault(starts, ends, now),
    sites: filled(form).length === 0 ? "no-sites" : undefined,
  };
  for (const [index, row] of form.rows.entries()) {
    if (isEmpty(row)) continue;
    faults[`sites.${index}.name`] = textFault(row.name);
    faults[`sites.${index}.site`] = idFault(row, form.rows);
  }
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined)) as Faults;
}

function textFault(text: string): Fault | undefined {
  if (text.trim() === "") return "missing";
  return text.trim().length > LONGEST ? "too-long" : undefined;
}

const startFault = (starts: number, now: Date): Fault | undefined =>
  starts - now.getTime() / 1000 > AHEAD_S ? "far" : undefined;

function endFault(starts: number, ends: number, now: Date): Fault | undefined {
  if (ends <= starts) return "ends-before";
  if (ends - starts > LONGEST_S) return "long";
  return ends * 1000 <= now.getTime() ? "ended" : undefined;
}

/** A site may come as itself and by its encoders, each of which has a label of its own. */
function idFault({ site, role, label = "" }: Row, rows: readonly Row[]): Fault | undefined {
  if (!PLAIN_ID.test(site)) return "id-plain";
  const same = rows.filter((row) => row.site === site && row.role === role && (row.label ?? "") === label);
  return same.length > 1 ? "id-twice" : undefined;
}

const isEmpty = (row: Row): boolean => row.name.trim() === "" && row.site === "";

const filled = (form: Form): readonly Row[] => form.rows.filter((row) => !isEmpty(row));

/** The draft of a form without faults. */
export function draftOf(form: Form): RoomDraft {
  return {
    kind: form.kind,
    title: form.title.trim(),
    startsAt: secondsOf(form.starts),
    endsAt: secondsOf(form.ends),
    waitingRoom: form.waitingRoom,
    h264: form.h264,
    sites: filled(form).map(siteOf),
  };
}

function siteOf({ site, name, role, label, profile }: Row): SiteDraft {
  return { site, name: name.trim(), role, ...(label && { label }), ...(profile && { profile }) };
}

/** Where on the form a refusal of the server belongs; its rows are those that are filled. Empty: above the button. */
export function faultOfServer(form: Form, field: string | undefined, message: string): Faults {
  const names: Readonly<Record<string, string>> = { startsAt: "starts", endsAt: "ends", title: "title" };
  const site = /^sites[.[](\d+)\]?\.(\w+)$/.exec(field ?? "");
  const row = site && filled(form)[Number(site[1])];
  const key = row
    ? `sites.${form.rows.indexOf(row)}.${site[2]}`
    : field === "sites"
      ? "sites"
      : names[field ?? ""];
  return { [key ?? ""]: { server: message } };
}
