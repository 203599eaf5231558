/**
 * The layers in which a picture is sent: how many, how large, at what rate.
 *
 * up.ts offers three rids before there is a camera, and sets them by this once its size is known. Pure.
 */
import type { Profile } from "../protocol.gen.ts";

export type { Profile } from "../protocol.gen.ts";

/** What a camera is for while nobody said. */
export const PROFILE: Profile = "consult";

/**
 * Lowest first. The browser drops the *last listed* rid of a capture that is too small for all, so with fewer layers the
 * full size is in an earlier one, and the last is switched off. Source: Chromium's limit of layers by size.
 */
export const RIDS = ["q", "h", "f"] as const;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Layer {
  readonly rid: (typeof RIDS)[number];
  readonly active: boolean;
  readonly scaleResolutionDownBy: number;
  readonly maxBitrate: number;
}

type Rung = Omit<Layer, "rid" | "active">;

/** Pictures from here on get so many layers. Below them there is one. */
const LADDER = [
  { layers: 3, long: 960, short: 540 },
  { layers: 2, long: 640, short: 360 },
];

/** Good VP8 at 30 frames a second by the picture's short side, bit/s: 150, 500 and 1200 kbit/s are a 720p ladder. */
const RATES = [
  { short: 1080, bps: 2_500_000 },
  { short: 720, bps: 1_200_000 },
  { short: 540, bps: 900_000 },
  { short: 360, bps: 500_000 },
  { short: 270, bps: 300_000 },
  { short: 0, bps: 150_000 },
];

/** A moving diagnosis is sent at its full size or not at all: two rates, neither below its floor. Source: domain.md. */
const WHOLE_BPS = { lower: 1_000_000, upper: 1_600_000 };

/** Below this short side the lower of two rates comes out at three quarters of what was asked. Measured in Chromium. */
const SHORTED_BELOW = 720;
const SHORTED = 1.333;

/** The picture of a moving diagnosis for lists and strips, by this much smaller. */
const THUMBNAIL = 4;

const MOVING: readonly Profile[] = ["ultrasound", "surgery"];

/** The layers of a picture, of each rid one. A camera that does not tell its size is taken for a small one. */
export function layersOf({ width, height }: Size, profile: Profile = PROFILE): Layer[] {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const count = LADDER.find((step) => long >= step.long && short >= step.short)?.layers ?? 1;
  const rungs = MOVING.includes(profile) ? wholeRungs(count, short) : halvedRungs(count, short);
  const idle: Rung = { scaleResolutionDownBy: 1, maxBitrate: rateOf(short) };
  return RIDS.map((rid, index) => ({ rid, active: index < rungs.length, ...(rungs[index] ?? idle) }));
}

/** Each a half of the next one's sides. */
function halvedRungs(count: number, short: number): Rung[] {
  return Array.from({ length: count }, (_, index) => {
    const scaleResolutionDownBy = 2 ** (count - 1 - index);
    return { scaleResolutionDownBy, maxBitrate: rateOf(short / scaleResolutionDownBy) };
  });
}

/** Both rates at full size; a picture that is large enough for a third layer has a small one before them. */
function wholeRungs(count: number, short: number): Rung[] {
  const factor = short < SHORTED_BELOW ? SHORTED : 1;
  const upper = { scaleResolutionDownBy: 1, maxBitrate: WHOLE_BPS.upper };
  if (count === 1) return [upper];
  const lower = { scaleResolutionDownBy: 1, maxBitrate: Math.round(WHOLE_BPS.lower * factor) };
  if (count === 2) return [lower, upper];
  return [{ scaleResolutionDownBy: THUMBNAIL, maxBitrate: rateOf(short / THUMBNAIL) }, lower, upper];
}

const rateOf = (short: number): number => RATES.find((step) => short >= step.short)?.bps ?? 0;

/**
 * Temporal layers let a picture be thinned; pictures that a diagnosis rests on keep all their frames.
 * VP8 simulcast is L1T3 in Chromium unless L1T1 is asked for.
 */
export const scalabilityOf = (profile: Profile): string => (MOVING.includes(profile) ? "L1T1" : "L1T3");

/** What the encoder keeps when it must choose, as MediaStreamTrack.contentHint. Empty leaves it to the browser. */
export function hintOf(profile: Profile): "motion" | "detail" | "" {
  if (MOVING.includes(profile)) return "motion";
  return profile === "still" || profile === "screen" ? "detail" : "";
}
