// Bundles GraphiQL into six compressed files in dist/.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: {
    main: "main.js",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "file" },
  assetNames: "[name]",
  legalComments: "inline",
  logLevel: "warning",
});
for (const name of readdirSync("dist")) {
  const path = `dist/${name}`;
  const compressed = gzipSync(readFileSync(path), { level: 9 });
  writeFileSync(`${path}.gz`, compressed);
  rmSync(path);
  console.log(`${name}: ${compressed.length} bytes compressed`);
}
