// What the schema's last change means to clients that were written before it.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const SCHEMA = "schema.graphql";
const NAMED = "tests/clients/breaking-changes.md";

// Of the folder, even inside a hook of another repository; with messages in English.
export const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  LC_ALL: "C",
};

function git(root, ...args) {
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: environment };
  // A checkout may belong to another user than the one who tests it.
  return execFileSync("git", ["-c", "safe.directory=*", ...args], options);
}

// The text of a file in a commit; none when the commit has no such file, or is not there.
function at(root, commit, file) {
  try {
    return git(root, "show", `${commit}:${file}`);
  } catch (error) {
    if (/does not exist|exists on disk|invalid object name/.test(error.stderr)) return undefined;
    throw error;
  }
}

// The commit before the schema's last change: what is not committed yet is the last one.
function base(root) {
  if (git(root, "--no-optional-locks", "status", "--porcelain", "--", SCHEMA)) return "HEAD";
  return `${git(root, "log", "-1", "--first-parent", "--format=%H", "--", SCHEMA).trim()}^`;
}

// The paths that the lines of a file name and those of its earlier version do not: "- `Domain.title`: why."
function namedSince(earlier, text) {
  const known = new Set(earlier.split("\n"));
  const added = text.split("\n").filter((line) => !known.has(line));
  return added.flatMap((line) => /^- `([^`]+)`: \S/.exec(line)?.[1] ?? []);
}

const read = (root, file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "");

// The changes between two schemas that break clients.
async function breaks(earlier, sdl) {
  const changes = await diff(buildSchema(earlier), buildSchema(sdl));
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
}

// The breaking changes that nothing names, as lines for people; or why there is nothing to compare with.
export async function unnamedBreaks(root) {
  if (!existsSync(join(root, ".git"))) return { skip: "this is no checkout of git" };
  const commit = base(root);
  const earlier = at(root, commit, SCHEMA);
  if (earlier === undefined) return { skip: "the history at hand has no earlier schema" };
  const named = namedSince(at(root, commit, NAMED) ?? "", read(root, NAMED));
  const unnamed = (await breaks(earlier, read(root, SCHEMA))).filter(({ path }) => !named.includes(path));
  return { lines: unnamed.map(({ path, message }) => `\`${path}\`: ${message}`) };
}
