//! Profiles in social networks.

use async_graphql::SimpleObject;

use super::scalars::Url;
use crate::model;

/// A profile in a social network.
#[derive(Debug, SimpleObject)]
pub(crate) struct SocialLink {
    /// The network in lower case, such as `facebook` or `x`.
    network: String,
    /// The canonical address of the profile.
    url: Url,
}

impl From<&model::SocialLink> for SocialLink {
    fn from(link: &model::SocialLink) -> Self {
        Self { network: link.network.clone(), url: Url(link.url.clone()) }
    }
}
