// The schema's last change breaks no client that was written before it, or says so. No server is needed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { environment, unnamedBreaks } from "./schema-changes.js";
import { root } from "./schema.js";

test("every breaking change of the schema is named in breaking-changes.md", async (context) => {
  const { skip, lines } = await unnamedBreaks(root);
  if (skip) return context.skip(skip);
  assert.deepEqual(lines, []);
});

// A repository of its own, with these versions of the schema, each a commit.
function repository(context, ...versions) {
  const folder = mkdtempSync(join(tmpdir(), "schema-changes-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "tests/clients"), { recursive: true });
  git(folder, "init", "--quiet");
  for (const version of versions) commit(folder, { schema: version });
  return folder;
}

function git(folder, ...args) {
  const identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"];
  const env = { ...environment, GIT_CONFIG_GLOBAL: "/dev/null" };
  execFileSync("git", [...identity, ...args], { cwd: folder, stdio: "pipe", env });
}

function write(folder, { schema, named }) {
  if (schema !== undefined) writeFileSync(join(folder, "schema.graphql"), `type Query { ${schema} }\n`);
  if (named !== undefined) writeFileSync(join(folder, "tests/clients/breaking-changes.md"), named);
}

function commit(folder, files) {
  write(folder, files);
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "--message", "Change");
}

const removed = { lines: ["`Query.b`: Field 'b' was removed from object type 'Query'"] };
const none = { lines: [] };

test("a field that is removed breaks clients, one that is added does not", async (context) => {
  assert.deepEqual(await unnamedBreaks(repository(context, "a: Int b: Int", "a: Int")), removed);
  assert.deepEqual(await unnamedBreaks(repository(context, "a: Int", "a: Int b: Int")), none);
});

test("an argument that becomes required and an answer that becomes nullable break clients", async (context) => {
  const folder = repository(context, "a(b: Int): Int!", "a(b: Int!): Int");
  assert.equal((await unnamedBreaks(folder)).lines.length, 2);
});

test("a change that is not committed is seen", async (context) => {
  const folder = repository(context, "a: Int b: Int");
  write(folder, { schema: "a: Int" });
  assert.deepEqual(await unnamedBreaks(folder), removed);
});

test("a breaking change is seen until the schema changes again", async (context) => {
  const folder = repository(context, "a: Int b: Int", "a: Int");
  commit(folder, {});
  assert.deepEqual(await unnamedBreaks(folder), removed);
  commit(folder, { schema: "a: Int c: Int" });
  assert.deepEqual(await unnamedBreaks(folder), none);
});

test("a breaking change of a merged branch is seen in the merge", async (context) => {
  const folder = repository(context, "a: Int b: Int");
  git(folder, "checkout", "--quiet", "-b", "branch");
  commit(folder, { schema: "a: Int" });
  commit(folder, { schema: "a: Int c: Int" });
  git(folder, "checkout", "--quiet", "-");
  git(folder, "merge", "--quiet", "--no-ff", "--message", "Merge", "branch");
  assert.deepEqual(await unnamedBreaks(folder), removed);
});

test("a breaking change that is named with its reason passes", async (context) => {
  const folder = repository(context, "a: Int b: Int");
  write(folder, { schema: "a: Int", named: "- `Query.b`: nobody knew it.\n" });
  assert.deepEqual(await unnamedBreaks(folder), none);
  commit(folder, {});
  assert.deepEqual(await unnamedBreaks(folder), none);
});

test("a reason is needed, and an old one does not do for a new change", async (context) => {
  const folder = repository(context, "a: Int b: Int");
  commit(folder, { schema: "a: Int", named: "- `Query.b`:\n" });
  assert.deepEqual(await unnamedBreaks(folder), removed);
  commit(folder, { schema: "a: Int b: Int", named: "- `Query.b`: nobody knew it.\n" });
  commit(folder, { schema: "a: Int" });
  assert.deepEqual(await unnamedBreaks(folder), removed);
});

test("without an earlier schema there is nothing to compare with", async (context) => {
  const folder = repository(context, "a: Int b: Int");
  assert.ok((await unnamedBreaks(folder)).skip);
  commit(folder, { schema: "a: Int" });
  git(folder, "clone", "--quiet", "--depth=1", `file://${folder}`, "shallow");
  assert.ok((await unnamedBreaks(join(folder, "shallow"))).skip);
  rmSync(join(folder, "shallow/.git"), { recursive: true });
  assert.ok((await unnamedBreaks(join(folder, "shallow"))).skip);
});
