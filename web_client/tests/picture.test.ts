import { describe, expect, it } from "vitest";
import { layoutOf } from "../src/layout/fit.ts";
import { levelOf, perceived } from "../src/media/level.ts";
import {
  forget,
  measure,
  nothingMeasured,
  type RtpStatistics,
  type Measured,
} from "../src/media/statistics.ts";
import { shownOf, type TileState } from "../src/tile-state.ts";
import { leftSlots, type Place } from "../src/session/places.ts";
import { member, slot } from "./fake-server.ts";

const video = (mid: string, framesDecoded: number): RtpStatistics => ({
  type: "inbound-rtp",
  kind: "video",
  mid,
  framesDecoded,
  frameWidth: 1280,
  frameHeight: 720,
});

/** Slot 0 at 25 fps, read every half second from `from` to `to`. */
function play(before: Measured, from: number, to: number): Measured {
  let measured = before;
  for (let now = from; now <= to; now += 500) measured = measure(measured, [video("v0", now / 40)], now);
  return measured;
}

const [source] = member("bot", "Bot", "clip").sources;
const place = (part: Partial<Place> = {}): Place => ({
  key: "bot/clip",
  member: member("bot", "Bot", "clip"),
  own: false,
  slot: 0,
  ...(source && { source }),
  ...part,
});

describe("what a tile says", () => {
  it("states size and frame rate as they are decoded", () => {
    expect(play(nothingMeasured, 0, 4_000).slots.get(0)).toMatchObject({ width: 1280, height: 720, fps: 25 });
  });

  it("is connecting until a frame came, live while they come, frozen after 3 s without", () => {
    const state = (measured: Measured, now: number) =>
      shownOf(place(), { statistics: measured.slots.get(0), now });
    expect(state(measure(nothingMeasured, [video("v0", 0)], 0), 0).state).toBe("connecting");
    const playing = play(nothingMeasured, 0, 2_000);
    expect(state(playing, 2_000).state).toBe("live");
    const stopped = measure(playing, [video("v0", 50)], 5_900);
    expect(state(stopped, 4_900).state).toBe("live");
    expect(state(stopped, 6_200)).toMatchObject({ state: "frozen", stillFor: 4 });
  });

  it("is connecting while the old source's frames are still decoded in the slot that another took", () => {
    const state = (measured: Measured, now: number) =>
      shownOf(place(), { statistics: measured.slots.get(0), now });
    let moved = forget(play(nothingMeasured, 0, 2_000), [0], 2_100);
    expect(state(moved, 2_100)).toMatchObject({ state: "connecting", pictured: false });
    moved = measure(moved, [video("v0", 61)], 2_500);
    moved = measure(moved, [video("v0", 64)], 3_000);
    moved = measure(moved, [video("v0", 64)], 3_500);
    expect(state(measure(moved, [video("v0", 64)], 60_000), 60_000).state).toBe("connecting");
    const fresh = measure(moved, [video("v0", 65)], 4_000);
    expect(state(fresh, 4_000)).toMatchObject({ state: "live", pictured: true });
  });

  it("takes the first reading for the old source's when the page was hidden while the slot changed", () => {
    const moved = forget(play(nothingMeasured, 0, 2_000), [0], 2_100);
    const read = measure(moved, [video("v0", 90)], 9_000);
    expect(shownOf(place(), { statistics: read.slots.get(0), now: 9_000 }).state).toBe("connecting");
  });

  it("shows the first picture of a slot that nobody had at its first frame, without a wait", () => {
    const first = measure(nothingMeasured, [video("v0", 1)], 0);
    expect(shownOf(place(), { statistics: first.slots.get(0), now: 0 }).state).toBe("live");
  });

  it("knows which slots their source left", () => {
    const before = [slot(0, "a", "x"), slot(1, "b", "x"), slot(2, "c", "x")];
    expect(leftSlots(before, [slot(0, "a", "x"), slot(1, "c", "x"), slot(3, "d", "x")])).toEqual([1, 2]);
  });

  it("keeps an away site's last picture, and no other's", () => {
    const away = place({ member: { ...member("bot", "Bot", "clip"), presence: "away" } });
    const playing = play(nothingMeasured, 0, 2_000);
    expect(shownOf(away, { statistics: playing.slots.get(0), now: 2_000 }).pictured).toBe(true);
    const moved = measure(forget(playing, [0], 2_000), [video("v0", 51)], 2_500);
    expect(shownOf(away, { statistics: moved.slots.get(0), now: 2_500 })).toMatchObject({
      state: "away",
      pictured: false,
    });
  });

  it.each<[string, Partial<Place>, TileState]>([
    ["a site that sends nothing", { source: undefined } as unknown as Partial<Place>, "watching"],
    ["a voice alone", { source: { ...source, video: null } as never }, "camera-off"],
    ["a lost socket", { member: { ...member("bot", "Bot"), presence: "away" } }, "away"],
  ])("tells %s", (_, part, state) => {
    expect(shownOf(place(part), { now: 0 }).state).toBe(state);
  });

  it("is paused by the own link while the server says so, with its last picture", () => {
    const playing = play(nothingMeasured, 0, 2_000);
    const known = { statistics: playing.slots.get(0), now: 9_000, paused: [0] };
    expect(shownOf(place(), known)).toMatchObject({ state: "paused", pictured: true });
    expect(shownOf(place(), { ...known, paused: [1] }).state).toBe("frozen");
    expect(shownOf(place(), { now: 0, paused: [0] })).toMatchObject({ state: "paused", pictured: false });
  });

  it("is below its floor only while live, and tells who records", () => {
    const statistics = play(nothingMeasured, 0, 2_000).slots.get(0);
    expect(shownOf(place(), { statistics, now: 2_000, shortfall: "rate" }).shortfall).toBe("rate");
    expect(shownOf(place(), { statistics, now: 9_000, shortfall: "rate" }).shortfall).toBeUndefined();
    expect(shownOf(place(), { now: 0, recorded: true }).recording).toBe("recorded");
    const records = place({ member: { ...member("bot", "Bot", "clip"), recording: true } });
    expect(shownOf(records, { now: 0, recorded: true }).recording).toBe("records");
  });

  it("knows how loud a slot is", () => {
    const heard = measure(
      nothingMeasured,
      [video("v0", 1), { ...video("a0", 0), kind: "audio", audioLevel: 1 }],
      0,
    );
    expect(shownOf(place(), { statistics: heard.slots.get(0), now: 0 }).level).toBe(1);
  });

  it("waits where no slot is free", () => {
    const without = place();
    delete (without as { slot?: number }).slot;
    expect(shownOf(without, { now: 0 }).state).toBe("waiting");
  });

  it("marks the speaker that the server names, and never a muted one", () => {
    const speaker = { participant: "bot", source: source?.id ?? "" };
    expect(shownOf(place(), { now: 0, speaker }).speaking).toBe(true);
    expect(shownOf(place(), { now: 0, speaker: { ...speaker, source: "other" } }).speaking).toBe(false);
    expect(shownOf(place(), { now: 0 }).speaking).toBe(false);
    const muted = { ...source, audio: { mid: "0", muted: true, live: true } } as never;
    expect(shownOf(place({ source: muted }), { now: 0, speaker })).toMatchObject({
      speaking: false,
      muted: true,
    });
  });
});

describe("levels", () => {
  it("run from silence to full scale, even to the ear", () => {
    expect(levelOf(new Float32Array(64))).toBe(0);
    expect(levelOf(new Float32Array(64).fill(1))).toBe(1);
    expect(perceived(10 ** (-30 / 20))).toBeCloseTo(0.5);
  });
});

describe("the grid", () => {
  it("finds the largest pictures that fit", () => {
    expect(layoutOf(1, 1280, 720, 8)).toEqual({ columns: 1, width: 1280, height: 720 });
    expect(layoutOf(4, 1280, 720, 8).columns).toBe(2);
    expect(layoutOf(3, 390, 760, 8).columns).toBe(1);
  });

  it.each([1, 2, 3, 6, 12, 25])("keeps %i tiles inside", (count) => {
    for (const [width, height] of [
      [1264, 720],
      [374, 760],
      [344, 660],
      [3824, 2080],
    ] as const) {
      const { columns, width: w, height: h } = layoutOf(count, width, height, 8);
      expect(columns * w + (columns - 1) * 8).toBeLessThanOrEqual(width);
      const rows = Math.ceil(count / columns);
      expect(rows * h + (rows - 1) * 8).toBeLessThanOrEqual(height);
    }
  });
});
