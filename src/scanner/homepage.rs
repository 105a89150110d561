//! How a name becomes an open homepage: https, then http, then the `www.` host.

use std::net::SocketAddr;

use url::Url;

use super::{
    answer::{Answer, Redirect},
    meta_refresh,
    page::{self, Page},
    visit::{Purpose, Visit},
};
use crate::model::{DomainName, JobStep, ScanError, ScanErrorCode as Code};

/// Told at each step of a scan.
pub(super) type OnStep<'a> = &'a (dyn Fn(JobStep) + Send + Sync);

/// The most pages that send on to another one in a row.
const MAX_SIGNS: usize = 2;

/// The homepage of a site.
pub(super) struct Homepage {
    pub answer: Answer,
    /// `None` when it has not changed since an earlier scan.
    pub page: Option<Page>,
    /// Whether it sends on to a page that could not be read.
    pub is_sign: bool,
}

/// Finds the homepage of a name and reads it. A page that only sends on to another counts as a redirect.
pub(super) async fn read(
    visit: &mut Visit<'_>,
    name: &DomainName,
    on_step: OnStep<'_>,
) -> Result<Homepage, ScanError> {
    let answer = open(visit, name, on_step).await?;
    let mut home = read_open(visit, answer).await?;
    for _ in 0..MAX_SIGNS {
        let Some(target) = home.target() else { break };
        home.answer.release();
        // Where the sign leads nowhere, it is still the page that the site shows.
        let Ok(next) = read_next(visit, &home.answer, &target).await else { break };
        home = next;
    }
    home.answer.release();
    home.is_sign = home.target().is_some();
    Ok(home)
}

impl Homepage {
    /// Where the page sends its visitors at once.
    fn target(&self) -> Option<Url> {
        meta_refresh::target(&self.page.as_ref()?.body.bytes, &self.answer.url)
    }
}

async fn read_open(visit: &Visit<'_>, mut answer: Answer) -> Result<Homepage, ScanError> {
    let page = if answer.is_unchanged { None } else { Some(page::read(visit, &mut answer).await?) };
    Ok(Homepage { answer, page, is_sign: false })
}

async fn read_next(visit: &mut Visit<'_>, sign: &Answer, target: &Url) -> Result<Homepage, ScanError> {
    let mut answer = open_page(visit, target).await?;
    let hop = Redirect { url: sign.url.clone(), status: sign.status() };
    answer.redirects.splice(0..0, sign.redirects.iter().cloned().chain([hop]));
    read_open(visit, answer).await
}

/// Requests a page that may be known already.
async fn open_page(visit: &mut Visit<'_>, url: &Url) -> Result<Answer, ScanError> {
    let answer = visit.get(url, Purpose::Page).await?;
    let is_page = (200..=299).contains(&answer.status()) || answer.is_unchanged;
    if is_page { Ok(answer) } else { Err(visit.status_error(&answer)) }
}

/// Finds where the site of a name is and opens its homepage.
async fn open(visit: &mut Visit<'_>, name: &DomainName, on_step: OnStep<'_>) -> Result<Answer, ScanError> {
    let mut failure: Option<ScanError> = None;
    let mut tried: Vec<SocketAddr> = Vec::new();
    for host in [name.to_string(), format!("www.{name}")] {
        let addresses = match visit.resolve(&address("https", &host)?).await {
            Ok(addresses) => addresses,
            Err(error) => {
                failure = Some(more_telling(failure, error));
                continue;
            }
        };
        if !is_worth_a_try(failure.as_ref(), &tried, &addresses) {
            break;
        }
        match open_host(visit, &host, on_step).await {
            Ok(answer) => return Ok(answer),
            Err(error) if has_answered(&error) => return Err(error),
            Err(error) => failure = Some(more_telling(failure, error)),
        }
        tried = addresses;
    }
    Err(failure
        .unwrap_or_else(|| ScanError::new(Code::Internal, format!("No address was tried for {name}."))))
}

/// Tries the schemes at one host until it has answered, with a page or with a refusal.
async fn open_host(visit: &mut Visit<'_>, host: &str, on_step: OnStep<'_>) -> Result<Answer, ScanError> {
    let mut failure: Option<ScanError> = None;
    for scheme in visit.shared.client.schemes() {
        match open_url(visit, &address(scheme, host)?, on_step).await {
            Ok(answer) => return Ok(answer),
            Err(error) if has_answered(&error) => return Err(error),
            Err(error) => failure = Some(more_telling(failure, error)),
        }
    }
    Err(failure.unwrap_or_else(|| ScanError::new(Code::Internal, format!("No scheme was tried for {host}."))))
}

async fn open_url(visit: &mut Visit<'_>, url: &Url, on_step: OnStep<'_>) -> Result<Answer, ScanError> {
    if visit.options.respect_robots {
        visit.robots(url).await?;
    }
    on_step(JobStep::Fetching);
    open_page(visit, url).await
}

fn address(scheme: &str, host: &str) -> Result<Url, ScanError> {
    Url::parse(&format!("{scheme}://{host}/"))
        .map_err(|error| ScanError::new(Code::Internal, format!("{host} makes no URL: {error}.")))
}

/// Whether the failure shows a site that works and says no, or leads where nobody may go, so that another way to it
/// would say the same. The host itself has an address by then: a name without one is where a redirect leads.
fn has_answered(error: &ScanError) -> bool {
    how_far(error.code) < how_far(Code::ConnectFailed) || how_far(error.code) == u8::MAX
}

/// A second host is tried when the first has no usable address or certificate, or when it lives elsewhere.
fn is_worth_a_try(failure: Option<&ScanError>, tried: &[SocketAddr], addresses: &[SocketAddr]) -> bool {
    match failure.map(|error| error.code) {
        None | Some(Code::DnsNotFound | Code::DnsFailed | Code::AddressBlocked | Code::TlsFailed) => true,
        Some(Code::ConnectFailed | Code::Timeout) => !addresses.iter().all(|address| tried.contains(address)),
        Some(_) => false,
    }
}

/// Of two failures the one that came further; the first of equals.
fn more_telling(first: Option<ScanError>, second: ScanError) -> ScanError {
    match first {
        Some(first) if how_far(first.code) >= how_far(second.code) => first,
        _ => second,
    }
}

/// How far a try came before it failed with this code.
const fn how_far(code: Code) -> u8 {
    match code {
        Code::DnsNotFound => 0,
        Code::DnsFailed => 1,
        Code::AddressBlocked => 2,
        Code::ConnectFailed => 3,
        Code::TlsFailed => 4,
        Code::Timeout => 5,
        Code::InvalidResponse => 6,
        Code::ConnectionReset => 7,
        _ => u8::MAX,
    }
}
