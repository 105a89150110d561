//! What reads pages, in short: two readers with one identifier find the same facts in the same page.

use std::path::Path;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::fingerprints::{self, FingerprintError};
use crate::config::ScannerSettings;

/// The identifier for the program as it was built and the settings that change what a site sends or a page yields.
pub(super) fn of(settings: &ScannerSettings) -> Result<String, FingerprintError> {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(env!("EXTRACTION_HASH").as_bytes());
    add(&settings.max_page_bytes.to_le_bytes());
    add(settings.user_agent.as_bytes());
    if let Some(directory) = &settings.fingerprints {
        for (file, text) in fingerprints::read_directory(directory)? {
            // Where the folder is mounted does not matter.
            let name = Path::new(&file).strip_prefix(directory).unwrap_or(Path::new(&file));
            add(name.as_os_str().as_encoded_bytes());
            add(text.as_bytes());
        }
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn whatever_changes_the_facts_changes_the_identifier_and_nothing_else_does() {
        let id = |settings: &ScannerSettings| of(settings).unwrap();
        let plain = ScannerSettings::default();
        let own = id(&plain);
        assert_eq!(own, id(&ScannerSettings { max_redirects: 3, ..plain.clone() }));
        assert_ne!(own, id(&ScannerSettings { max_page_bytes: 4_096, ..plain.clone() }));
        assert_ne!(own, id(&ScannerSettings { user_agent: "Other/1.0".to_owned(), ..plain.clone() }));
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let with_rules =
            |folder: &Path| id(&ScannerSettings { fingerprints: Some(folder.into()), ..plain.clone() });
        for folder in [&folder, &elsewhere] {
            fs::write(folder.path().join("a.json"), r#"{"A": {"headers": {"X-A": ""}}}"#).unwrap();
        }
        let first = with_rules(folder.path());
        assert_ne!(own, first);
        assert_eq!(first, with_rules(elsewhere.path()));
        fs::write(folder.path().join("a.json"), r#"{"A": {"headers": {"X-B": ""}}}"#).unwrap();
        assert_ne!(first, with_rules(folder.path()));
    }
}
