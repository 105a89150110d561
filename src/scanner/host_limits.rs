//! Politeness towards hosts: how many requests at a time a host and an address get, how close they follow one another,
//! and when a host asks for none.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    pace::{self, Pace},
    slots::{Slot, Slots},
};
use crate::config::ScannerSettings;

/// The most hosts whose wish to be left alone is remembered.
const MAX_SILENCED: usize = 20_000;

/// The longest that a wish to be left alone is heeded.
const MAX_SILENCE: Duration = Duration::from_secs(3_600);

/// Shared by all scans: many names live at one address or lead to one host, and all of them together must not overrun
/// it.
pub(super) struct HostLimits {
    hosts: Arc<Slots<String>>,
    addresses: Arc<Slots<IpAddr>>,
    /// The pauses that hosts ask for.
    pub host_pace: Pace<String>,
    address_pace: Pace<IpAddr>,
    max_per_address: usize,
    max_rate_per_address: u32,
    address_pause: Mutex<Duration>,
    silenced: Mutex<HashMap<String, Instant>>,
}

/// The right to send one request, until dropped.
pub(super) struct Permit {
    _host: Slot<String>,
    _address: Slot<IpAddr>,
}

impl HostLimits {
    /// Limits as the settings have them.
    pub(super) fn new(settings: &ScannerSettings) -> Self {
        Self {
            hosts: Slots::new(settings.max_requests_per_host),
            addresses: Slots::new(settings.max_requests_per_address),
            host_pace: Pace::default(),
            address_pace: Pace::default(),
            max_per_address: settings.max_requests_per_address,
            max_rate_per_address: settings.max_request_rate_per_address,
            address_pause: Mutex::new(Duration::from_secs(1) / settings.max_request_rate_per_address),
            silenced: Mutex::default(),
        }
    }

    /// Keeps to one part of the limits for addresses of so many. Less than one request at a time is not possible.
    pub(super) fn share_addresses(&self, parts: usize) {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
        let pause = (Duration::from_secs(1) / self.max_rate_per_address).saturating_mul(parts);
        *lock(&self.address_pause) = pause;
        self.address_pace.change_all(pause);
        self.addresses.change_all((self.max_per_address / parts as usize).max(1));
    }

    /// Waits until a host and its address may have one more request. Of several addresses of one name the least
    /// stands for all, so that names which share them share their limit.
    pub(super) async fn acquire(&self, host: &str, addresses: &[SocketAddr]) -> Option<Permit> {
        let address = addresses.iter().map(SocketAddr::ip).min()?;
        // Everybody takes the two in this order, so nobody waits for each other in a circle.
        let host = self.hosts.acquire(host.to_owned()).await?;
        let permit = Permit { _host: host, _address: self.addresses.acquire(address).await? };
        let never = Instant::now() + MAX_SILENCE;
        let pause = *lock(&self.address_pause);
        let turn = self.address_pace.take(&address, pause, never).unwrap_or_else(|late| late);
        pace::wait_for(turn).await;
        Some(permit)
    }

    /// Remembers that a host wants no request for a while.
    pub(super) fn silence(&self, host: &str, wait: Duration) {
        let now = Instant::now();
        let mut silenced = lock(&self.silenced);
        if silenced.len() >= MAX_SILENCED {
            silenced.retain(|_, until| *until > now);
        }
        if silenced.len() < MAX_SILENCED {
            silenced.insert(host.to_owned(), now + wait.min(MAX_SILENCE));
        }
    }

    /// How long a host still wants no request.
    pub(super) fn silence_left(&self, host: &str) -> Option<Duration> {
        let mut silenced = lock(&self.silenced);
        let left = silenced.get(host)?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            silenced.remove(host);
            return None;
        }
        Some(left)
    }
}

/// Every change is a single step, so a state that a panic left behind is whole.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 0))
    }

    fn limits(per_host: usize, per_address: usize) -> HostLimits {
        HostLimits::new(&ScannerSettings {
            max_requests_per_host: per_host,
            max_requests_per_address: per_address,
            max_request_rate_per_address: 1_000_000_000,
            ..ScannerSettings::default()
        })
    }

    #[tokio::test]
    async fn an_address_gets_no_more_requests_than_its_limit_and_another_is_not_delayed() {
        let limits = limits(9, 2);
        let first = limits.acquire("a.test", &[address(1), address(9)]).await;
        let _second = limits.acquire("b.test", &[address(9), address(1)]).await;
        assert!(limits.acquire("c.test", &[address(1)]).now_or_never().is_none());
        assert!(limits.acquire("c.test", &[address(2)]).now_or_never().is_some());
        drop(first);
        assert!(limits.acquire("c.test", &[address(1)]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_host_gets_no_more_requests_than_its_limit_at_whatever_address() {
        let limits = limits(1, 9);
        let first = limits.acquire("a.test", &[address(1)]).await;
        assert!(limits.acquire("a.test", &[address(2)]).now_or_never().is_none());
        assert!(limits.acquire("b.test", &[address(1)]).now_or_never().is_some());
        drop(first);
        assert!(limits.acquire("a.test", &[address(2)]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn requests_to_one_address_follow_one_another_at_its_rate_and_other_addresses_do_not_wait() {
        let settings = ScannerSettings { max_request_rate_per_address: 20, ..ScannerSettings::default() };
        let limits = HostLimits::new(&settings);
        let began = Instant::now();
        for name in ["a.test", "b.test", "c.test"] {
            limits.acquire(name, &[address(1)]).await;
            limits.acquire(name, &[address(2)]).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(100));
        assert!(limits.acquire("d.test", &[address(1)]).now_or_never().is_none());
        assert!(limits.acquire("d.test", &[address(3)]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_is_out_of_use_is_forgotten_even_when_a_waiter_gave_up() {
        let limits = limits(1, 1);
        let permit = limits.acquire("a.test", &[address(1)]).await;
        assert!(limits.acquire("a.test", &[address(1)]).now_or_never().is_none());
        assert!(limits.acquire("b.test", &[address(1)]).now_or_never().is_none());
        drop(permit);
        assert!(limits.addresses.is_empty() && limits.hosts.is_empty());
    }

    #[tokio::test]
    async fn of_shared_limits_each_takes_its_part_from_the_next_request_on() {
        let limits = limits(9, 4);
        let acquire = async |name: &str| limits.acquire(name, &[address(1)]).await;
        let mut permits = Vec::new();
        for name in ["a.test", "b.test", "c.test"] {
            permits.push(acquire(name).await);
        }
        limits.share_addresses(2);
        for _ in 0..2 {
            assert!(acquire("d.test").now_or_never().is_none());
            permits.pop();
        }
        assert!(acquire("d.test").now_or_never().is_some(), "two at a time of four");
        limits.share_addresses(9);
        assert!(acquire("d.test").now_or_never().is_none());
        permits.pop();
        assert!(acquire("d.test").now_or_never().is_some(), "at least one");
        limits.share_addresses(1);
        for name in ["a.test", "b.test", "c.test", "d.test"] {
            permits.push(acquire(name).now_or_never().unwrap());
        }
        assert!(acquire("e.test").now_or_never().is_none());
    }

    #[tokio::test]
    async fn who_shares_the_rate_of_an_address_pauses_as_much_longer_and_no_longer_than_that() {
        let settings = ScannerSettings { max_request_rate_per_address: 20, ..ScannerSettings::default() };
        let limits = HostLimits::new(&settings);
        let acquire = async || limits.acquire("a.test", &[address(1)]).await;
        limits.share_addresses(4);
        let began = Instant::now();
        acquire().await;
        acquire().await;
        assert!(began.elapsed() >= Duration::from_millis(200));
        limits.share_addresses(1);
        let began = Instant::now();
        for _ in 0..4 {
            acquire().await;
        }
        assert!(began.elapsed() < Duration::from_millis(600), "one long pause and two short ones");
    }

    #[tokio::test]
    async fn a_silenced_host_is_left_alone_until_its_time_is_over() {
        let limits = limits(1, 1);
        limits.silence("a.test", Duration::from_millis(30));
        limits.silence("long.test", Duration::from_secs(1_000_000));
        assert!(limits.silence_left("a.test").is_some());
        assert!(limits.silence_left("long.test").is_some_and(|left| left <= MAX_SILENCE));
        assert_eq!(limits.silence_left("b.test"), None);
        while limits.silence_left("a.test").is_some() {
            tokio::task::yield_now().await;
        }
    }
}
