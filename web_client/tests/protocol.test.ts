import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import Ajv2020 from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parseServerMessage } from "../src/protocol.ts";
import { generate } from "../tools/generate-protocol.js";

const SIGNALING = resolve(import.meta.dirname, "../../signaling");
const read = (path: string): string => readFileSync(resolve(SIGNALING, path), "utf8");

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(JSON.parse(read("schema.json")) as object, "signaling");
const valid = ajv.compile({ $ref: "signaling#" });
const isClients = ajv.compile({ $ref: "signaling#/$defs/ClientMessage" });

const examples = readdirSync(resolve(SIGNALING, "examples"))
  .filter((name) => name.endsWith(".json"))
  .map((name) => ({ name, text: read(`examples/${name}`) }));

describe("the contract", () => {
  it("has the types that the schema generates now: else run `npm run generate`", async () => {
    expect(readFileSync(resolve(import.meta.dirname, "../src/protocol.gen.ts"), "utf8")).toBe(
      await generate(),
    );
  });

  it("has an example of every message", () => {
    expect(examples.length).toBeGreaterThanOrEqual(15);
  });

  it.each(examples)("$name keeps to the schema and is read as what it is", ({ text }) => {
    const value = JSON.parse(text) as { type: string };
    expect(valid(value), JSON.stringify(valid.errors)).toBe(true);
    const fromServer = !isClients(value);
    expect(parseServerMessage(text)).toEqual(fromServer ? value : undefined);
  });

  it("leaves out what is no JSON and what a newer server may send", () => {
    expect(parseServerMessage("{")).toBeUndefined();
    expect(parseServerMessage("null")).toBeUndefined();
    expect(parseServerMessage('{"type":"hologram"}')).toBeUndefined();
    expect(parseServerMessage('{"type":"toString"}')).toBeUndefined();
  });
});
