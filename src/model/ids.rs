//! Identifiers: UUIDv7 (RFC 9562) inside, `<kind>_<32 hex digits>` outside.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a {kind} id; expected `{kind}_` and 32 hexadecimal digits, or a UUID")]
pub struct IdError {
    /// The kind that was expected, such as `domain`.
    pub kind: &'static str,
    /// What was given, shortened to 64 characters.
    pub given: String,
}

macro_rules! typed_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(pub Uuid);

        impl $name {
            /// The word that identifiers of this kind begin with.
            pub const KIND: &'static str = $prefix;

            /// A new identifier; later ones sort after earlier ones.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(given: &str) -> Result<Self, IdError> {
                let text = given.strip_prefix(concat!($prefix, "_")).unwrap_or(given);
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| IdError { kind: $prefix, given: given.chars().take(64).collect() })
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
    };
}

typed_id!(
    /// Identifies a tenant.
    TenantId, "tenant");
typed_id!(
    /// Identifies a person or program of a tenant.
    UserId, "user");
typed_id!(
    /// Identifies a domain of a tenant.
    DomainId, "domain");
typed_id!(
    /// Identifies a job.
    JobId, "job");
typed_id!(
    /// Identifies a batch.
    BatchId, "batch");
typed_id!(
    /// Identifies a stored sitemap.
    SitemapId, "sitemap");
typed_id!(
    /// Identifies a worker process.
    WorkerId, "worker");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = JobId::generate();
        assert_eq!(id.to_string().parse::<JobId>(), Ok(id));
        assert_eq!(id.0.to_string().parse::<JobId>(), Ok(id), "a bare UUID is accepted too");
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_both_named() {
        let error = BatchId::generate().to_string().parse::<JobId>().unwrap_err().to_string();
        assert!(error.contains("`batch_") && error.contains("not a job id"), "{error}");
    }
}
