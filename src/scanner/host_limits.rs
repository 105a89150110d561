//! Politeness towards hosts: how many requests at a time an address gets, and when a host asks for none.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// The most hosts whose wish to be left alone is remembered.
const MAX_SILENCED: usize = 20_000;

/// The longest that a wish to be left alone is heeded.
const MAX_SILENCE: Duration = Duration::from_secs(3_600);

/// Shared by all scans: many names live at one address, and all of them together must not overrun it.
pub(super) struct HostLimits {
    per_address: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    addresses: HashMap<IpAddr, Entry>,
    silenced: HashMap<String, Instant>,
}

/// An address in use; it is forgotten when nobody uses it or waits for it.
struct Entry {
    semaphore: Arc<Semaphore>,
    users: usize,
}

/// The right to send one request to an address, until dropped.
pub(super) struct AddressPermit {
    _permit: OwnedSemaphorePermit,
    _user: User,
}

/// One scan that uses an address or waits for it.
struct User {
    limits: Arc<HostLimits>,
    address: IpAddr,
}

impl HostLimits {
    /// Limits with so many requests at a time to each address.
    pub(super) fn new(per_address: usize) -> Arc<Self> {
        Arc::new(Self { per_address, state: Mutex::default() })
    }

    /// Waits until an address may have one more request. Of several addresses of one name the least stands for
    /// all, so that names which share them share their limit.
    pub(super) async fn acquire(self: &Arc<Self>, addresses: &[SocketAddr]) -> Option<AddressPermit> {
        let address = addresses.iter().map(SocketAddr::ip).min()?;
        let (semaphore, user) = self.enter(address);
        let permit = semaphore.acquire_owned().await.ok()?;
        Some(AddressPermit { _permit: permit, _user: user })
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> (Arc<Semaphore>, User) {
        let mut state = self.state();
        let entry = state
            .addresses
            .entry(address)
            .or_insert_with(|| Entry { semaphore: Arc::new(Semaphore::new(self.per_address)), users: 0 });
        entry.users += 1;
        (Arc::clone(&entry.semaphore), User { limits: Arc::clone(self), address })
    }

    /// Remembers that a host wants no request for a while.
    pub(super) fn silence(&self, host: &str, wait: Duration) {
        let now = Instant::now();
        let mut state = self.state();
        if state.silenced.len() >= MAX_SILENCED {
            state.silenced.retain(|_, until| *until > now);
        }
        if state.silenced.len() < MAX_SILENCED {
            state.silenced.insert(host.to_owned(), now + wait.min(MAX_SILENCE));
        }
    }

    /// How long a host still wants no request.
    pub(super) fn silence_left(&self, host: &str) -> Option<Duration> {
        let mut state = self.state();
        let left = state.silenced.get(host)?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            state.silenced.remove(host);
            return None;
        }
        Some(left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single step, so a state that a panic left behind is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut state = self.limits.state();
        if let Some(entry) = state.addresses.get_mut(&self.address) {
            entry.users -= 1;
            if entry.users == 0 {
                state.addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 0))
    }

    #[tokio::test]
    async fn an_address_gets_no_more_requests_than_its_limit_and_another_is_not_delayed() {
        let limits = HostLimits::new(2);
        let first = limits.acquire(&[address(1), address(9)]).await;
        let _second = limits.acquire(&[address(9), address(1)]).await;
        assert!(limits.acquire(&[address(1)]).now_or_never().is_none());
        assert!(limits.acquire(&[address(2)]).now_or_never().is_some());
        drop(first);
        assert!(limits.acquire(&[address(1)]).now_or_never().is_some());
    }

    #[tokio::test]
    async fn an_address_out_of_use_is_forgotten_even_when_a_waiter_gave_up() {
        let limits = HostLimits::new(1);
        let permit = limits.acquire(&[address(1)]).await;
        assert!(limits.acquire(&[address(1)]).now_or_never().is_none());
        drop(permit);
        assert!(limits.state().addresses.is_empty());
    }

    #[tokio::test]
    async fn a_silenced_host_is_left_alone_until_its_time_is_over() {
        let limits = HostLimits::new(1);
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
