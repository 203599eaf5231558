/**
 * What a tile says of itself. A tile never lies: every state has a word.
 *
 * Before this module are the room (session/places.ts) and the measurements (media/statistics.ts); after it, tp-tile.
 */
import type { SlotStatistics } from "./media/statistics.ts";
import type { SourceName } from "./protocol.gen.ts";
import type { Place } from "./session/places.ts";

/**
 * `watching`: the site sends nothing. `waiting`: no slot is free for it. `away`: its socket is lost and may come back.
 * `frozen`: no new picture since `FROZEN_MS`.
 */
export type TileState = "connecting" | "live" | "camera-off" | "watching" | "waiting" | "frozen" | "away";

export interface Shown {
  readonly state: TileState;
  /** Seconds since the last new picture; 0 while pictures come. */
  readonly stillFor: number;
  /** The video shows this source; else it is covered, for its last picture may be another site's. */
  readonly pictured: boolean;
  readonly muted: boolean;
  readonly speaking: boolean;
}

/** A static screen repeats a frame about once a second, so a shorter stillness says nothing. Source: interop.md. */
const FROZEN_MS = 3_000;

export function shownOf(
  place: Place,
  statistics: SlotStatistics | undefined,
  now: number,
  speaker: SourceName | undefined,
): Shown {
  const muted = place.source?.audio?.muted ?? true;
  const still = place.own ? 0 : now - (statistics?.lastFrameAt ?? now);
  const frozen = still >= FROZEN_MS;
  const state = stateOf(place, statistics, frozen);
  return {
    state,
    pictured: isPictured(state, place, statistics),
    stillFor: frozen ? Math.floor(still / 1000) : 0,
    muted,
    speaking: !muted && isSpeaker(place, speaker),
  };
}

/** The server says who speaks, so that all sites mark the same one. */
const isSpeaker = ({ member, source }: Place, speaker: SourceName | undefined): boolean =>
  speaker !== undefined && source?.id === speaker.source && member.participant === speaker.participant;

function isPictured(state: TileState, place: Place, statistics: SlotStatistics | undefined): boolean {
  if (state !== "away") return state === "live" || state === "frozen";
  return statistics?.lastFrameAt !== undefined && place.source?.video?.muted === false;
}

function stateOf(place: Place, statistics: SlotStatistics | undefined, frozen: boolean): TileState {
  const { member, source, own } = place;
  if (member.presence === "away" && !own) return "away";
  if (!source) return "watching";
  if (!source.video || source.video.muted) return "camera-off";
  if (own) return "live";
  if (place.slot === undefined) return "waiting";
  if (statistics?.lastFrameAt === undefined) return "connecting";
  return frozen ? "frozen" : "live";
}
