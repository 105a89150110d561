//! Pages under `tests/fixtures/pages`: the address, headers, an empty line, the body.

use std::{fs, path::PathBuf};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{Extracted, PageSource, extract};
use crate::{model::DomainName, scanner::fingerprints::Fingerprints};

/// A page with its address and headers.
pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Fixture {
    /// All pages, by name.
    pub(super) fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages");
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| Self::parse(&path.file_stem().unwrap().to_string_lossy(), &fs::read(&path).unwrap()))
            .collect()
    }

    fn parse(name: &str, bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let url = Url::parse(lines.next().unwrap()).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.map(|line| line.split_once(": ").unwrap()) {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Self { name: name.to_owned(), url, headers, body: bytes[end + 2..].to_vec() }
    }

    /// What the page says.
    pub(super) fn extract(&self, fingerprints: &Fingerprints) -> Extracted {
        let site = DomainName::parse(self.url.host_str().unwrap()).unwrap();
        let page = PageSource { url: &self.url, headers: &self.headers, body: &self.body };
        extract(&page, fingerprints, &site)
    }
}
