import { describe, expect, it } from "vitest";
import { hintOf, layersOf, RIDS, scalabilityOf, type Profile } from "../src/media/ladder.ts";

/** Width and height of each layer that is sent, and its rate in kbit/s. */
const sent = (width: number, height: number, profile?: Profile) =>
  layersOf({ width, height }, profile)
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

  it.each<Profile>(["ultrasound", "surgery"])(
    "has two rates at full size for %s, and a thumbnail",
    (profile) => {
      expect(sent(1280, 720, profile)).toEqual([
        ["q", 320, 180, 150],
        ["h", 1280, 720, 1000],
        ["f", 1280, 720, 1600],
      ]);
      // A lower rate comes out at three quarters below 720 lines.
      expect(sent(960, 540, profile)).toEqual([
        ["q", 240, 135, 150],
        ["h", 960, 540, 1333],
        ["f", 960, 540, 1600],
      ]);
      expect(sent(640, 480, profile)).toEqual([
        ["q", 640, 480, 1333],
        ["h", 640, 480, 1600],
      ]);
      expect(sent(320, 240, profile)).toEqual([["q", 320, 240, 1600]]);
    },
  );

  it("keeps motion or detail, by what the picture is for", () => {
    expect(hintOf("ultrasound")).toBe("motion");
    expect(hintOf("screen")).toBe("detail");
    expect(hintOf("still")).toBe("detail");
    expect(hintOf("talk")).toBe("");
  });

  it("thins no picture that a diagnosis rests on", () => {
    expect(scalabilityOf("ultrasound")).toBe("L1T1");
    expect(scalabilityOf("consult")).toBe("L1T3");
  });
});
