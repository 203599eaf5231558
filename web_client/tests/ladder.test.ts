import { describe, expect, it } from "vitest";
import { layersOf, RIDS, scalabilityOf } from "../src/media/ladder.ts";

/** Width and height of each layer that is sent, and its rate in kbit/s. */
const sent = (width: number, height: number) =>
  layersOf({ width, height })
    .filter(({ active }) => active)
    .map(({ rid, scaleResolutionDownBy: scale, maxBitrate }) => [
      rid,
      width / scale,
      height / scale,
      maxBitrate / 1000,
    ]);

describe("the ladder of layers", () => {
  it("has three from 960×540 on, the top at full size", () => {
    expect(sent(1280, 720)).toEqual([
      ["q", 320, 180, 150],
      ["h", 640, 360, 500],
      ["f", 1280, 720, 1200],
    ]);
    expect(sent(960, 540).map(([rid]) => rid)).toEqual(["q", "h", "f"]);
    expect(sent(1920, 1080).at(-1)).toEqual(["f", 1920, 1080, 2500]);
  });

  it("has two from 640×360 on, in the first two rids, for the browser would drop the last", () => {
    expect(sent(640, 480)).toEqual([
      ["q", 320, 240, 150],
      ["h", 640, 480, 500],
    ]);
  });

  it("has one below, and for a camera that does not tell its size", () => {
    expect(sent(320, 240)).toEqual([["q", 320, 240, 150]]);
    expect(sent(0, 0)).toHaveLength(1);
  });

  it("asks the same of a phone that stands", () => {
    expect(sent(720, 1280).map(([rid]) => rid)).toEqual(["q", "h", "f"]);
  });

  it("always names all rids, in their order", () => {
    for (const width of [0, 640, 1280]) {
      expect(layersOf({ width, height: width / 2 }).map(({ rid }) => rid)).toEqual([...RIDS]);
    }
  });

  it("thins no picture that a diagnosis rests on", () => {
    expect(scalabilityOf("ultrasound")).toBe("L1T1");
    expect(scalabilityOf("consult")).toBe("L1T3");
  });
});
