/**
 * The layers in which a picture is sent: how many, how large, at what rate.
 *
 * up.ts offers three rids before there is a camera, and sets them by this once its size is known. Pure.
 */
import type { TrackOffer } from "../protocol.gen.ts";

export type Profile = NonNullable<TrackOffer["profile"]>;

/** What this page's camera is for. */
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

/** Pictures from here on get so many layers, each a half of the next one's sides. Below them there is one. */
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

/** The layers of a camera's picture, of each rid one. A camera that does not tell its size is taken for a small one. */
export function layersOf({ width, height }: Size): Layer[] {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const count = LADDER.find((step) => long >= step.long && short >= step.short)?.layers ?? 1;
  return RIDS.map((rid, index) => {
    const active = index < count;
    const scaleResolutionDownBy = active ? 2 ** (count - 1 - index) : 1;
    return { rid, active, scaleResolutionDownBy, maxBitrate: rateOf(short / scaleResolutionDownBy) };
  });
}

const rateOf = (short: number): number => RATES.find((step) => short >= step.short)?.bps ?? 0;

/**
 * Temporal layers let a picture be thinned; pictures that a diagnosis rests on keep all their frames.
 * VP8 simulcast is L1T3 in Chromium unless L1T1 is asked for.
 */
export const scalabilityOf = (profile: Profile): string =>
  profile === "ultrasound" || profile === "surgery" ? "L1T1" : "L1T3";
