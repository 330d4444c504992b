//! How many requests run at once.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Limits;
use crate::error::Error;
use crate::shares::{Bounds, Neighbour, Place, Shares};

/// A bounded number of places and a short, bounded queue for them, which addresses share.
pub(super) struct ConcurrencyLimit(Shares);

impl ConcurrencyLimit {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Shares::new(Bounds::new(limits.in_flight, limits.queued, limits.queue_wait)))
    }

    /// A place until it is dropped, or 503.
    pub(super) async fn acquire(&self, client: Option<IpAddr>) -> Result<Place, Error> {
        let who = client.map_or(Neighbour::Nobody, Neighbour::at);
        self.0.acquire(&(Arc::new([who]) as _)).await.ok_or_else(Error::overloaded)
    }
}
