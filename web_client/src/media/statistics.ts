/**
 * What each slot shows, measured from decoded frames.
 *
 * Pure: from two reports of RTCPeerConnection.getStats and the time to the numbers that a tile states. The browser
 * has no word for "frozen": a slot that stopped, or was emptied, only decodes no more.
 */
import { slotOf } from "./down.ts";
import { perceived } from "./level.ts";

export interface SlotStatistics {
  readonly width: number;
  readonly height: number;
  /** Frames decoded a second, over `WINDOW_MS`. */
  readonly fps: number;
  /** When the last frame was seen to be decoded, ms; undefined before the first. */
  readonly lastFrameAt?: number;
  /** How loud its voice is, 0 to 1; absent without one. */
  readonly level?: number;
}

/** What this site sends, as its encoder counts it. */
export type Sent = Pick<SlotStatistics, "width" | "height" | "fps">;

export interface Measured {
  readonly slots: ReadonlyMap<number, SlotStatistics>;
  readonly history: ReadonlyMap<number, readonly Count[]>;
  /** Slots that a source has left, and until when its frames may still be decoded, ms. */
  readonly settling: ReadonlyMap<number, number>;
}

interface Count {
  readonly at: number;
  readonly frames: number;
}

/** The frame rate is taken over this long, ms: shorter and 25 fps reads as 24 and 26 in turns. */
const WINDOW_MS = 2_000;

/**
 * How long after a source left a slot its frames may still be decoded, ms: the word comes by the socket, the picture by
 * another way and through the browser's buffer, which holds half a second on a bad link.
 */
export const SETTLE_MS = 1_000;

/** The fields of RTCInboundRtpStreamStats and RTCOutboundRtpStreamStats that are used here. */
export interface RtpStatistics {
  readonly type: string;
  readonly kind?: string;
  readonly mid?: string;
  readonly framesDecoded?: number;
  readonly frameWidth?: number;
  readonly frameHeight?: number;
  readonly framesPerSecond?: number;
  /** 0 to 1, linear. */
  readonly audioLevel?: number;
}

export const nothingMeasured: Measured = { slots: new Map(), history: new Map(), settling: new Map() };

export function measure(before: Measured, report: Iterable<RtpStatistics>, now: number): Measured {
  const slots = new Map<number, SlotStatistics>();
  const history = new Map<number, readonly Count[]>();
  const settling = new Map(before.settling);
  const levels = new Map<number, number>();
  for (const stream of report) {
    const index = stream.type === "inbound-rtp" ? slotOf(stream.mid) : undefined;
    if (index === undefined) continue;
    if (stream.kind === "audio") {
      levels.set(index, perceived(stream.audioLevel ?? 0));
      continue;
    }
    const count = { at: now, frames: stream.framesDecoded ?? 0 };
    const settles = before.settling.get(index);
    if (settles !== undefined) {
      history.set(index, [count]);
      if (now >= settles) settling.delete(index);
      slots.set(index, { width: 0, height: 0, fps: 0 });
      continue;
    }
    const counts = counted(before.history.get(index) ?? [], count);
    history.set(index, counts);
    slots.set(index, picture(stream, counts, before.slots.get(index), now));
  }
  return { slots: withLevels(slots, levels), history, settling };
}

function withLevels(
  slots: ReadonlyMap<number, SlotStatistics>,
  levels: ReadonlyMap<number, number>,
): ReadonlyMap<number, SlotStatistics> {
  return new Map(
    [...slots].map(([index, slot]) => {
      const level = levels.get(index);
      return [index, level === undefined ? slot : { ...slot, level }];
    }),
  );
}

/** The counts within the window, and always the one before the latest: a page that was hidden counted none. */
function counted(before: readonly Count[], latest: Count): readonly Count[] {
  const fresh = before.filter(
    (count, index) => index === before.length - 1 || latest.at - count.at <= WINDOW_MS,
  );
  return [...fresh, latest];
}

function picture(
  stream: RtpStatistics,
  counts: readonly Count[],
  before: SlotStatistics | undefined,
  now: number,
): SlotStatistics {
  const [oldest, previous, latest] = [counts[0], counts.at(-2), counts.at(-1)];
  const frames = latest?.frames ?? 0;
  const moved = frames > (previous?.frames ?? 0);
  const lastFrameAt = moved ? now : before?.lastFrameAt;
  const seconds = oldest && latest ? (latest.at - oldest.at) / 1000 : 0;
  return {
    width: stream.frameWidth ?? 0,
    height: stream.frameHeight ?? 0,
    fps: seconds > 0 ? Math.round((frames - (oldest?.frames ?? 0)) / seconds) : 0,
    ...(lastFrameAt !== undefined && { lastFrameAt }),
  };
}

/** The largest picture that leaves this site, of its layers; undefined while none does. */
export function measureSent(report: Iterable<RtpStatistics>): Sent | undefined {
  let largest: Sent | undefined;
  for (const { type, kind, frameWidth, frameHeight, framesPerSecond } of report) {
    if (type !== "outbound-rtp" || kind !== "video" || !frameWidth || !frameHeight) continue;
    if (!framesPerSecond || frameWidth <= (largest?.width ?? 0)) continue;
    largest = { width: frameWidth, height: frameHeight, fps: Math.round(framesPerSecond) };
  }
  return largest;
}

/**
 * What was measured of slots that their source left says nothing of the next one: the first reading from `SETTLE_MS`
 * on is the new baseline, and only frames after it are the next one's.
 */
export function forget(measured: Measured, left: Iterable<number>, now: number): Measured {
  const [slots, settling] = [new Map(measured.slots), new Map(measured.settling)];
  for (const index of left) {
    slots.delete(index);
    settling.set(index, now + SETTLE_MS);
  }
  return { ...measured, slots, settling };
}
