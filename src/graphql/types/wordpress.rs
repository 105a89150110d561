//! The parts of a WordPress site.

use async_graphql::SimpleObject;

use crate::model;

/// A WordPress theme in use.
#[derive(Debug, SimpleObject)]
pub(crate) struct WordpressTheme {
    /// Its directory name, as on wordpress.org.
    slug: String,
    /// Its version, where its own files tell.
    version: Option<String>,
}

impl From<&model::WordpressTheme> for WordpressTheme {
    fn from(theme: &model::WordpressTheme) -> Self {
        Self { slug: theme.slug.clone(), version: theme.version.clone() }
    }
}

/// A WordPress plugin in use.
#[derive(Debug, SimpleObject)]
pub(crate) struct WordpressPlugin {
    /// Its directory name, as on wordpress.org.
    slug: String,
    /// Its version, where its own files tell.
    version: Option<String>,
}

impl From<&model::WordpressPlugin> for WordpressPlugin {
    fn from(plugin: &model::WordpressPlugin) -> Self {
        Self { slug: plugin.slug.clone(), version: plugin.version.clone() }
    }
}
