//! One visit to one site: every request of a scan goes through here, so that guard, robots.txt, pace and limits hold
//! for each of them and for each redirect hop.

use std::{collections::HashMap, sync::Arc, time::Duration};

use reqwest::header::{COOKIE, HeaderMap};
use tokio::time::Instant;
use url::{Host, Url};

use super::{
    Shared,
    answer::{Answer, Redirect},
    cookies::Cookies,
    failure,
    host_limits::Permit,
    pace,
    revisit::Condition,
    robots::{MAX_ROBOTS_BYTES, Robots},
    scan_clock::ScanClock,
};
use crate::model::{ScanError, ScanErrorCode as Code, ScanOptions};

/// A longer address than any browser or server takes.
const MAX_URL_BYTES: usize = 8 << 10;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Robots,
    Page,
    Sitemap,
    Image,
}

impl Purpose {
    const fn accept(self) -> &'static str {
        match self {
            Self::Robots => "text/plain,*/*;q=0.5",
            Self::Page => "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            Self::Sitemap => "application/xml,text/xml,text/plain;q=0.9,*/*;q=0.8",
            Self::Image => "image/*,*/*;q=0.5",
        }
    }
}

/// What the robots.txt of an origin says.
#[derive(Clone)]
struct OriginRules {
    robots: Robots,
    /// Where it was found, after redirects.
    url: Url,
}

/// The state of one scan's visit.
pub(super) struct Visit<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) options: &'a ScanOptions,
    pub(super) clock: &'a ScanClock,
    /// The page that is known already, if there is one.
    pub(super) condition: Option<Condition<'a>>,
    rules: HashMap<String, Result<OriginRules, ScanError>>,
    cookies: Cookies,
}

impl<'a> Visit<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>, options: &'a ScanOptions, clock: &'a ScanClock) -> Self {
        Self { shared, options, clock, condition: None, rules: HashMap::new(), cookies: Cookies::default() }
    }

    /// Requests a URL and follows its redirects, each hop checked like the first.
    pub(super) async fn get(&mut self, start: &Url, purpose: Purpose) -> Result<Answer, ScanError> {
        let mut url = start.clone();
        url.set_fragment(None);
        let mut redirects: Vec<Redirect> = Vec::new();
        loop {
            let mut answer = match self.request(&url, purpose).await {
                Err(error) if !redirects.is_empty() => return Err(after_redirects(error, start)),
                other => other?,
            };
            if self.lacks_its_page(&answer) {
                self.condition = None;
                continue;
            }
            let Some(target) = answer.redirect_target() else {
                answer.redirects = redirects;
                return Ok(answer);
            };
            // With a new cookie the same address may answer differently.
            let is_new_try = self.cookies.keep(host(&url), answer.headers());
            redirects.push(Redirect { url, status: answer.status() });
            self.check_chain(start, &redirects, &target, is_new_try)?;
            url = target;
        }
    }

    async fn request(&mut self, url: &Url, purpose: Purpose) -> Result<Answer, ScanError> {
        self.admit(url, purpose).await?;
        self.send(url, purpose).await
    }

    /// Whether an answer says "unchanged" of a version of the page that is not the known one.
    fn lacks_its_page(&self, answer: &Answer) -> bool {
        let condition = self.condition.as_ref().filter(|_| answer.is_unchanged);
        condition.is_some_and(|condition| condition.is_contradicted_by(answer.headers()))
    }

    fn check_chain(
        &self,
        start: &Url,
        redirects: &[Redirect],
        target: &Url,
        is_new_try: bool,
    ) -> Result<(), ScanError> {
        if target.as_str().len() > MAX_URL_BYTES {
            let problem = format!("{start} redirects to an address of {} bytes.", target.as_str().len());
            return Err(ScanError::new(Code::InvalidResponse, problem));
        }
        let limit = self.shared.settings.max_redirects;
        let problem = if !is_new_try && redirects.iter().any(|hop| hop.url == *target) {
            format!("{start} redirects in a loop, back to {target}.")
        } else if redirects.len() > limit {
            format!("{start} redirects more than {limit} times.")
        } else {
            return Ok(());
        };
        Err(ScanError::new(Code::TooManyRedirects, problem))
    }

    /// Everything that must hold before a URL is requested.
    async fn admit(&mut self, url: &Url, purpose: Purpose) -> Result<(), ScanError> {
        self.shared.guard.check_url(url).map_err(|reason| failure::blocked(url, &reason))?;
        if let Some(left) = self.shared.limits.silence_left(host(url)) {
            let message = format!("{url} asked for no requests for another {} seconds.", left.as_secs() + 1);
            return Err(ScanError { retry_after: Some(left), ..ScanError::new(Code::RateLimited, message) });
        }
        let mut pause = self.shared.settings.host_pause;
        if purpose != Purpose::Robots && self.options.respect_robots {
            let robots = self.robots(url).await?;
            if !robots.allows(url) {
                let problem = format!("The robots.txt of the site does not allow {url}.");
                return Err(ScanError::new(Code::RobotsDisallowed, problem));
            }
            pause = pause.max(robots.crawl_delay().unwrap_or_default());
        }
        self.keep_pace(url, pause).await
    }

    /// Keeps the pause between requests to a host, whichever scan sent the one before; when the time of the scan is too
    /// short for it, the request is left out.
    async fn keep_pace(&self, url: &Url, pause: Duration) -> Result<(), ScanError> {
        let turn = self.shared.limits.host_pace.take(host(url), pause, self.clock.deadline());
        let turn = turn.map_err(|turn| {
            let wait = turn.saturating_duration_since(Instant::now());
            let message = format!(
                "Requests to {} are kept apart, and the next may go in {} seconds; there was no time left for {url}.",
                host(url),
                wait.as_secs() + 1
            );
            ScanError { retry_after: Some(wait), ..ScanError::new(Code::DeadlineExceeded, message) }
        })?;
        pace::wait_for(turn).await;
        Ok(())
    }

    async fn send(&self, url: &Url, purpose: Purpose) -> Result<Answer, ScanError> {
        let permit = self.permit(url).await?;
        let started = Instant::now();
        let timeout = self.shared.settings.request_timeout;
        let condition =
            self.condition.as_ref().filter(|known| purpose == Purpose::Page && known.is_about(url));
        let headers = self.headers(url, condition);
        let response = self.shared.client.get(url, purpose.accept(), headers, timeout).await;
        let response = response.map_err(|error| failure::request_failure(&error, url))?;
        let mut answer = Answer::new(url.clone(), response, started.elapsed(), permit);
        answer.is_unchanged = condition.is_some() && answer.status() == 304;
        if matches!(answer.status(), 429 | 503)
            && let Some(wait) = self.retry_after(&answer)
        {
            self.shared.limits.silence(host(url), wait);
        }
        Ok(answer)
    }

    fn headers(&self, url: &Url, condition: Option<&Condition<'_>>) -> HeaderMap {
        let cookies = self.cookies.header(host(url)).map(|cookies| (COOKIE, cookies));
        cookies.into_iter().chain(condition.into_iter().flat_map(Condition::headers)).collect()
    }

    pub(super) fn retry_after(&self, answer: &Answer) -> Option<Duration> {
        answer.retry_after(self.shared.time.now())
    }

    /// Waits for a turn at the address; none is needed where the settings prescribe the address.
    async fn permit(&self, url: &Url) -> Result<Option<Permit>, ScanError> {
        if self.shared.client.is_overridden() {
            return Ok(None);
        }
        let addresses = match url.host() {
            Some(Host::Ipv4(v4)) => vec![(v4, 0).into()],
            Some(Host::Ipv6(v6)) => vec![(v6, 0).into()],
            _ => self.resolve(url).await?,
        };
        Ok(self.clock.pause(self.shared.limits.acquire(host(url), &addresses)).await)
    }

    /// The addresses that a URL's host leads to, at least one.
    pub(super) async fn resolve(&self, url: &Url) -> Result<Vec<std::net::SocketAddr>, ScanError> {
        let found = self.shared.client.addresses(host(url)).await;
        found.map_err(|error| failure::lookup_failure(&error, url))
    }

    /// What the robots.txt for a URL says, read once for each origin. It fails when the file cannot be reached:
    /// RFC 9309 takes that for a prohibition.
    pub(super) async fn robots(&mut self, url: &Url) -> Result<&Robots, ScanError> {
        let origin = url.origin().ascii_serialization();
        if !self.rules.contains_key(&origin) {
            let rules = Box::pin(self.read_robots(url)).await;
            if let Ok(found) = &rules
                && found.url.path() == "/robots.txt"
            {
                self.rules.entry(found.url.origin().ascii_serialization()).or_insert_with(|| rules.clone());
            }
            self.rules.insert(origin.clone(), rules);
        }
        match self.rules.get(&origin) {
            Some(Ok(rules)) => Ok(&rules.robots),
            Some(Err(error)) => Err(error.clone()),
            None => Err(ScanError::new(Code::Internal, format!("The robots.txt for {url} got lost."))),
        }
    }

    async fn read_robots(&mut self, url: &Url) -> Result<OriginRules, ScanError> {
        let mut address = url.clone();
        address.set_path("/robots.txt");
        address.set_query(None);
        let allow_all = |url| Ok(OriginRules { robots: Robots::allow_all(), url });
        let mut answer = match self.get(&address, Purpose::Robots).await {
            Err(error) if error.code == Code::TooManyRedirects => return allow_all(address),
            other => other?,
        };
        match answer.status() {
            200..=299 => {}
            429 | 500.. => return Err(self.status_error(&answer)),
            _ => return allow_all(answer.url),
        }
        let body = answer.body(MAX_ROBOTS_BYTES + 1).await?;
        Ok(OriginRules { robots: Robots::parse(&body.bytes, &self.shared.product), url: answer.url })
    }

    /// The sitemaps that the robots.txt for a URL names; none where it cannot be read.
    pub(super) async fn robots_sitemaps(&mut self, url: &Url) -> Vec<Url> {
        if self.robots(url).await.is_err() {
            return Vec::new();
        }
        match self.rules.get(&url.origin().ascii_serialization()) {
            Some(Ok(rules)) => rules.robots.sitemaps(&rules.url).collect(),
            _ => Vec::new(),
        }
    }

    /// The failure that an answer's status means.
    pub(super) fn status_error(&self, answer: &Answer) -> ScanError {
        failure::status_failure(answer.status(), self.retry_after(answer), &answer.url).unwrap_or_else(|| {
            ScanError::new(
                Code::InvalidResponse,
                format!("{} answered with status {}.", answer.url, answer.status()),
            )
        })
    }
}

/// A failure at the end of a chain of redirects, which says where the chain began.
fn after_redirects(mut error: ScanError, start: &Url) -> ScanError {
    error.message = format!("{} It was led to from {start}.", error.message);
    error
}

/// The host of a URL that the guard has let pass.
fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}
