import { describe, expect, it } from "vitest";
import { tilesOf, type Candidate } from "../src/viewing.ts";

const tile = (part: Partial<Candidate> = {}): Candidate => ({
  participant: "bot",
  source: "clip",
  own: false,
  pinned: false,
  width: 320.4,
  height: 180,
  onScreen: true,
  ...part,
});

describe("what is on the screen", () => {
  it("is told in device pixels, in the page's order", () => {
    expect(tilesOf([tile({ source: "chart" }), tile()], 2, false)).toEqual([
      { participant: "bot", source: "chart", width: 641, height: 360, pinned: false },
      { participant: "bot", source: "clip", width: 641, height: 360, pinned: false },
    ]);
  });

  it("leaves out the own tile, a site that sends nothing, and what was scrolled away", () => {
    const left = [tile({ own: true }), tile({ source: "" }), tile({ onScreen: false })];
    expect(tilesOf(left, 1, false)).toEqual([]);
  });

  it("is nothing on a hidden page", () => {
    expect(tilesOf([tile()], 1, true)).toEqual([]);
  });

  it("keeps to the message's bounds", () => {
    expect(tilesOf(Array<Candidate>(80).fill(tile({ width: 9_000 })), 3, false)).toHaveLength(64);
    expect(tilesOf([tile({ width: 9_000 })], 3, false)[0]?.width).toBe(16_384);
  });
});
