// The graphql-ws client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { socketUrl } from "./server.js";

const connect = (options = {}) =>
  createClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0, ...options });

async function all(client, query, variables) {
  const results = [];
  for await (const result of client.iterate({ query, variables })) results.push(result);
  return results;
}

test("queries, mutations and subscriptions run to their end", async () => {
  const client = connect();
  assert.deepEqual(await all(client, "{ hello }"), [{ data: { hello: "world" } }]);
  assert.equal((await all(client, "mutation { bump }")).length, 1);
  const counted = await all(client, "subscription ($to: Int) { count(to: $to) { number } }", { to: 3 });
  assert.deepEqual(counted.map((result) => result.data.count.number), [0, 1, 2]);
  await client.dispose();
});

test("what does not validate rejects with its errors", async () => {
  const client = connect();
  await assert.rejects(all(client, "{ nothing }"), ([error]) => {
    assert.equal(error.extensions.code, "GRAPHQL_VALIDATION_FAILED");
    return true;
  });
  assert.deepEqual(await all(client, "{ hello }"), [{ data: { hello: "world" } }]);
  await client.dispose();
});

test("a subscription that is left ends and others go on", async () => {
  const client = connect();
  for await (const { data } of client.iterate({ query: "subscription { count { number } }" })) {
    if (data.count.number === 2) break;
  }
  assert.deepEqual(await all(client, "{ hello }"), [{ data: { hello: "world" } }]);
  await client.dispose();
});

test("who is not let in is told so", async () => {
  const client = connect({ connectionParams: { nobody: true } });
  await assert.rejects(all(client, "{ hello }"), (event) => {
    assert.equal(event.code, 4403);
    return true;
  });
});

test("the client's own pings are answered", async () => {
  let pong;
  const heard = new Promise((resolve) => (pong = resolve));
  const client = connect({ lazy: false, keepAlive: 50, on: { pong: () => pong() } });
  await heard;
  await client.dispose();
});
