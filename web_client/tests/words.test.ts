import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { initials } from "../src/i18n/words.ts";
import { templates } from "../src/i18n/generated/zh-Hans.ts";

const ROOT = resolve(import.meta.dirname, "..");
const XLIFF = resolve(ROOT, "src/i18n/xliff/zh-Hans.xlf");
const INTERCHANGE = { format: "xliff", xliffDir: "." };

/** The file as `npm run localize` would leave it, made beside it. */
function extracted(): string {
  const scratch = mkdtempSync(resolve(tmpdir(), "telepresence-words-"));
  try {
    const config = JSON.parse(readFileSync(resolve(ROOT, "lit-localize.json"), "utf8")) as object;
    const elsewhere = { ...config, tsConfig: resolve(ROOT, "tsconfig.json"), interchange: INTERCHANGE };
    writeFileSync(resolve(scratch, "lit-localize.json"), JSON.stringify(elsewhere));
    cpSync(XLIFF, resolve(scratch, "zh-Hans.xlf"));
    execFileSync(resolve(ROOT, "node_modules/.bin/lit-localize"), ["extract"], { cwd: scratch });
    return readFileSync(resolve(scratch, "zh-Hans.xlf"), "utf8");
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

describe("the words", () => {
  it("are all there in Chinese: else run `npm run localize`", () => {
    const units = readFileSync(XLIFF, "utf8");
    expect(extracted()).toBe(units);
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
