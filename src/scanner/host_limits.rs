//! Politeness towards hosts: how many requests at a time a host and an address get, how close they follow one another,
//! and when a host asks for none.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::pace::{self, Pace};
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
    address_pause: Duration,
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
            address_pause: Duration::from_secs(1) / settings.max_request_rate_per_address,
            silenced: Mutex::default(),
        }
    }

    /// Waits until a host and its address may have one more request. Of several addresses of one name the least
    /// stands for all, so that names which share them share their limit.
    pub(super) async fn acquire(&self, host: &str, addresses: &[SocketAddr]) -> Option<Permit> {
        let address = addresses.iter().map(SocketAddr::ip).min()?;
        // Everybody takes the two in this order, so nobody waits for each other in a circle.
        let host = self.hosts.acquire(host.to_owned()).await?;
        let permit = Permit { _host: host, _address: self.addresses.acquire(address).await? };
        let never = Instant::now() + MAX_SILENCE;
        let turn = self.address_pace.take(&address, self.address_pause, never).unwrap_or_else(|late| late);
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

/// So many places for each key, over all scans.
struct Slots<K> {
    each: usize,
    entries: Mutex<HashMap<K, Entry>>,
}

/// A key in use; it is forgotten when nobody uses it or waits for it.
struct Entry {
    semaphore: Arc<Semaphore>,
    users: usize,
}

/// A place, until dropped.
struct Slot<K: Hash + Eq> {
    _permit: OwnedSemaphorePermit,
    _user: User<K>,
}

/// One scan that uses a key or waits for it.
struct User<K: Hash + Eq> {
    slots: Arc<Slots<K>>,
    key: K,
}

impl<K: Hash + Eq + Clone> Slots<K> {
    fn new(each: usize) -> Arc<Self> {
        Arc::new(Self { each, entries: Mutex::default() })
    }

    async fn acquire(self: &Arc<Self>, key: K) -> Option<Slot<K>> {
        let (semaphore, user) = self.enter(key);
        let permit = semaphore.acquire_owned().await.ok()?;
        Some(Slot { _permit: permit, _user: user })
    }

    fn enter(self: &Arc<Self>, key: K) -> (Arc<Semaphore>, User<K>) {
        let mut entries = lock(&self.entries);
        let entry = entries
            .entry(key.clone())
            .or_insert_with(|| Entry { semaphore: Arc::new(Semaphore::new(self.each)), users: 0 });
        entry.users += 1;
        (Arc::clone(&entry.semaphore), User { slots: Arc::clone(self), key })
    }
}

impl<K: Hash + Eq> Drop for User<K> {
    fn drop(&mut self) {
        let mut entries = lock(&self.slots.entries);
        if let Some(entry) = entries.get_mut(&self.key) {
            entry.users -= 1;
            if entry.users == 0 {
                entries.remove(&self.key);
            }
        }
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
        assert!(lock(&limits.addresses.entries).is_empty() && lock(&limits.hosts.entries).is_empty());
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
