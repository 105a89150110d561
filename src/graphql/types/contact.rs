//! Ways to reach the people behind a site.

use async_graphql::SimpleObject;

use super::{
    enums::{ContactKind, ContactMethod},
    scalars::Url,
};
use crate::model;

/// A way to reach the people behind a site, with where and how it was found.
#[derive(Debug, SimpleObject)]
pub(crate) struct Contact {
    /// Whether it is an address or a number.
    kind: ContactKind,
    /// The normalised value: a lower-case address, or a number in E.164 where the region is known.
    value: String,
    /// The value as the page writes it.
    raw: String,
    /// How it was found.
    method: ContactMethod,
    /// Whether it is the address of a role, such as `info@` or `sales@`, and not of a person.
    role: bool,
    /// The page it was found on.
    source_url: Url,
}

impl From<&model::Contact> for Contact {
    fn from(contact: &model::Contact) -> Self {
        let model::Contact { kind, value, raw, method, role, source_url } = contact.clone();
        Self { kind: kind.into(), value, raw, method: method.into(), role, source_url: Url(source_url) }
    }
}
