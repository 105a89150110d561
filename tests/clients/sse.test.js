// The graphql-sse client, in distinct connections mode.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "graphql-sse";
import { url } from "./server.js";

async function all(query, variables) {
  const client = createClient({ url, retryAttempts: 0 });
  const results = [];
  for await (const result of client.iterate({ query, variables })) results.push(result);
  client.dispose();
  return results;
}

test("queries, mutations and subscriptions run to their end", async () => {
  assert.deepEqual(await all("{ hello }"), [{ data: { hello: "world" } }]);
  assert.equal((await all("mutation { bump }")).length, 1);
  const counted = await all("subscription ($to: Int) { count(to: $to) { number } }", { to: 3 });
  assert.deepEqual(counted.map((result) => result.data.count.number), [0, 1, 2]);
});

test("what does not validate is told in the stream", async () => {
  const [{ errors }] = await all("{ nothing }");
  assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});

test("a subscription that is left ends", async () => {
  const client = createClient({ url });
  for await (const { data } of client.iterate({ query: "subscription { count { number } }" })) {
    if (data.count.number === 2) break;
  }
  client.dispose();
});
