//! The loader of one type of key: who asked, and what was found.

use std::any::Any;
use std::collections::hash_map::Entry;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;
use rustc_hash::FxHashMap;

use super::{Found, Key, Many};
use crate::db::unit::{Interrupted, Work};
use crate::error::{Code, Error, Result};
use crate::lock::lock;

/// A loader whose key type is not known here.
pub(super) trait AnyLoader: Any + Send + Sync {
    /// Starts one fetch for all queued keys, if there are any.
    fn start(self: Arc<Self>, work: &Arc<Work>) -> Option<BoxFuture<'static, ()>>;
}

/// The keys of one type that were asked for, and their answers.
pub(super) struct Loader<K: Key>(pub(super) Mutex<Slots<K>>);

pub(super) struct Slots<K: Key> {
    places: FxHashMap<K, usize>,
    /// By place: nothing until it arrived, then what was found.
    values: Vec<Option<Result<Option<K::Value>>>>,
    /// The last keys, which no statement was started for yet.
    queued: Vec<K>,
    wakers: Vec<Waker>,
}

impl<K: Key> Default for Loader<K> {
    fn default() -> Self {
        let (places, values, queued, wakers) = (FxHashMap::default(), Vec::new(), Vec::new(), Vec::new());
        Self(Mutex::new(Slots { places, values, queued, wakers }))
    }
}

impl<K: Key> Slots<K> {
    pub(super) fn ask(&mut self, key: K) -> usize {
        match self.places.entry(key) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let at = self.values.len();
                self.values.push(None);
                self.queued.push(entry.key().clone());
                *entry.insert(at)
            }
        }
    }

    pub(super) fn value(&self, at: usize) -> Option<&Result<Option<K::Value>>> {
        self.values.get(at)?.as_ref()
    }

    pub(super) fn listen(&mut self, waker: &Waker) {
        if !self.wakers.last().is_some_and(|last| last.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }

    /// The answers to these places, all of which arrived.
    pub(super) fn distinct(&self, asked: Vec<Option<usize>>) -> Result<Many<K::Value>> {
        let mut seen: Vec<Option<usize>> = vec![None; self.values.len()];
        let mut values = Vec::new();
        let mut of = asked;
        for place in &mut of {
            let Some((asked, seen)) = place.and_then(|at| Some((at, seen.get_mut(at)?))) else { continue };
            if seen.is_none()
                && let Some(Some(value)) =
                    self.value(asked).map(|value| value.as_ref().map_err(Clone::clone)).transpose()?
            {
                *seen = Some(values.len());
                values.push(value.clone());
            }
            *place = *seen;
        }
        Ok(Many { values, of })
    }

    /// Takes in what was found of the keys whose places begin at `first`.
    fn arrive(&mut self, first: usize, last: usize, found: Result<Found<K>>) -> Vec<Waker> {
        match found {
            Ok(found) => {
                for (key, value) in found {
                    if let Some(slot) = self.places.get(&key).and_then(|at| self.values.get_mut(*at)) {
                        *slot = Some(Ok(Some(value)));
                    }
                }
                for slot in self.values.iter_mut().take(last).skip(first) {
                    slot.get_or_insert(Ok(None));
                }
            }
            Err(error) => {
                self.values.iter_mut().take(last).skip(first).for_each(|slot| *slot = Some(Err(error.clone())));
            }
        }
        std::mem::take(&mut self.wakers)
    }
}

impl<K: Key> AnyLoader for Loader<K> {
    fn start(self: Arc<Self>, work: &Arc<Work>) -> Option<BoxFuture<'static, ()>> {
        let (keys, last) = {
            let mut slots = lock(&self.0);
            (std::mem::take(&mut slots.queued), slots.values.len())
        };
        if keys.is_empty() {
            return None;
        }
        let work = Arc::clone(work);
        Some(Box::pin(async move {
            let first = last - keys.len();
            let found = fetch(keys, &work).await;
            let wakers = lock(&self.0).arrive(first, last, found);
            wakers.into_iter().for_each(Waker::wake);
        }))
    }
}

async fn fetch<K: Key>(keys: Vec<K>, work: &Work) -> Result<Found<K>> {
    let unit = work.unit().await?;
    if unit.is_leaving() {
        // Somebody asks on after what was taken for the last level.
        work.interrupt(Interrupted::Again);
        return Err(Error::internal(std::io::Error::other("a unit has ended before the request")));
    }
    if let Some(failure) = unit.failure() {
        return Err(failure.clone());
    }
    K::load(keys, Arc::clone(&unit)).await.map_err(|error| {
        if unit.is_leaving() {
            // It may have come behind the COMMIT, where no table is open any more: what it is worth shows the next time.
            work.interrupt(Interrupted::Again);
        }
        if matches!(error.code(), Code::ResponseTooLarge | Code::Overloaded) {
            work.interrupt(Interrupted::Failed(error.clone()));
        }
        unit.note_failure(error)
    })
}

/// The wait for the answer to one key.
pub struct Waiting<K: Key> {
    pub(super) loader: Arc<Loader<K>>,
    pub(super) at: usize,
}

impl<K: Key> Future for Waiting<K> {
    type Output = Result<Option<K::Value>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slots = lock(&self.loader.0);
        if let Some(value) = slots.value(self.at) {
            return Poll::Ready(value.clone());
        }
        slots.listen(context.waker());
        Poll::Pending
    }
}
