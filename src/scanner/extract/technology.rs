//! What a site is built with, by the technology rules.

use serde_json::{Value, json};

use super::view::View;
use crate::{
    model::{JsonObject, SiteFacts},
    scanner::fingerprints::{Evidence, Fingerprints, group_of},
};

/// The groups of `techStack` that are always there.
const GROUPS: [&str; 4] = ["cms", "frameworks", "analytics", "widgets"];

/// Fills in the technologies and the groups of their names.
pub(super) fn describe(view: &View<'_>, fingerprints: &Fingerprints, facts: &mut SiteFacts) {
    let found = &view.found;
    let scripts: Vec<&str> = found.scripts.iter().chain(&found.noscripts).copied().collect();
    let folders = wordpress_folders(facts);
    let evidence = Evidence {
        url: view.url,
        headers: view.headers,
        source: view.source,
        html: view.html,
        metas: &found.metas.iter().map(|meta| (meta.name, meta.content)).collect::<Vec<_>>(),
        script_urls: &found.script_urls,
        folders: &folders,
        scripts: &scripts,
        styles: &found.styles,
        text: &found.text,
    };
    facts.technologies = fingerprints.detect(&evidence);
    facts.tech_stack = stack(facts);
}

/// The folders of WordPress, its themes and plugins, by whatever trace they are known.
fn wordpress_folders(facts: &SiteFacts) -> Vec<String> {
    let themes = facts.wordpress_themes.iter().map(|theme| format!("/wp-content/themes/{}/", theme.slug));
    let plugins =
        facts.wordpress_plugins.iter().map(|plugin| format!("/wp-content/plugins/{}/", plugin.slug));
    // WordPress itself, by whatever mark, brings what it runs on.
    let core = facts.is_wordpress.then(|| "/wp-includes/js/".to_owned());
    core.into_iter().chain(themes).chain(plugins).collect()
}

/// The names of the technologies by group.
pub(super) fn stack(facts: &SiteFacts) -> JsonObject {
    let mut stack: JsonObject = GROUPS.iter().map(|group| ((*group).to_owned(), json!([]))).collect();
    for technology in &facts.technologies {
        for category in &technology.categories {
            let group = stack.entry(group_of(category)).or_insert_with(|| json!([]));
            let name = Value::from(technology.name.as_str());
            if let Value::Array(names) = group
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    stack
}
