//! The cookies of one scan. Some sites set one and redirect to the same address until it comes back.

use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// The most cookies that are kept of one site; more would be an attempt to fill memory.
const MAX_COOKIES: usize = 30;

/// The longest cookie that is kept.
const MAX_COOKIE_BYTES: usize = 4_096;

/// The cookies that hosts have set during one scan. Each goes back to the host that set it, and to no other.
#[derive(Debug, Default)]
pub(super) struct Cookies(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

impl Cookies {
    /// Keeps the cookies of an answer. Tells whether that changed anything.
    pub(super) fn keep(&mut self, host: &str, headers: &HeaderMap) -> bool {
        let set = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        // Not `any`, which would stop at the first change.
        set.filter(|cookie| self.set(host, cookie)).count() > 0
    }

    fn set(&mut self, host: &str, cookie: &str) -> bool {
        let pair = cookie.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return false };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || pair.len() > MAX_COOKIE_BYTES {
            return false;
        }
        let cookie = Cookie { host: host.to_owned(), name: name.to_owned(), value: value.to_owned() };
        match self.0.iter().position(|known| known.host == host && known.name == name) {
            Some(place) if self.0[place].value == value => return false,
            Some(place) => self.0[place] = cookie,
            None if self.0.len() >= MAX_COOKIES => return false,
            None => self.0.push(cookie),
        }
        true
    }

    /// The `Cookie` header for a request to a host; none when it has set no cookie.
    pub(super) fn header(&self, host: &str) -> Option<HeaderValue> {
        let own = self.0.iter().filter(|cookie| cookie.host == host);
        let pairs: Vec<String> = own.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if pairs.is_empty() { None } else { HeaderValue::from_str(&pairs.join("; ")).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        cookies.iter().map(|cookie| (SET_COOKIE, HeaderValue::from_str(cookie).unwrap())).collect()
    }

    #[test]
    fn a_cookie_goes_back_to_its_own_host_without_its_attributes() {
        let mut cookies = Cookies::default();
        assert!(cookies.keep("a.test", &headers(&["id=1; Path=/; HttpOnly", "lang = de", "nonsense", "=x"])));
        assert_eq!(cookies.header("a.test").unwrap(), "id=1; lang=de");
        assert_eq!(cookies.header("b.test"), None);
        assert!(!cookies.keep("a.test", &headers(&["id=1"])));
        assert!(cookies.keep("a.test", &headers(&["id=1", "lang=en"])));
        assert_eq!(cookies.header("a.test").unwrap(), "id=1; lang=en");
    }

    #[test]
    fn cookies_without_number_or_length_are_not_kept() {
        let mut cookies = Cookies::default();
        for number in 0..1_000 {
            cookies.keep("a.test", &headers(&[&format!("c{number}=1")]));
        }
        cookies.keep("b.test", &headers(&[&format!("c={}", "x".repeat(MAX_COOKIE_BYTES))]));
        assert_eq!(cookies.0.len(), MAX_COOKIES);
        assert_eq!(cookies.header("b.test"), None);
    }
}
