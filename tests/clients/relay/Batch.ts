// A batch that is submitted, watched, and read with its failed jobs page after page.
import { graphql } from "relay-runtime";

export const submit = graphql`
  mutation BatchSubmitMutation($input: ScanDomainsInput!, $connections: [ID!]!) {
    scanDomains(input: $input) {
      batchJob @prependNode(connections: $connections, edgeTypeName: "BatchJobEdge") {
        ...Batch_header
      }
      rejected {
        input
        message
      }
    }
  }
`;

export const progress = graphql`
  subscription BatchProgressSubscription($batchId: ID!) {
    batchProgress(batchId: $batchId) {
      domainsPerSecond
      batchJob {
        ...Batch_header
      }
    }
  }
`;

export const finished = graphql`
  subscription BatchFinishedSubscription($batchId: ID!, $after: Int) {
    jobFinished(batchId: $batchId, after: $after) {
      sequence
      status
      domain {
        ...Domains_row
      }
    }
  }
`;

export const query = graphql`
  query BatchQuery($id: ID!) {
    node(id: $id) {
      ...Batch_header @alias(as: "header")
      ...Batch_failures @alias(as: "failures")
    }
  }
`;

export const header = graphql`
  fragment Batch_header on BatchJob @refetchable(queryName: "BatchHeaderRefetchQuery") {
    status
    totalDomains
    completedDomains
    failedDomains
    progress @required(action: NONE)
  }
`;

export const failures = graphql`
  fragment Batch_failures on BatchJob
  @argumentDefinitions(count: { type: "Int", defaultValue: 100 }, cursor: { type: "String" })
  @refetchable(queryName: "BatchFailuresPageQuery") {
    jobs(first: $count, after: $cursor, filter: { statuses: [FAILED] }) @connection(key: "Batch_jobs") {
      edges {
        node {
          domain {
            name
          }
          failure {
            code
            message
          }
        }
      }
    }
  }
`;
