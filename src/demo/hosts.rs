//! The virtual hosts: every file of every site, made once at the start.

use std::{
    collections::HashMap,
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};

use super::{
    page::SiteView,
    pictures,
    site::{FoundBy, Icon, Site, TableError, Tables, Trouble},
    sitemaps,
};

/// The sites by the name in the `Host` header.
pub(super) type Hosts = HashMap<String, Host>;

/// One site as it is served.
#[derive(Debug)]
pub(super) struct Host {
    files: HashMap<String, File>,
    /// What every answer carries.
    headers: HeaderMap,
    missing: File,
    pub(super) latency: Duration,
    trouble: Option<Trouble>,
    was_visited: AtomicBool,
    root: String,
}

#[derive(Debug, Clone)]
struct File {
    media_type: HeaderValue,
    bytes: Bytes,
}

/// An answer about to be sent.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Makes the hosts of all sites; `speed` divides the time that they take.
pub(super) fn build(tables: &Tables, speed: u32) -> io::Result<Hosts> {
    let mut hosts = Hosts::new();
    for site in &tables.sites {
        let name = site.host().map_err(invalid)?;
        hosts.insert(name.clone(), Host::new(tables, site, name, speed)?);
    }
    Ok(hosts)
}

fn invalid(error: TableError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl Host {
    fn new(tables: &Tables, site: &Site, name: String, speed: u32) -> io::Result<Self> {
        let www = if site.trouble == Some(Trouble::MovedToWww) { "www." } else { "" };
        let view = SiteView {
            site,
            root: format!("http://{www}{name}"),
            host: name,
            words: tables.words(site).map_err(invalid)?,
            marks: tables.marks(site).map_err(invalid)?,
        };
        let mut headers = HeaderMap::new();
        for (key, value) in view.marks.iter().flat_map(|marks| &marks.headers) {
            let key = HeaderName::try_from(key).map_err(io::Error::other)?;
            headers.append(key, HeaderValue::from_str(value).map_err(io::Error::other)?);
        }
        Ok(Self {
            files: files(&view)?,
            headers,
            missing: page(
                site,
                &format!("<!doctype html><title>404</title><h1>404</h1><p>{}", site.company),
            )?,
            latency: Duration::from_millis(site.latency_ms) / speed.max(1),
            trouble: site.trouble.clone(),
            was_visited: AtomicBool::new(false),
            root: view.root,
        })
    }

    /// The answer for a path, asked for by the site's name or, with `is_www`, by its `www.` host.
    pub(super) fn answer(&self, path: &str, is_www: bool) -> Answer {
        match &self.trouble {
            Some(Trouble::NotFound) if path == "/" => self.send(StatusCode::NOT_FOUND, &self.missing),
            Some(Trouble::LeadsTo(target)) if path == "/" => self.redirect(target),
            Some(Trouble::MovedToWww) if !is_www => self.redirect(&format!("{}{path}", self.root)),
            Some(Trouble::BusyAtFirst(seconds))
                if path == "/" && !self.was_visited.swap(true, Ordering::Relaxed) =>
            {
                let mut answer = self.send(StatusCode::SERVICE_UNAVAILABLE, &self.missing);
                answer.headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
                answer
            }
            _ => match self.files.get(path) {
                Some(file) => self.send(StatusCode::OK, file),
                None => self.send(StatusCode::NOT_FOUND, &self.missing),
            },
        }
    }

    fn send(&self, status: StatusCode, file: &File) -> Answer {
        let mut headers = self.headers.clone();
        headers.insert(header::CONTENT_TYPE, file.media_type.clone());
        Answer { status, headers, body: file.bytes.clone() }
    }

    fn redirect(&self, target: &str) -> Answer {
        let mut headers = self.headers.clone();
        if let Ok(target) = HeaderValue::from_str(target) {
            headers.insert(header::LOCATION, target);
        }
        Answer { status: StatusCode::MOVED_PERMANENTLY, headers, body: Bytes::new() }
    }
}

fn files(view: &SiteView<'_>) -> io::Result<HashMap<String, File>> {
    let site = view.site;
    let mut files = HashMap::new();
    files.insert("/".to_owned(), page(site, &view.homepage().map_err(invalid)?)?);
    let contact = page(site, &view.contact_page())?;
    files.insert(view.words.about_path.clone(), contact.clone());
    files.insert(view.words.contact_path.clone(), contact);
    files.insert("/robots.txt".to_owned(), file("text/plain", robots(view)));
    files.insert("/logo.svg".to_owned(), file("image/svg+xml", pictures::svg(&site.color, &site.company)));
    match site.icon {
        Icon::Png => files.insert("/icon-32.png".to_owned(), file("image/png", pictures::png(&site.color)?)),
        Icon::Ico => {
            files.insert("/favicon.ico".to_owned(), file("image/x-icon", pictures::ico(&site.color)?))
        }
        Icon::Svg => {
            let icon = pictures::svg(&site.color, &site.company);
            files.insert("/icon.svg".to_owned(), file("image/svg+xml", icon))
        }
        Icon::None => None,
    };
    if let Some(plan) = &site.sitemap {
        let maps = sitemaps::files(view, plan)?.into_iter();
        files.extend(maps.map(|(path, bytes)| (path.clone(), file(sitemap_type(&path), bytes))));
    }
    Ok(files)
}

fn file(media_type: &'static str, bytes: impl Into<Bytes>) -> File {
    File { media_type: HeaderValue::from_static(media_type), bytes: bytes.into() }
}

/// An HTML page in the encoding of its site.
fn page(site: &Site, html: &str) -> io::Result<File> {
    let encoding = match &site.charset {
        Some(label) => Encoding::for_label(label.as_bytes())
            .ok_or_else(|| invalid(site.missing("the encoding", label)))?,
        None => UTF_8,
    };
    let (bytes, _, _) = encoding.encode(html);
    let media_type = format!("text/html; charset={}", encoding.name().to_ascii_lowercase());
    let media_type = HeaderValue::try_from(media_type).map_err(io::Error::other)?;
    Ok(File { media_type, bytes: bytes.into_owned().into() })
}

fn robots(view: &SiteView<'_>) -> String {
    if view.site.trouble == Some(Trouble::Robots) {
        return "# Members only.\nUser-agent: *\nDisallow: /\n".to_owned();
    }
    let mut text = "User-agent: *\nDisallow: /search\nDisallow: /account/\n".to_owned();
    if let Some(plan) = view.site.sitemap.as_ref().filter(|plan| plan.found == FoundBy::Robots) {
        text.extend(["\nSitemap: ", &view.root, &plan.path, "\n"]);
    }
    text
}

fn sitemap_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("gz") => "application/gzip",
        Some("txt") => "text/plain",
        _ => "application/xml",
    }
}
