/**
 * A list of sites as a file: `site,name,role,label,profile`, as `telepresence room create --sites` takes it.
 *
 * What a spreadsheet saves is read: commas, semicolons or tabs, quotes, a byte order mark, with or without a line of
 * headings. A line that can't be read is told by its number; nothing of it is guessed.
 */
import type { Profile, Role } from "../protocol.gen.ts";
import type { Row } from "./draft.ts";

export interface CsvFault {
  /** Counted from 1, as a spreadsheet does. */
  readonly line: number;
  readonly what: "name" | "role" | "profile";
  readonly value: string;
}

export interface Sites {
  readonly rows: readonly Row[];
  readonly faults: readonly CsvFault[];
}

type Column = "site" | "name" | "role" | "label" | "profile";

const COLUMNS: readonly Column[] = ["site", "name", "role", "label", "profile"];

const ROLES: ReadonlySet<string> = new Set<Role>([
  "organiser",
  "chair",
  "member",
  "guest",
  "presenter",
  "moderator",
  "audience",
  "encoder",
  "recorder",
]);

const PROFILES: ReadonlySet<string> = new Set<Profile>([
  "talk",
  "consult",
  "ultrasound",
  "surgery",
  "still",
  "stethoscope",
  "screen",
]);

export function sitesIn(text: string): Sites {
  const lines = cellsOf(text.replace(/^\uFEFF/, ""));
  const headings = headingsOf(lines[0] ?? []);
  const columns = headings ?? COLUMNS;
  const read = lines.map((cells, index) => ({ cells, line: index + 1 })).slice(headings ? 1 : 0);
  const sites = read.filter(({ cells }) => cells.some((cell) => cell !== ""));
  const rows = sites.map(({ cells, line }) => rowOf(cells, line, columns));
  return {
    rows: rows.flatMap(({ row }) => row ?? []),
    faults: rows.flatMap(({ fault }) => fault ?? []),
  };
}

/** The columns that the first line names; undefined when it is a site already. */
function headingsOf(cells: readonly string[]): readonly (Column | undefined)[] | undefined {
  const names = cells.map((cell) => COLUMNS.find((column) => column === cell.toLowerCase()));
  return names.includes("name") && names.includes("site") ? names : undefined;
}

function rowOf(
  cells: readonly string[],
  line: number,
  columns: readonly (Column | undefined)[],
): { row?: Row; fault?: CsvFault } {
  const cell = (column: Column) => cells[columns.indexOf(column)] ?? "";
  const [role, profile] = [cell("role").toLowerCase() || "member", cell("profile").toLowerCase()];
  if (cell("name") === "") return { fault: { line, what: "name", value: "" } };
  if (!ROLES.has(role)) return { fault: { line, what: "role", value: cell("role") } };
  if (profile && !PROFILES.has(profile)) return { fault: { line, what: "profile", value: cell("profile") } };
  return {
    row: {
      name: cell("name"),
      site: cell("site"),
      siteTyped: cell("site") !== "",
      role: role as Role,
      ...(cell("label") && { label: cell("label") }),
      ...(profile && { profile: profile as Profile }),
    },
  };
}

/** Which one a spreadsheet writes depends on the country. Source: src/telepresence/cli/sites.py, which reads alike. */
const SEPARATORS = [",", ";", "\t"];

/** The most frequent one of the first line that is not empty. */
function separatorOf(text: string): string {
  const first = text.trimStart().split("\n", 1)[0] ?? "";
  const count = (separator: string) => first.split(separator).length;
  return SEPARATORS.reduce((best, other) => (count(other) > count(best) ? other : best));
}

/** A file as text: UTF-8, else what Excel saves on a Chinese Windows; it holds GBK and GB2312. */
export function textOf(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

/** Lines of cells, after RFC 4180. */
function cellsOf(text: string): string[][] {
  const separator = separatorOf(text);
  const lines: string[][] = [[]];
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}\\r\\n]*)(${separator}|\\r?\\n|$)`, "gy");
  for (const [, raw = "", end = ""] of text.matchAll(cell)) {
    lines.at(-1)?.push(unquoted(raw));
    if (end.endsWith("\n")) lines.push([]);
    else if (end === "") break;
  }
  return lines;
}

const unquoted = (raw: string): string =>
  (/^\s*".*"\s*$/s.test(raw) ? raw.trim().slice(1, -1).replaceAll('""', '"') : raw).trim();
