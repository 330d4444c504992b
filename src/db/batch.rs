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
//! not woken itself; [`Signal`] tells.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::lock::lock;
use super::unit::{Unit, Work};
use crate::error::Result;

/// What a loader found, by key. A key that is not in it was not found.
pub type Found<K> = HashMap<K, <K as Key>::Value>;

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
    loaders: Mutex<HashMap<TypeId, Box<dyn AnyLoader>>>,
    levels: AtomicU64,
}

impl Batch {
    /// Asks for a key. The answer comes when the level is complete.
    pub fn load<K: Key>(&self, key: K) -> Waiting<K::Value> {
        let mut loaders = lock(&self.loaders);
        let loader = loaders.entry(TypeId::of::<K>()).or_insert_with(|| Box::<Loader<K>>::default());
        let loader: &mut dyn Any = loader.as_mut();
        match loader.downcast_mut::<Loader<K>>() {
            Some(loader) => Waiting(loader.ask(key)),
            None => unreachable!("loaders are filed under their key's type"),
        }
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

    fn start(&self, work: &Arc<Work>) -> Vec<BoxFuture<'static, ()>> {
        let started: Vec<_> =
            lock(&self.loaders).values_mut().filter_map(|loader| loader.start(Arc::clone(work))).collect();
        if !started.is_empty() {
            self.levels.fetch_add(1, Ordering::Relaxed);
        }
        started
    }

    /// Runs an execution to its end, level by level.
    pub async fn drive<F: Future>(&self, execution: F, work: &Arc<Work>) -> F::Output {
        // Without this, an exhausted cooperation budget would wake the execution for ever.
        let mut execution = std::pin::pin!(tokio::task::unconstrained(execution));
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        let mut running = FuturesUnordered::new();
        std::future::poll_fn(move |context| {
            signal.listen(context.waker());
            loop {
                // The next level starts when this one is whole, so that its keys are together again.
                while !running.is_empty() {
                    if running.poll_next_unpin(context).is_pending() {
                        return Poll::Pending;
                    }
                }
                if signal.take() {
                    if let Poll::Ready(output) = execution.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(output);
                    }
                    continue;
                }
                running.extend(self.start(work));
                if running.is_empty() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

/// Tells whether the execution was woken since it was last polled.
struct Signal {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Default for Signal {
    /// Woken, so that the first look polls.
    fn default() -> Self {
        Self { woken: AtomicBool::new(true), outer: Mutex::default() }
    }
}

impl Signal {
    fn listen(&self, waker: &Waker) {
        lock(&self.outer).get_or_insert_with(|| waker.clone()).clone_from(waker);
    }

    fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Some(outer) = lock(&self.outer).as_ref()
        {
            outer.wake_by_ref();
        }
    }
}

/// A loader whose key type is not known here.
trait AnyLoader: Any + Send {
    /// Starts one fetch for all queued keys, if there are any.
    fn start(&mut self, work: Arc<Work>) -> Option<BoxFuture<'static, ()>>;
}

struct Loader<K: Key> {
    slots: HashMap<K, Arc<Slot<K::Value>>>,
    queued: Vec<K>,
}

impl<K: Key> Default for Loader<K> {
    fn default() -> Self {
        Self { slots: HashMap::new(), queued: Vec::new() }
    }
}

impl<K: Key> Loader<K> {
    fn ask(&mut self, key: K) -> Arc<Slot<K::Value>> {
        if let Some(slot) = self.slots.get(&key) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::default());
        self.queued.push(key.clone());
        self.slots.insert(key, Arc::clone(&slot));
        slot
    }
}

impl<K: Key> AnyLoader for Loader<K> {
    fn start(&mut self, work: Arc<Work>) -> Option<BoxFuture<'static, ()>> {
        let keys = std::mem::take(&mut self.queued);
        if keys.is_empty() {
            return None;
        }
        let slots: Vec<_> =
            keys.iter().filter_map(|key| Some((key.clone(), Arc::clone(self.slots.get(key)?)))).collect();
        Some(Box::pin(async move {
            let found = fetch(keys, &work).await;
            for (key, slot) in slots {
                slot.fill(found.as_ref().map(|found| found.get(&key).cloned()).map_err(Clone::clone));
            }
        }))
    }
}

async fn fetch<K: Key>(keys: Vec<K>, work: &Work) -> Result<Found<K>> {
    let unit = work.unit().await?;
    if let Some(failure) = unit.failure() {
        return Err(failure.clone());
    }
    K::load(keys, Arc::clone(&unit)).await.map_err(|error| unit.settle(error))
}

/// The place where the answer to one key arrives.
struct Slot<V>(Mutex<Arrival<V>>);

/// The answer once it is there, and who waits for it.
struct Arrival<V> {
    value: Option<Result<Option<V>>>,
    wakers: Vec<Waker>,
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self(Mutex::new(Arrival { value: None, wakers: Vec::new() }))
    }
}

impl<V> Slot<V> {
    fn fill(&self, value: Result<Option<V>>) {
        let wakers = {
            let mut arrival = lock(&self.0);
            arrival.value = Some(value);
            std::mem::take(&mut arrival.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The wait for the answer to one key.
pub struct Waiting<V>(Arc<Slot<V>>);

impl<V: Clone> Future for Waiting<V> {
    type Output = Result<Option<V>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut arrival = lock(&self.0.0);
        if let Some(value) = &arrival.value {
            return Poll::Ready(value.clone());
        }
        if !arrival.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            arrival.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}
