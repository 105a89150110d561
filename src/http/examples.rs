//! The operations that GraphiQL shows when it is opened for the first time: the tour in the order in which it is taken.

use super::ExampleTab;

/// The tour.
pub fn example_tabs() -> Vec<ExampleTab> {
    let tab = |query: &str, variables: Option<&str>| ExampleTab {
        query: query.trim().to_owned(),
        variables: variables.map(str::to_owned),
    };
    vec![
        tab(
            SCAN_DOMAINS,
            Some("{\n  \"names\": [\"example.com\", \"https://www.wikipedia.org/\", \"localhost\"]\n}"),
        ),
        tab(BATCH_PROGRESS, Some("{\n  \"batchId\": \"batch_…\"\n}")),
        tab(DOMAINS, None),
        tab(SCAN_DOMAIN, Some("{\n  \"name\": \"example.com\"\n}")),
        tab(DOMAIN, Some("{\n  \"name\": \"example.com\"\n}")),
        tab(BATCHES, None),
    ]
}

const SCAN_DOMAINS: &str = r"
# Scans many domains as one batch. Copy the id of the answer into the next tab.
mutation ScanDomains($names: [String!]!) {
  scanDomains(input: { names: $names }) {
    batchJob { id status totalDomains }
    rejected { input reason message }
    duplicates
    reused
  }
}
";

const BATCH_PROGRESS: &str = r"
# Watches a batch until its end.
subscription BatchProgress($batchId: ID!) {
  batchProgress(batchId: $batchId) {
    status
    completedDomains
    failedDomains
    totalDomains
    progress
    domainsPerSecond
    estimatedEndTime
  }
}
";

const DOMAINS: &str = r"
# What was found, newest first.
query Domains {
  domains(orderBy: { field: LAST_SCAN, direction: DESC }, first: 20) {
    totalCount
    nodes {
      name
      status
      title
      language
      isWordpress
      technologies { name version }
      emailAddresses
      phoneNumbers
      socialLinks { network url }
      sitemapUrls
      lastError { code message }
    }
    pageInfo { hasNextPage endCursor }
  }
}
";

const SCAN_DOMAIN: &str = r"
# Scans one domain, ahead of all batches. A scan of the last hour is reused.
mutation ScanDomain($name: String!) {
  scanDomain(input: { name: $name, options: { maxAgeSeconds: 3600 } }) {
    reused
    job { id status step progress }
    domain { id name }
  }
}
";

const DOMAIN: &str = r"
# Everything about one domain, with its newest jobs.
query Domain($name: String!) {
  domain(by: { name: $name }) {
    name
    url
    status
    lastScan
    title
    description
    faviconUrl
    logoUrl
    techStack
    contacts { kind value method role sourceUrl }
    sitemaps { url kind discoveredBy urlCount error }
    metadata
    jobs(first: 5) {
      nodes { id status attempts failure { code message } startedAt completedAt }
    }
  }
}
";

const BATCHES: &str = r"
# The newest batches, with the names that failed.
query BatchJobs {
  batchJobs(first: 5) {
    nodes {
      id
      status
      totalDomains
      completedDomains
      failedDomains
      processingTime
      failureCounts { code count }
      jobs(first: 10, filter: { statuses: [FAILED] }) {
        nodes { domain { name } failure { code message } }
      }
    }
  }
}
";
