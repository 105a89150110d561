// The schema keeps the rules of Relay, of descriptions and of names. No server is needed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildSchema } from "graphql";
import { exceptions, findings, problems } from "./schema-rules.js";
import { sdl } from "./schema.js";

test("the schema has no problem", async () => {
  assert.deepEqual(await problems(sdl), []);
});

test("every exception is still needed", async () => {
  const found = (await findings(sdl)).map(({ rule, message }) => `${rule} ${message}`);
  for (const { rule, message } of exceptions) assert.ok(found.includes(`${rule} ${message}`), message);
});

test("every mutation takes one input and answers a payload, both named after it", () => {
  for (const { name, args, type } of Object.values(buildSchema(sdl).getMutationType().getFields())) {
    const capitalised = name[0].toUpperCase() + name.slice(1);
    assert.deepEqual(args.map((argument) => argument.name), ["input"]);
    assert.equal(String(args[0].type), `${capitalised}Input!`);
    assert.equal(String(type), `${capitalised}Payload!`);
  }
});

// The description of what begins with these words.
const undescribed = (words) => new RegExp(`^ *"""\\n[^"]*"""\\n(?= *${words})`, "gm");

// What is wrong, what of the schema is replaced everywhere to make it so, and the rule that must see it.
const breaches = [
  ["a page's cursor in a list", "  endCursor: String", "  endCursor: [String]", "relay-page-info"],
  ["a connection with one edge", "  edges: [DomainEdge!]!", "  edges: DomainEdge!", "relay-connection-types"],
  ["a list of what is no Node", "  node: Domain!", "  node: Technology!", "relay-edge-types"],
  ["a page whose size is a text", "    first: Int,", "    first: String,", "relay-arguments"],
  ["an undescribed type", undescribed("type SocialLink"), "", "require-description"],
  ["an undescribed field", undescribed("title: String"), "", "require-description"],
  ["an undescribed enum value", undescribed("WELL_KNOWN"), "", "require-description"],
  ["an undescribed argument", undescribed("by: DomainBy"), "", "require-description"],
  ["an undescribed input field", undescribed("nameContains"), "", "require-description"],
  ["a field in snake_case", "  isWordpress: Boolean", "  is_wordpress: Boolean", "naming-convention"],
  ["a type in camelCase", "SocialLink", "socialLink", "naming-convention"],
  ["an enum value in PascalCase", "  WELL_KNOWN", "  WellKnown", "naming-convention"],
  ["an input without its suffix", "DomainFilter", "DomainCondition", "naming-convention"],
  ["a field that repeats its type", "  emailAddresses:", "  domainEmailAddresses:", "no-typename-prefix"],
  ["a mutation's input misnamed", "    input: ScanDomainsInput!", "    request: ScanDomainsInput!", "input-name"],
  ["a mutation with another's input", "    input: ScanDomainsInput!", "    input: ScanDomainInput!", "input-name"],
  ["a mutation with a scalar answer", "): ScanDomainPayload!", "): Boolean!", "no-scalar-result-type-on-mutation"],
  ["a tenant without an identifier", /(?<=type Tenant {[^}]*)\bid: ID!/g, "key: ID!", "strict-id-in-types"],
  ["a type that nothing leads to", "  tenant: Tenant!", "  tenant: ID!", "no-unreachable-types"],
];

for (const [what, part, instead, rule] of breaches) {
  test(`${what} would break ${rule}`, async () => {
    const broken = sdl.replaceAll(part, instead);
    assert.notEqual(broken, sdl);
    const found = (await findings(broken)).map((finding) => finding.rule);
    assert.ok(found.includes(`@graphql-eslint/${rule}`), `found ${found}`);
  });
}
