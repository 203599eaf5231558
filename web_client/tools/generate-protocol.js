/**
 * Makes src/protocol.gen.ts from the schema that the Python messages generate.
 *
 * `npm run generate` writes the file; tests/protocol.test.ts calls `generate()` and fails when the file is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { compile } from "json-schema-to-typescript";

const SCHEMA = resolve(import.meta.dirname, "../../signaling/schema.json");
const TARGET = resolve(import.meta.dirname, "../src/protocol.gen.ts");
const BANNER = "/** Every message of the signaling protocol. Made by `npm run generate`, never by hand. */";

/** The text that src/protocol.gen.ts must have. */
export async function generate() {
  const schema = JSON.parse(readFileSync(SCHEMA, "utf8"));
  // Only the named types matter here: whatever the root says of them is rebuilt as one union.
  const names = Object.keys(schema.$defs);
  const root = { $defs: plain(schema.$defs), anyOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) };
  return compile(root, "AnyMessage", {
    additionalProperties: false,
    bannerComment: BANNER,
    format: true,
    style: { printWidth: 110 },
    cwd: dirname(SCHEMA),
  });
}

/** The schema without what has no TypeScript form: bounds of lists would become tuples by the hundred. */
function plain(node) {
  if (Array.isArray(node)) return node.map(plain);
  if (node === null || typeof node !== "object") return node;
  if ("$ref" in node) return { $ref: node.$ref }; // a default beside a reference would copy the type
  const kept = Object.entries(node).filter(
    ([key]) => !["minItems", "maxItems", "discriminator"].includes(key),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, plain(value)]));
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(TARGET, await generate());
  console.log("src/protocol.gen.ts written");
}
