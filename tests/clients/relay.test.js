// The Relay compiler over the schema. No server is needed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildSchema, parse, validate } from "graphql";
import compiler from "relay-compiler";
import { sdl } from "./schema.js";

const project = fileURLToPath(new URL("relay", import.meta.url));
const artifacts = `${project}/__generated__`;
const texts = new Map();

before(() => {
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts);
});

test("pages, refetches, mutations and subscriptions compile", async () => {
  const options = ["--noWatchman", "--output", "quiet-with-errors", "relay.config.json"];
  await promisify(execFile)(compiler, options, { cwd: project });
  for (const file of readdirSync(artifacts)) {
    const [, text] = /^ *"text": (".*")/m.exec(readFileSync(`${artifacts}/${file}`, "utf8")) ?? [];
    if (text) texts.set(file.replace(".graphql.ts", ""), JSON.parse(text));
  }
  assert.equal(texts.size, 9);
});

test("what Relay sends is valid", () => {
  const schema = buildSchema(sdl);
  for (const text of texts.values()) assert.deepEqual(validate(schema, parse(text)), []);
});

test("a fragment is fetched again, and page after page, through its node", () => {
  assert.match(texts.get("BatchHeaderRefetchQuery"), /node\(id: \$id\)/);
  assert.match(texts.get("BatchFailuresPageQuery"), /node\(id: \$id\)/);
  assert.match(texts.get("BatchFailuresPageQuery"), /pageInfo \{\s+endCursor\s+hasNextPage/);
  assert.match(texts.get("BackwardJobsPageQuery"), /pageInfo \{\s+hasPreviousPage\s+startCursor/);
});
