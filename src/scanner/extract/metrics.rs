//! How heavy a page is.

use serde_json::json;

use super::view::View;
use crate::model::JsonObject;

/// The counts of elements, by the names that the API uses.
pub(super) fn counts(view: &View<'_>) -> JsonObject {
    let counts = view.found.counts;
    [
        ("imageCount", counts.images),
        ("scriptCount", counts.scripts),
        ("cssCount", counts.stylesheets + view.found.styles.len() as u64),
        ("formCount", counts.forms),
        ("linkCount", counts.links),
        ("totalElements", counts.elements),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), json!(count)))
    .collect()
}
