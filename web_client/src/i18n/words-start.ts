/** The start page's words for faults, refusals and the state of a room. */
import { msg, str } from "@lit/localize";
import type { OrganisedRoom } from "../organiser/api.ts";
import type { CsvFault } from "../organiser/csv.ts";
import type { Fault } from "../organiser/draft.ts";
import { language } from "./language.ts";

export function faultWords(fault: Fault): string {
  if (typeof fault === "object") return msg(str`The server does not take this: ${fault.server}`);
  switch (fault) {
    case "missing":
      return msg("Please fill this in.");
    case "too-long":
      return msg("At most 80 characters, please.");
    case "id-plain":
      return msg("Letters, digits, - _ and dots only, without a dot at the beginning.");
    case "id-twice":
      return msg("Another site has this id and role. One link serves all devices of a site.");
    case "time":
      return msg("Please choose a date and a time.");
    case "ends-before":
      return msg("The end must be after the start.");
    case "ended":
      return msg("This time has passed already.");
    case "long":
      return msg("At most seven days. Make a meeting for each part.");
    case "far":
      return msg("At most a year ahead.");
    case "no-sites":
      return msg("Name at least one site: it gets a link.");
  }
}

/** A refusal that belongs to no field. `code` stands beneath for the support desk. */
export function apiWords(code: string): string {
  switch (code) {
    case "unreachable":
      return msg("The server does not answer. Check the network, then try again.");
    case "token":
    case "token-expired":
    case "token-invalid":
    case "token-revoked":
      return msg("Your organiser's link is no longer valid. Ask the server's administrator for a new one.");
    case "forbidden":
      return msg("This link is not an organiser's, so it makes no rooms. Open the organiser's link.");
    case "server-full":
      return msg("The server has as many meetings as it takes. Try again once one has ended.");
    default:
      return msg("The server did not take it. Try again. If it happens again, tell the support desk the code below.");
  }
}

export function csvWords({ line, what, value }: CsvFault): string {
  switch (what) {
    case "name":
      return msg(str`Line ${line}: the name is missing.`);
    case "role":
      return msg(str`Line ${line}: there is no role “${value}”.`);
    case "profile":
      return msg(str`Line ${line}: there is no profile “${value}”.`);
  }
}

export function stateWords({ state, members, audience }: OrganisedRoom): string {
  switch (state) {
    case "open":
      return audience
        ? msg(str`Open · ${members ?? 0} inside, ${audience} in the audience`)
        : msg(str`Open · ${members ?? 0} inside`);
    case "ended":
      return msg("Ended");
    default:
      return msg("Planned");
  }
}

/** As `14:05`, or with its day when that is not today. */
export function timeWords(seconds: number, now: Date): string {
  const date = new Date(seconds * 1000);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const day = date.toDateString() === now.toDateString() ? {} : ({ month: "short", day: "numeric" } as const);
  return date.toLocaleString(language().tag, { ...day, ...time });
}
