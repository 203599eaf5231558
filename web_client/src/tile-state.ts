/**
 * What a tile says of itself. A tile never lies: every state has a word.
 *
 * Before this module are the room (session/places.ts) and the measurements (media/statistics.ts); after it, tp-tile.
 */
import type { Shortfall } from "./layout/floors.ts";
import type { SlotStatistics } from "./media/statistics.ts";
import type { SourceName } from "./protocol.gen.ts";
import type { Place } from "./session/places.ts";

/**
 * `watching`: the site sends nothing. `waiting`: no slot is free for it. `paused`: the server holds the picture back,
 * because this site's link does not carry it. `away`: its socket is lost and may come back. `frozen`: no new picture
 * since `FROZEN_MS`.
 */
export type TileState =
  "connecting" | "live" | "camera-off" | "watching" | "waiting" | "paused" | "frozen" | "away";

export interface Shown {
  readonly state: TileState;
  /** Seconds since the last new picture; 0 while pictures come. */
  readonly stillFor: number;
  /** The video shows this source; else it is covered, for its last picture may be another site's. */
  readonly pictured: boolean;
  readonly muted: boolean;
  readonly speaking: boolean;
  /** How loud, 0 to 1, where there is no picture to see it by; undefined where it is not known. */
  readonly level?: number | undefined;
  /** A diagnostic picture that is less than its profile needs. */
  readonly shortfall?: Shortfall | undefined;
  /** `records`: this site records the meeting. `recorded`: another does. */
  readonly recording?: "records" | "recorded" | undefined;
}

/** What is known beside the place itself. */
export interface Known {
  readonly statistics?: SlotStatistics | undefined;
  readonly now: number;
  readonly speaker?: SourceName | undefined;
  /** Slots whose picture the own link does not carry. */
  readonly paused?: readonly number[] | undefined;
  readonly shortfall?: Shortfall | undefined;
  /** Somebody in the room records. */
  readonly recorded?: boolean;
  /** Of the own microphone. */
  readonly ownLevel?: number;
}

/** A static screen repeats a frame about once a second, so a shorter stillness says nothing. Source: interop.md. */
const FROZEN_MS = 3_000;

export function shownOf(place: Place, known: Known): Shown {
  const { statistics, now, speaker, shortfall, recorded } = known;
  const muted = place.source?.audio?.muted ?? true;
  const still = place.own ? 0 : now - (statistics?.lastFrameAt ?? now);
  const frozen = still >= FROZEN_MS;
  const state = stateOf(place, known, frozen);
  return {
    state,
    pictured: isPictured(state, place, statistics),
    stillFor: frozen ? Math.floor(still / 1000) : 0,
    muted,
    speaking: !muted && isSpeaker(place, speaker),
    level: muted ? 0 : place.own ? known.ownLevel : statistics?.level,
    shortfall: state === "live" ? shortfall : undefined,
    recording: place.member.recording ? "records" : recorded && place.source ? "recorded" : undefined,
  };
}

/** The server says who speaks, so that all sites mark the same one. */
const isSpeaker = ({ member, source }: Place, speaker: SourceName | undefined): boolean =>
  speaker !== undefined && source?.id === speaker.source && member.participant === speaker.participant;

/** A picture that stands still is shown, dimmed, as long as it is of this source. */
function isPictured(state: TileState, place: Place, statistics: SlotStatistics | undefined): boolean {
  if (state === "live" || state === "frozen") return true;
  if (state !== "away" && state !== "paused") return false;
  return statistics?.lastFrameAt !== undefined && place.source?.video?.muted === false;
}

function stateOf(place: Place, { statistics, paused }: Known, frozen: boolean): TileState {
  const { member, source, own } = place;
  if (member.presence === "away" && !own) return "away";
  if (!source) return "watching";
  if (!source.video || source.video.muted) return "camera-off";
  if (own) return "live";
  if (place.slot === undefined) return "waiting";
  if (paused?.includes(place.slot)) return "paused";
  if (statistics?.lastFrameAt === undefined) return "connecting";
  return frozen ? "frozen" : "live";
}
