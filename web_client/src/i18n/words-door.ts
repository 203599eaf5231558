/** What the door says: what a source is for, and whether media would get through. */
import { msg, str } from "@lit/localize";
import type { ErrorCode, Profile } from "../protocol.gen.ts";
import type { Extra } from "../media/extras.ts";
import type { Finding } from "../session/probe.ts";
import { blockedAdvice, refusalWords, type Words } from "./words.ts";
import { profileWords } from "./words-rooms.ts";

/** What a camera may be for, the usual one first. */
export const CAMERA_PROFILES: readonly Profile[] = ["consult", "talk", "ultrasound", "surgery", "still"];

export const SOUND_PROFILES: readonly Profile[] = ["stethoscope", "consult"];

export const profileOptions = (profiles: readonly Profile[]): { value: Profile; label: string }[] =>
  profiles.map((value) => ({ value, label: profileWords(value) }));

export function extraWords({ what, label }: Pick<Extra, "what" | "label">): string {
  if (label !== "") return label;
  if (what === "screen") return msg("Your screen");
  return what === "sound" ? msg("Sound device") : msg("Further camera");
}

/** Refusals of the test that say nothing of the link: it may be used all the same. */
const BUSY: readonly ErrorCode[] = ["too-many", "server-full", "join-timeout"];

/** The link opens no door, so Join would be in vain. */
export const isLinkRefused = (finding: Finding | undefined): boolean =>
  finding?.state === "refused" && !BUSY.includes(finding.code);

export function findingWords(finding: Finding): Words {
  switch (finding.state) {
    case "running":
      return { title: msg("Testing the network…"), advice: "" };
    case "reached":
      return {
        title: msg("Pictures and sound get through"),
        advice: finding.rttMs === undefined ? "" : msg(str`${finding.rttMs} ms to the server and back`),
      };
    case "blocked":
      return {
        title: msg("Pictures and sound would not get through this network"),
        advice: blockedAdvice(finding.address),
      };
    case "unreachable":
      return {
        title: msg("The server does not answer"),
        advice: msg("Check the network cable or the WLAN, then test again."),
      };
    case "refused":
      return BUSY.includes(finding.code)
        ? {
            title: msg("The network could not be tested now"),
            advice: msg("Join all the same, or test again in a moment."),
          }
        : refusalWords(finding.code);
  }
}
