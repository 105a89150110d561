// What the README shows is what the schema has. No server is needed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSchema, parse, validate } from "graphql";
import { root, sdl } from "./schema.js";

test("every operation in the README is valid", () => {
  const operations = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```graphql\n(.*?)^```/gms)];
  assert.notEqual(operations.length, 0);
  const schema = buildSchema(sdl);
  for (const [, operation] of operations) assert.deepEqual(validate(schema, parse(operation)), [], operation);
});
