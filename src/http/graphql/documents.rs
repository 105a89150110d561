//! Documents that a client names instead of sending: trusted ones from a manifest, and automatic persisted queries.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::{ServerError, Value};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    error::{self, Code},
    request::GraphqlParams,
};

/// The most bytes of persisted queries that are kept; the longest unused are forgotten first.
const PERSISTED_BYTES: usize = 4 << 20;
/// The most persisted queries that are kept.
const PERSISTED_COUNT: usize = 1_000;

/// Why the trusted documents cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("the manifest {0} cannot be read: {1}")]
    File(PathBuf, io::Error),
    /// The file is not a manifest.
    #[error("the manifest {0} is neither an object of documents by id nor an Apollo manifest: {1}")]
    Format(PathBuf, serde_json::Error),
}

/// All documents that can be named.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    trusted: HashMap<String, Arc<str>>,
    only_trusted: bool,
    persisted: Mutex<Persisted>,
}

/// A document, and the hash under which it is to be kept once it has passed all checks.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The document.
    pub(crate) query: String,
    hash: Option<String>,
}

/// The two formats of manifests: Relay's and GraphQL Code Generator's, and Apollo's.
#[derive(Deserialize)]
#[serde(untagged)]
enum Manifest {
    Apollo { operations: Vec<ApolloOperation> },
    ById(HashMap<String, String>),
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Documents {
    /// Reads the manifest, if there is one. With `only_trusted` nothing else is run.
    ///
    /// # Errors
    /// When the file cannot be read or is not a manifest.
    pub(crate) fn read(manifest: Option<&Path>, only_trusted: bool) -> Result<Self, ManifestError> {
        let mut documents = Self { only_trusted, ..Self::default() };
        if let Some(path) = manifest {
            let text = fs::read(path).map_err(|error| ManifestError::File(path.to_owned(), error))?;
            let manifest = serde_json::from_slice(&text);
            let manifest = manifest.map_err(|error| ManifestError::Format(path.to_owned(), error))?;
            let pairs: Vec<_> = match manifest {
                Manifest::ById(documents) => documents.into_iter().collect(),
                Manifest::Apollo { operations } => {
                    operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
                }
            };
            documents.trusted =
                pairs.into_iter().map(|(id, body)| (bare(&id).to_owned(), body.into())).collect();
        }
        Ok(documents)
    }

    /// The document that a request sends or names.
    ///
    /// # Errors
    /// When it is not known, not trusted, or not the one that its hash says.
    pub(crate) fn resolve(&self, params: &mut GraphqlParams) -> Result<Resolved, ServerError> {
        let query = params.query.take().filter(|query| !query.trim().is_empty());
        let hash = persisted_hash(params)?;
        match (query, params.document_id.take().or_else(|| hash.clone())) {
            (None, None) => Err(error::error(Code::BadUserInput, "The request has no `query`.")),
            (Some(_), _) if self.only_trusted => Err(not_trusted()),
            (Some(query), None) => Ok(Resolved { query, hash: None }),
            (Some(query), Some(_)) => match hash {
                Some(hash) => check_hash(query, hash),
                None => Err(error::error(
                    Code::BadUserInput,
                    "The request has both a `query` and a `documentId`.",
                )),
            },
            (None, Some(id)) => self.named(&id).ok_or_else(not_found),
        }
    }

    fn named(&self, id: &str) -> Option<Resolved> {
        let trusted = self.trusted.get(bare(id)).cloned();
        let found = trusted.or_else(|| if self.only_trusted { None } else { self.lock().get(bare(id)) })?;
        Some(Resolved { query: found.to_string(), hash: None })
    }

    /// Keeps a document that came with its hash.
    pub(crate) fn keep(&self, resolved: &Resolved) {
        if let Some(hash) = &resolved.hash {
            self.lock().insert(hash.clone(), resolved.query.as_str().into());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Persisted> {
        self.persisted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids are hashes, and some tools say which.
fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// The hash of Apollo's protocol, `extensions.persistedQuery`.
fn persisted_hash(params: &GraphqlParams) -> Result<Option<String>, ServerError> {
    let Some(extension) =
        params.extensions.get("persistedQuery").filter(|extension| **extension != Value::Null)
    else {
        return Ok(None);
    };
    let Value::Object(extension) = extension else { return Err(bad_extension()) };
    match (extension.get("version"), extension.get("sha256Hash")) {
        (Some(Value::Number(version)), Some(Value::String(hash))) if version.as_u64() == Some(1) => {
            Ok(Some(hash.to_ascii_lowercase()))
        }
        _ => Err(bad_extension()),
    }
}

fn check_hash(query: String, hash: String) -> Result<Resolved, ServerError> {
    if format!("{:x}", Sha256::digest(&query)) == hash {
        Ok(Resolved { query, hash: Some(hash) })
    } else {
        Err(error::error(Code::BadUserInput, "The `sha256Hash` is not that of the `query`."))
    }
}

fn bad_extension() -> ServerError {
    let message = "The extension `persistedQuery` must have the `version` 1 and a `sha256Hash`.";
    error::error(Code::BadUserInput, message)
}

fn not_trusted() -> ServerError {
    error::error(Code::Forbidden, "Only trusted documents are run here; send a `documentId` and no `query`.")
}

/// Clients know this message, and then send the document with its hash.
fn not_found() -> ServerError {
    error::error(Code::PersistedQueryNotFound, "PersistedQueryNotFound")
}

/// Persisted queries by hash, and when each was last used.
#[derive(Debug, Default)]
struct Persisted {
    documents: HashMap<String, (Arc<str>, u64)>,
    bytes: usize,
    uses: u64,
}

impl Persisted {
    fn get(&mut self, hash: &str) -> Option<Arc<str>> {
        self.uses += 1;
        let (document, used) = self.documents.get_mut(hash)?;
        *used = self.uses;
        Some(Arc::clone(document))
    }

    fn insert(&mut self, hash: String, document: Arc<str>) {
        self.uses += 1;
        self.bytes += document.len();
        if let Some((replaced, _)) = self.documents.insert(hash, (document, self.uses)) {
            self.bytes -= replaced.len();
        }
        while self.bytes > PERSISTED_BYTES || self.documents.len() > PERSISTED_COUNT {
            let oldest =
                self.documents.iter().min_by_key(|(_, (_, used))| *used).map(|(hash, _)| hash.clone());
            let Some((document, _)) = oldest.and_then(|hash| self.documents.remove(&hash)) else { return };
            self.bytes -= document.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persisted_queries_are_bounded_and_the_unused_are_forgotten() {
        let mut persisted = Persisted::default();
        for number in 0..PERSISTED_COUNT + 10 {
            persisted.insert(number.to_string(), "{ a }".into());
            persisted.get("0").expect("it is in use");
        }
        assert_eq!(persisted.documents.len(), PERSISTED_COUNT);
        assert_eq!(persisted.get("1"), None);
        persisted.insert("long".to_owned(), "x".repeat(PERSISTED_BYTES - 5).into());
        assert_eq!(persisted.documents.len(), 2);
        persisted.insert("long".to_owned(), "{ a }".into());
        assert_eq!(persisted.bytes, 10);
    }
}
