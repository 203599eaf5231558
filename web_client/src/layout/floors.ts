/**
 * Whether a picture that a diagnosis may rest on is below its floor.
 *
 * Pure: before it are the measurements (media/statistics.ts), after it the tile's amber frame. A floor is a figure of
 * the literature and no validation.
 */
import type { SlotStatistics } from "../media/statistics.ts";
import type { Profile } from "../protocol.gen.ts";
import type { Place } from "../session/places.ts";

interface Floor {
  /** Pictures a second. */
  readonly fps: number;
  /** Longer and shorter side, px. */
  readonly sides: readonly [number, number];
}

/** Source: domain.md, "What to protect": ultrasound ≥ 25 fps and ≥ 640×480, surgery ≥ 25 fps, a still ≥ 1 fps. */
const FLOORS: Partial<Readonly<Record<Profile, Floor>>> = {
  ultrasound: { fps: 25, sides: [640, 480] },
  surgery: { fps: 25, sides: [0, 0] },
  still: { fps: 1, sides: [0, 0] },
};

/** A picture or two a second is what rounding and the window of the measurement make of a steady rate. */
const TOLERANCE_FPS = 1;

/** Shorter and it is a picture that begins or a key frame on its way, ms. */
const LASTS_MS = 3_000;

export type Shortfall = "rate" | "size";

/** Since when each place falls short, and of what. */
export type Shortfalls = ReadonlyMap<string, { readonly of: Shortfall; readonly since: number }>;

export function shortfallOf(
  profile: Profile,
  measured: Pick<SlotStatistics, "width" | "height" | "fps">,
): Shortfall | undefined {
  const floor = FLOORS[profile];
  if (!floor || measured.width === 0) return undefined;
  const [longer, shorter] = [
    Math.max(measured.width, measured.height),
    Math.min(measured.width, measured.height),
  ];
  if (longer < floor.sides[0] || shorter < floor.sides[1]) return "size";
  // A still is repeated about once a second, and told as frozen when it is not.
  return floor.fps > 1 && measured.fps + TOLERANCE_FPS < floor.fps ? "rate" : undefined;
}

export function shortfallsAfter(
  before: Shortfalls,
  places: readonly Place[],
  slots: ReadonlyMap<number, SlotStatistics>,
  now: number,
): Shortfalls {
  const next = new Map<string, { of: Shortfall; since: number }>();
  for (const { key, source, slot } of places) {
    const measured = slot === undefined ? undefined : slots.get(slot);
    const of = source && measured && shortfallOf(source.profile, measured);
    if (of) next.set(key, { of, since: before.get(key)?.since ?? now });
  }
  return next;
}

/** What is said of a place: nothing until it lasts. */
export function lasting(shortfalls: Shortfalls, key: string, now: number): Shortfall | undefined {
  const found = shortfalls.get(key);
  return found && now - found.since >= LASTS_MS ? found.of : undefined;
}
