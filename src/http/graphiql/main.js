// GraphiQL, as src/http/graphiql.html has it from the CDN, with its editor's workers as files of this server.
import "graphiql/style.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createClient } from "graphql-ws";
import React from "react";
import { createRoot } from "react-dom/client";

const workers = { json: "json.worker.js", graphql: "graphql.worker.js" };
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(`/graphiql/${workers[label] ?? "editor.worker.js"}`),
};

const socket = new URL("/graphql/ws", location.href);
socket.protocol = socket.protocol.replace("http", "ws");
const fetcher = createGraphiQLFetcher({
  url: "/graphql",
  wsClient: createClient({ url: socket.href, lazy: true }),
});
const examples = JSON.parse(document.getElementById("examples").textContent);
const tabs = examples.length > 0 ? { defaultTabs: examples } : {};
createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, plugins: [HISTORY_PLUGIN], ...tabs }),
);
