/** Words of the panel of sites. */
import { msg } from "@lit/localize";
import type { Reach, Source } from "../protocol.gen.ts";
import { profileWords } from "./words-rooms.ts";
import { sourceLabel } from "./words.ts";

/** Whether a site that is not here would get pictures and sound. */
export function reachWords(reach: Reach): string {
  switch (reach) {
    case "connected":
      return msg("Was here");
    case "passed":
      return msg("Network tested: gets through");
    case "failed":
      return msg("Network tested: does not get through");
    case "untested":
      return msg("Has not opened the link yet");
  }
}

/** What a source shows, for a list: its name, and its purpose where that is another word. */
export function sourceWords(source: Source): string {
  const [label, profile] = [sourceLabel(source), profileWords(source.profile)];
  return source.profile === "consult" || label === profile ? label : `${label} · ${profile}`;
}
