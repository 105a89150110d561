// Every audit of GraphQL over HTTP: MUST, SHOULD and MAY.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { url } from "./server.js";

for (const audit of serverAudits({ url })) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    if (result.status === "ok") return;
    const body = await result.response.clone().text().catch(() => "");
    assert.fail(`${result.reason}: ${result.response.status} ${body}`);
  });
}
