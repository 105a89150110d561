//! Bounds the memory of the pages that all scans hold at the same time.
//!
//! Most pages are small, and as many of them as there are scans fit easily. A page that grows beyond
//! [`SMALL_PAGE_BYTES`] needs a place among the few large ones until its facts are read, and only as many of these
//! are parsed at once as there are cores: a parsed page is many times as large as its text.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::{ScanError, ScanErrorCode};

/// Up to this size a page is read and parsed at once, beside whatever else is going on.
pub(super) const SMALL_PAGE_BYTES: usize = 256 << 10;

/// The most bytes of all large pages together.
const LARGE_PAGES_BYTES: usize = 64 << 20;

/// The places for large pages.
pub(super) struct PageMemory {
    places: Arc<Semaphore>,
    parsers: Arc<Semaphore>,
}

/// A place for a large page, until dropped.
pub(super) struct Place(#[expect(dead_code, reason = "it is held, not read")] OwnedSemaphorePermit);

impl PageMemory {
    /// Places for pages of at most so many bytes.
    pub(super) fn new(max_page_bytes: usize) -> Self {
        let places = (LARGE_PAGES_BYTES / max_page_bytes).max(2);
        let parsers = std::thread::available_parallelism().map_or(2, usize::from);
        Self { places: Arc::new(Semaphore::new(places)), parsers: Arc::new(Semaphore::new(parsers)) }
    }

    /// Waits for a place for a page that turns out to be large.
    pub(super) async fn place(&self) -> Result<Place, ScanError> {
        Self::acquire(&self.places).await
    }

    /// Waits for the turn to parse a large page.
    pub(super) async fn parser(&self) -> Result<Place, ScanError> {
        Self::acquire(&self.parsers).await
    }

    async fn acquire(semaphore: &Arc<Semaphore>) -> Result<Place, ScanError> {
        let permit = Arc::clone(semaphore).acquire_owned().await;
        permit
            .map(Place)
            .map_err(|_| ScanError::new(ScanErrorCode::Internal, "The scanner is shutting down."))
    }
}
