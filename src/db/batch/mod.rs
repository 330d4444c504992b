//! Level batching: how N+1 dies here.
//!
//! All resolvers of one level of a query register their keys while the execution is polled; when that
//! poll returns `Pending`, every key of the level is known. So the request's own future drives it:
//! poll the execution, start one statement per loader for the keys that queued up, wait for all of
//! them, poll again. No timer, no task, no channel; a level costs one round trip, because the
//! statements of a level share the connection and are pipelined, and their number is exact. (The first
//! time that a connection sees a statement, preparing it costs a round trip more.)
//!
//! One trap: async-graphql joins more than thirty futures through `FuturesOrdered`, which returns
//! `Pending` early and wakes itself. A level is complete only when the execution is pending *and* has
//! not woken itself; `Signal` tells.

mod loader;
mod signal;

use std::any::{Any, TypeId};
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rustc_hash::FxHashMap;

pub use loader::Waiting;

use self::loader::{AnyLoader, Loader};
use self::signal::Signal;
use super::unit::{Interrupted, Unit, Work};
use crate::error::Result;
use crate::lock::lock;

/// What a loader found, by key. A key that is not in it was not found. (A fast hash without a secret: one request's
/// keys are few.)
pub type Found<K> = FxHashMap<K, <K as Key>::Value>;

/// A key that can be asked for, and how all keys of one level are answered together.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    /// What a key stands for.
    type Value: Clone + Send + Sync + 'static;

    /// Answers all keys of a level: one statement, or one for each group of keys that one statement
    /// cannot hold, sent together.
    fn load(keys: Vec<Self>, unit: Arc<Unit>) -> impl Future<Output = Result<Found<Self>>> + Send;
}

/// The loaders of one request. A key repeated in one request is fetched once.
#[derive(Default)]
pub struct Batch {
    loaders: Mutex<Vec<(TypeId, Arc<dyn AnyLoader>)>>,
    levels: AtomicU64,
    pause: AtomicBool,
    last: Mutex<Last>,
}

/// Which level is the last.
#[derive(Debug, Clone, Copy)]
enum Last {
    /// The one of this number, as far as those who ask have told.
    Level(u64),
    /// Nobody knows.
    Unknown,
}

impl Default for Last {
    fn default() -> Self {
        Self::Level(0)
    }
}

/// The values of many keys: each distinct one once, and which of them is whose.
pub struct Many<V> {
    /// The distinct values that were found.
    pub values: Vec<V>,
    /// For each key the place of its value; `None` for no key and for one that was not found.
    pub of: Vec<Option<usize>>,
}

impl<V: Clone> Many<V> {
    /// The value of the key at this place, if it was found.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<V> {
        self.values.get((*self.of.get(at)?)?).cloned()
    }
}

impl Batch {
    fn loader<K: Key>(&self) -> Arc<Loader<K>> {
        let mut loaders = lock(&self.loaders);
        let id = TypeId::of::<K>();
        let found = loaders.iter().find(|(one, _)| *one == id).map(|(_, loader)| Arc::clone(loader));
        let loader: Arc<dyn Any + Send + Sync> = found.unwrap_or_else(|| {
            let fresh: Arc<dyn AnyLoader> = Arc::new(Loader::<K>::default());
            loaders.push((id, Arc::clone(&fresh)));
            fresh
        });
        match loader.downcast() {
            Ok(loader) => loader,
            Err(_) => unreachable!("loaders are filed under their key's type"),
        }
    }

    /// Asks for a key. The answer comes when the level is complete.
    pub fn load<K: Key>(&self, key: K) -> Waiting<K> {
        let loader = self.loader();
        let at = lock(&loader.0).ask(key);
        Waiting { loader, at }
    }

    /// Asks for a key and waits for nothing: somebody will want it one level down.
    pub fn prefetch<K: Key>(&self, key: K) {
        lock(&self.loader().0).ask(key);
    }

    /// Asks for many keys at once.
    ///
    /// # Errors
    /// The first failure among them.
    pub async fn load_many<K: Key>(&self, keys: impl Iterator<Item = Option<K>>) -> Result<Many<K::Value>> {
        let loader = self.loader();
        let asked: Vec<Option<usize>> = {
            let mut slots = lock(&loader.0);
            keys.map(|key| key.map(|key| slots.ask(key))).collect()
        };
        let mut waiting = asked.iter().flatten();
        let mut next = waiting.next();
        std::future::poll_fn(|context| {
            let mut slots = lock(&loader.0);
            while let Some(at) = next {
                if slots.value(*at).is_none() {
                    slots.listen(context.waker());
                    return Poll::Pending;
                }
                next = waiting.next();
            }
            Poll::Ready(())
        })
        .await;
        lock(&loader.0).distinct(asked)
    }

    /// Lets other requests run before this one goes on: for work that no wait interrupts.
    pub async fn pause(&self) {
        let mut paused = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut paused, true) {
                return Poll::Ready(());
            }
            self.pause.store(true, Ordering::Relaxed);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Tells that whoever asks now will ask on for so many levels and no more.
    pub fn announce(&self, levels: u64) {
        if let Last::Level(last) = &mut *lock(&self.last) {
            *last = self.levels().saturating_add(levels).max(*last);
        }
    }

    /// Tells that nobody knows how many levels whoever asks now will ask for.
    pub fn announce_unknown(&self) {
        *lock(&self.last) = Last::Unknown;
    }

    fn is_last(&self) -> bool {
        matches!(*lock(&self.last), Last::Level(last) if self.levels() >= last)
    }

    /// Forgets every answer: what a mutation wrote must be read afresh. Mutations run one after another,
    /// so that nobody waits for an answer then.
    pub fn clear(&self) {
        lock(&self.loaders).clear();
    }

    /// How many levels were fetched, each in one round trip.
    pub fn levels(&self) -> u64 {
        self.levels.load(Ordering::Relaxed)
    }

    /// Starts a level: one statement for each loader that has keys, all sent together, and before them what makes sure
    /// of who asks.
    fn start(&self, work: &Arc<Work>) -> Vec<BoxFuture<'static, ()>> {
        let loaders = lock(&self.loaders);
        let mut started: Vec<_> = work.take_asked().into_iter().collect();
        let before = started.len();
        started.extend(loaders.iter().filter_map(|(_, loader)| Arc::clone(loader).start(work)));
        if started.len() > before {
            self.levels.fetch_add(1, Ordering::Relaxed);
        }
        started
    }

    /// The end of the transaction, to be sent behind a level that was just started, if that is the last one. What still
    /// has to be prepared is not sent yet, and would come too late.
    fn end(&self, work: &Work, prepared: Option<u64>) -> Option<BoxFuture<'static, ()>> {
        let unit = work.open_unit().filter(|unit| self.is_last() && Some(unit.prepared()) == prepared)?;
        Some(unit.commit_behind().boxed())
    }

    /// Runs an execution to its end, level by level.
    ///
    /// # Errors
    /// When the request is [`Interrupted`].
    pub async fn drive<F: Future>(&self, execution: F, work: &Arc<Work>) -> Result<F::Output, Interrupted> {
        let mut execution = std::pin::pin!(execution);
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        let mut running = FuturesUnordered::new();
        let mut output = None;
        let driven = std::future::poll_fn(move |context| {
            signal.listen(context.waker());
            loop {
                // The next level starts when this one is whole, so that its keys are together again.
                while !running.is_empty() {
                    if running.poll_next_unpin(context).is_pending() {
                        return Poll::Pending;
                    }
                }
                if let Some(interrupted) = work.interrupted() {
                    return Poll::Ready(Err(interrupted));
                }
                if let Some(output) = output.take() {
                    return Poll::Ready(Ok(output));
                }
                if signal.take() {
                    if let Poll::Ready(done) = execution.as_mut().poll(&mut Context::from_waker(&waker)) {
                        // Who asks may not be sure yet, if nothing was asked for.
                        running.extend(work.take_asked());
                        output = Some(done);
                    } else if self.pause.swap(false, Ordering::Relaxed) {
                        // Whoever pauses has woken the signal, and so this very task: it comes back after the others.
                        return Poll::Pending;
                    }
                    continue;
                }
                let prepared = work.open_unit().map(|unit| unit.prepared());
                running.extend(self.start(work));
                if running.is_empty() {
                    return Poll::Pending;
                }
                // The first poll sends the level.
                if running.poll_next_unpin(context).is_pending() {
                    running.extend(self.end(work, prepared));
                }
            }
        });
        // An exhausted cooperation budget would wake the execution for ever, and keep statements from being sent at
        // their first poll.
        tokio::task::unconstrained(driven).await
    }
}
