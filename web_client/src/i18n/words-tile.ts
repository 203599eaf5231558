/** A tile's words for its states: what is, why, and what comes of it. */
import { msg, str } from "@lit/localize";
import type { Shortfall } from "../layout/floors.ts";
import type { Shown } from "../tile-state.ts";

export function stateWords(shown: Shown): string {
  switch (shown.state) {
    case "live":
      return "";
    case "connecting":
      return msg("Connecting…");
    case "camera-off":
      return msg("Camera off");
    case "watching":
      return msg("Watching and listening");
    case "waiting":
      return msg("No free place for this picture");
    case "paused":
      return msg("Paused by your link");
    case "frozen":
      return msg(str`Picture frozen for ${shown.stillFor} s`);
    case "away":
      return msg("Away: reconnecting…");
  }
}

/** Why it is so, in one sentence, where the tile has room for it; empty where the state says all. */
export function reasonWords(shown: Shown): string {
  switch (shown.state) {
    case "paused":
      return msg("Your link does not carry all pictures now. The voice goes on, and the picture comes back by itself.");
    case "waiting":
      return msg("More pictures are sent than this device takes. The voice is heard.");
    default:
      return "";
  }
}

export const shortfallWords = (of: Shortfall): string =>
  of === "rate"
    ? msg("Too few pictures a second for a diagnosis")
    : msg("Picture too small for a diagnosis");
