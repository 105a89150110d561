// The rules that the schema keeps: all of graphql-eslint's for schemas, but for those that do not fit, each with its
// reason.
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

// Parts of other things. They have no life, and so no identifier, of their own.
const values = [
  "BatchProgress",
  "Contact",
  "FailureCount",
  "Limits",
  "PageInfo",
  "RejectedName",
  "ScanFailure",
  "ScanOptions",
  "Sitemap",
  "SocialLink",
  "Technology",
  "Viewer",
  "WordpressPlugin",
  "WordpressTheme",
];

const all = plugin.configs["flat/schema-all"].rules;
const [, names] = all["@graphql-eslint/naming-convention"];

export const rules = {
  ...all,
  ...plugin.configs["flat/schema-relay"].rules,
  "@graphql-eslint/naming-convention": [
    "error",
    {
      ...names,
      InputObjectTypeDefinition: { style: "PascalCase", requiredPattern: /(?:By|Filter|Input|Order)$/ },
    },
  ],
  "@graphql-eslint/require-description": [
    "error",
    {
      types: true,
      rootField: true,
      DirectiveDefinition: true,
      EnumValueDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
    },
  ],
  // `scanDomains` takes `input: ScanDomainsInput!`.
  "@graphql-eslint/input-name": ["error", { checkInputType: true, caseSensitiveInputType: false }],
  "@graphql-eslint/strict-id-in-types": [
    "error",
    { exceptions: { types: values, suffixes: ["Connection", "Edge", "Payload"] } },
  ],
  // Short lists that are always wanted whole are plain, and connections have `nodes` beside their `edges`.
  "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
  // The order is that of the program that prints the schema.
  "@graphql-eslint/alphabetize": "off",
  // There are mutations and subscriptions.
  "@graphql-eslint/no-root-type": "off",
  // Lists, payloads and the viewer are there in every answer without errors; what can be absent is null.
  "@graphql-eslint/require-nullable-result-in-root": "off",
  // Payloads have what the mutation changed. Whoever wants more in the same request sends a batch of operations.
  "@graphql-eslint/require-field-of-type-query-in-mutation-result": "off",
  // The standard `@deprecated` has a reason only.
  "@graphql-eslint/require-deprecation-date": "off",
};

// Single places that a rule without options does not fit.
export const exceptions = [
  // `type` is a reserved word in the languages of many clients, and `jobTypes` filters by it.
  {
    rule: "@graphql-eslint/no-typename-prefix",
    message: 'Field "jobType" starts with the name of the parent type "Job"',
  },
];

const isException = ({ rule, message }) =>
  exceptions.some((exception) => exception.rule === rule && exception.message === message);

// What the rules find in a schema, exceptions included.
export async function findings(sdl) {
  const config = {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": plugin },
    languageOptions: { parser: plugin.parser, parserOptions: { schemaSdl: sdl } },
    linterOptions: { noInlineConfig: true },
    rules,
  };
  const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: [config] });
  const [{ messages }] = await eslint.lintText(sdl, { filePath: "schema.graphql" });
  return messages.map(({ ruleId, line, message }) => ({ rule: ruleId, line, message }));
}

// What the rules find in a schema and no exception allows, as lines for people.
export async function problems(sdl) {
  const found = (await findings(sdl)).filter((finding) => !isException(finding));
  return found.map(({ rule, line, message }) => `${line}: ${message} (${rule})`);
}
