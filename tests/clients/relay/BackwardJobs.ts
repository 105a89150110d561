// The end of a list, read backwards.
import { graphql } from "relay-runtime";

export const jobs = graphql`
  fragment BackwardJobs_domain on Domain
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" })
  @refetchable(queryName: "BackwardJobsPageQuery") {
    jobs(last: $count, before: $cursor) @connection(key: "BackwardJobs_jobs") {
      edges {
        node {
          ...BackwardJobs_job
        }
      }
    }
  }
`;

export const job = graphql`
  fragment BackwardJobs_job on Job {
    status
    completedAt
  }
`;
