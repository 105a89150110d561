// A client as others would write it over the generated types. It is compiled, never run.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import * as operations from "./generated/operations.js";
import * as schema from "./generated/schema.js";

declare function execute<Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result>;
declare function subscribe<Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): AsyncIterable<Result>;

// Submits names, waits for the end, and says which failed and why.
export async function failures(names: string[]): Promise<Map<string, string>> {
  const { scanDomains } = await execute(operations.ScanDomainsDocument, { input: { names } });
  const failed = new Map(scanDomains.rejected.map(({ input, message }): [string, string] => [input, message]));
  const id = scanDomains.batchJob?.id;
  if (id === undefined) return failed;
  for await (const { batchProgress } of subscribe(operations.BatchProgressDocument, { batchId: id })) {
    const rate: number | null = batchProgress.domainsPerSecond;
    const sent: string = batchProgress.emittedAt;
    if (rate === null && sent === "") break;
  }
  const { batchJob } = await execute(operations.BatchJobDocument, { id });
  for (const { node } of batchJob?.failed.edges ?? [])
    if (node.domain && node.failure) failed.set(node.domain.name, node.failure.message);
  return failed;
}

// Every job of a batch from a sequence number on.
export async function follow(batchId: string, after: number | null): Promise<number | null> {
  for await (const { jobFinished } of subscribe(operations.JobFinishedDocument, { batchId, after }))
    after = jobFinished.sequence;
  return after;
}

// All pages of a list.
export async function* wordpressDomains(): AsyncGenerator<string> {
  let after: string | null = null;
  do {
    const variables: operations.DomainsQueryVariables = {
      after,
      filter: { isWordpress: true, statuses: ["SCANNED"] },
      orderBy: { field: "LAST_SCAN", direction: "DESC" },
    };
    const { domains }: operations.DomainsQuery = await execute(operations.DomainsDocument, variables);
    for (const { name } of domains.nodes) yield name;
    after = domains.pageInfo.hasNextPage ? domains.pageInfo.endCursor : null;
  } while (after !== null);
}

// What is behind an identifier, with the facts of its kind.
export async function describe(id: string): Promise<string> {
  const { node } = await execute(operations.NodeDocument, { id });
  switch (node?.__typename) {
    case "Domain":
      return node.name;
    case "Job":
      return node.step ?? "DONE";
    case "BatchJob":
      return `${node.progress * 100} % of ${node.totalDomains}`;
    default:
      return "nothing";
  }
}

// The types of the whole schema, without an operation.
export function cause({ status, lastError }: schema.Domain): schema.ScanErrorCode | undefined {
  return status === schema.DomainStatus.Failed ? lastError?.code : undefined;
}

// What the types refuse.
export async function misuses(): Promise<void> {
  await execute(operations.DomainDocument, { by: { name: "example.com" } });
  // @ts-expect-error: a domain has one name or one identifier
  await execute(operations.DomainDocument, { by: { name: "example.com", id: "domain_" } });
  // @ts-expect-error: and it has one of them
  await execute(operations.DomainDocument, { by: {} });
  // @ts-expect-error: names are needed
  await execute(operations.ScanDomainsDocument, { input: {} });
  // @ts-expect-error: states are those of the schema
  await execute(operations.DomainsDocument, { filter: { statuses: ["LOST"] } });
  const { domain } = await execute(operations.DomainDocument, { by: { id: "domain_" } });
  // @ts-expect-error: a domain may be absent
  console.log(domain.title);
  // @ts-expect-error: metadata is any JSON
  console.log(domain?.metadata.mail);
}
