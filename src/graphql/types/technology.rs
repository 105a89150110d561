//! What a site is built with.

use async_graphql::SimpleObject;

use crate::model;

/// Something a site is built with.
#[derive(Debug, SimpleObject)]
pub(crate) struct Technology {
    /// The name that Wappalyzer-format tools use, such as `Google Analytics`.
    name: String,
    /// The version, where one was seen.
    version: Option<String>,
    /// The categories it belongs to, such as `CMS`.
    categories: Vec<String>,
    /// How sure the rules are, from 1 to 100.
    confidence: i32,
    /// What gave it away, such as `meta generator`, or `implied by WooCommerce`.
    evidence: Vec<String>,
}

impl From<&model::Technology> for Technology {
    fn from(technology: &model::Technology) -> Self {
        let model::Technology { name, version, categories, confidence, evidence } = technology.clone();
        Self { name, version, categories, confidence: confidence.into(), evidence }
    }
}
