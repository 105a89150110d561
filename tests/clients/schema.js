// The published schema, as clients get it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const schemaFile = fileURLToPath(new URL("../../schema.graphql", import.meta.url));
export const sdl = readFileSync(schemaFile, "utf8");
