// A list that loads page after page, and starts again with another filter.
import { graphql } from "relay-runtime";

export const query = graphql`
  query DomainsQuery($filter: DomainFilter) {
    ...Domains_list @arguments(filter: $filter)
    viewer {
      tenant {
        name
      }
    }
  }
`;

export const list = graphql`
  fragment Domains_list on Query
  @argumentDefinitions(
    filter: { type: "DomainFilter" }
    count: { type: "Int", defaultValue: 50 }
    cursor: { type: "String" }
  )
  @refetchable(queryName: "DomainsPageQuery") {
    domains(first: $count, after: $cursor, filter: $filter, orderBy: { field: NAME })
      @connection(key: "Domains_domains", filters: ["filter"]) {
      totalCount
      edges {
        node {
          ...Domains_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment Domains_row on Domain {
    name
    status
    lastScan
    technologies {
      name
    }
  }
`;
