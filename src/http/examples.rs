//! The operations that GraphiQL shows when it is opened for the first time: the tour in the order in which it is taken.

use serde_json::{Value, json};

use super::ExampleTab;

/// What the tour is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tour {
    /// Names to scan; the first is looked at in detail.
    pub names: Vec<String>,
    /// A batch to watch.
    pub batch: Option<String>,
}

impl Default for Tour {
    fn default() -> Self {
        Self::of(["example.com", "https://www.wikipedia.org/", "localhost"].map(str::to_owned).to_vec())
    }
}

impl Tour {
    /// A tour about these names.
    pub const fn of(names: Vec<String>) -> Self {
        Self { names, batch: None }
    }
}

/// The operations of the tour, with their variables.
pub fn example_tabs(tour: &Tour) -> Vec<ExampleTab> {
    let tab = |query: &str, variables: Option<Value>| ExampleTab {
        query: query.trim().to_owned(),
        variables: variables.map(|variables| format!("{variables:#}")),
    };
    let batch = tour.batch.as_deref().unwrap_or("batch_…");
    let name = tour.names.first().map(String::as_str).unwrap_or_default();
    vec![
        tab(SCAN_DOMAINS, Some(json!({ "names": tour.names }))),
        tab(BATCH_PROGRESS, Some(json!({ "batchId": batch }))),
        tab(DOMAINS, None),
        tab(SCAN_DOMAIN, Some(json!({ "name": name }))),
        tab(DOMAIN, Some(json!({ "name": name }))),
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
