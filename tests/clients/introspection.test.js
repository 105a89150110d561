// What GraphiQL and code generators ask first passes the default limits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildClientSchema, getIntrospectionQuery, validateSchema } from "graphql";
import { url } from "./server.js";

test("the whole introspection of graphql-js is answered and makes a valid schema", async () => {
  const query = getIntrospectionQuery({
    descriptions: true,
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  });
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query }) });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  assert.deepEqual(validateSchema(buildClientSchema(data)), []);
});
