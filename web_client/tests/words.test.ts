import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { initials } from "../src/i18n/words.ts";
import { templates } from "../src/i18n/generated/zh-Hans.ts";

const ROOT = resolve(import.meta.dirname, "..");
const XLIFF = resolve(ROOT, "src/i18n/xliff/zh-Hans.xlf");

describe("the words", () => {
  it("are all there in Chinese: else run `npm run localize`", () => {
    const before = readFileSync(XLIFF, "utf8");
    execFileSync(resolve(ROOT, "node_modules/.bin/lit-localize"), ["extract"], { cwd: ROOT });
    const units = readFileSync(XLIFF, "utf8");
    expect(units).toBe(before);
    const count = units.match(/<trans-unit/g)?.length;
    expect(units.match(/<target>/g)?.length).toBe(count);
    expect(Object.keys(templates)).toHaveLength(count ?? -1);
  }, 60_000); // it reads all sources with the TypeScript compiler

  it("make initials of Chinese and Latin names", () => {
    expect(initials("Xixia County Hospital", true)).toBe("XC");
    expect(initials("西峡县人民医院", false)).toBe("西峡");
    expect(initials("Demo site 演示站点", false)).toBe("DS");
    expect(initials("Demo site 演示站点", true)).toBe("演示");
    expect(initials("", false)).toBe("");
  });
});
