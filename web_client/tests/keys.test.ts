import { describe, expect, it } from "vitest";
import { deedOf, KEYS, type Press } from "../src/keys.ts";

const press = (key: string, part: Partial<Press> = {}) =>
  deedOf({ key, modified: false, typing: false, onControl: false, repeated: false, ...part });

describe("keys", () => {
  it("are one letter each, no letter twice, large or small", () => {
    expect(new Set(KEYS.map(([letter]) => letter)).size).toBe(KEYS.length);
    expect(press("m")).toBe("microphone");
    expect(press("M")).toBe("microphone");
    expect(press("?")).toBe("keys");
    expect(press("z")).toBeUndefined();
  });

  it("do nothing while one writes, but for the ways out", () => {
    expect(press("m", { typing: true })).toBeUndefined();
    expect(press(" ", { typing: true })).toBeUndefined();
    expect(press("Escape", { typing: true })).toBe("close");
    expect(press("F6", { typing: true })).toBe("bar");
  });

  it("leave the browser its own, and a button its Space", () => {
    expect(press("c", { modified: true })).toBeUndefined();
    expect(press(" ", { onControl: true })).toBeUndefined();
    expect(press(" ")).toBe("talk");
    expect(press(" ", { repeated: true })).toBeUndefined();
  });
});
