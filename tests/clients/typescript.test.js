// graphql-codegen and TypeScript over the schema. No server is needed.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";
import { codegen } from "@graphql-codegen/core";
import * as typedDocuments from "@graphql-codegen/typed-document-node";
import * as types from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";
import { sdl } from "./schema.js";

const project = fileURLToPath(new URL("typescript", import.meta.url));
const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
const document = parse(readFileSync(`${project}/operations.graphql`, "utf8"));

// A scalar of the schema that is not here is refused.
const config = {
  scalars: { DateTime: "string", JSON: "unknown", URL: "string" },
  strictScalars: true,
  useTypeImports: true,
};

async function generate(filename, documents, ...plugins) {
  const pluginMap = { types, operations, typedDocuments };
  const options = { schema: parse(sdl), documents, filename, config, pluginMap };
  const text = await codegen({ ...options, plugins: plugins.map((plugin) => ({ [plugin]: {} })) });
  writeFileSync(`${project}/generated/${filename}`, text);
}

test("the types of the schema and of the tour's operations are generated and compile strictly", async () => {
  mkdirSync(`${project}/generated`, { recursive: true });
  await generate("schema.ts", [], "types");
  await generate("operations.ts", [{ location: "operations.graphql", document }], "operations", "typedDocuments");
  const compiled = promisify(execFile)(process.execPath, [tsc, "--strict", "--project", project]);
  await compiled.catch(({ stdout }) => assert.fail(stdout));
});
