//! Places that neighbours share: connections of the pool, requests in flight, the threads that hash passwords.
//!
//! A number of places, and a short queue for them that is bounded in length and time, so that what cannot be served soon
//! is refused at once, while refusing is cheap. Who is served next is not who came first but who holds least, then who
//! had least lately, then who came first; and of a full queue the last one leaves of those who have most in it. (Had is
//! counted in time: many short requests are less than a few long ones.) So one neighbour who asks for everything waits
//! behind the others as soon as there are others, and not before. As what runs cannot be taken back, some places are
//! never all of one neighbour's: see [`Bounds::each`].

mod neighbour;
mod state;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::lock::lock;

pub use neighbour::{Neighbour, Who, site};
use state::{State, Waiter};

/// How many places there are.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// All places.
    pub places: usize,
    /// The most that one neighbour has at once.
    pub each: usize,
    /// The most that wait.
    pub queue: usize,
    /// How long they wait.
    pub wait: Duration,
}

impl Bounds {
    /// Three quarters of the places for each neighbour: one who takes all of that still leaves the others some.
    #[must_use]
    pub fn new(places: usize, queue: usize, wait: Duration) -> Self {
        Self { places, each: (places - places / 4).max(1), queue, wait }
    }
}

/// The places. Cheap to clone.
#[derive(Clone)]
pub struct Shares(Arc<Inner>);

struct Inner {
    bounds: Bounds,
    state: Mutex<State>,
}

/// A place, until it is dropped.
pub struct Place {
    shares: Arc<Inner>,
    who: Who,
    since: Instant,
}

impl Shares {
    /// Free places within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Inner { bounds, state: Mutex::default() }))
    }

    /// A place. `None` when the queue is full of others, or the wait was too long.
    pub async fn acquire(&self, who: &Who) -> Option<Place> {
        let deadline = Instant::now() + self.0.bounds.wait;
        let waiting = match self.0.ask(who) {
            Asked::Given(place) => return Some(place),
            Asked::Refused => return None,
            Asked::Queued(waiting) => waiting,
        };
        // Dropped while it waits, the receiver tells the sender; a place that was sent already comes back by its drop.
        timeout_at(deadline, waiting).await.ok()?.ok()
    }
}

enum Asked {
    Given(Place),
    Queued(oneshot::Receiver<Place>),
    Refused,
}

impl Inner {
    fn ask(self: &Arc<Self>, who: &Who) -> Asked {
        let mut state = self.state();
        // Who waits while there is a free place may not have it: they hold what one neighbour can.
        if state.taken < self.bounds.places && state.held(who) < self.bounds.each {
            state.take(who);
            return Asked::Given(self.place(who));
        }
        if state.waiting.len() >= self.bounds.queue {
            state.waiting.retain(|waiter| !waiter.place.is_closed());
        }
        if state.waiting.len() >= self.bounds.queue && !state.make_room(who) {
            return Asked::Refused;
        }
        let (place, waiting) = oneshot::channel();
        state.waiting.push(Waiter { who: Arc::clone(who), place });
        Asked::Queued(waiting)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn place(self: &Arc<Self>, who: &Who) -> Place {
        Place { shares: Arc::clone(self), who: Arc::clone(who), since: Instant::now() }
    }

    /// Gives free places to those who wait. Whoever went away meanwhile gives theirs back by its drop.
    fn serve(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            if state.taken >= self.bounds.places {
                return;
            }
            let Some(next) = state.next(self.bounds.each) else { return };
            state.take(&next.who);
            drop(state);
            drop(next.place.send(self.place(&next.who)));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shares.state().release(&self.who, self.since.elapsed());
        self.shares.serve();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{FutureExt as _, join_all};

    use super::*;

    fn who(names: &[&str]) -> Who {
        names.iter().map(|name| Neighbour::Account((*name).to_owned())).collect()
    }

    fn shares(places: usize, each: usize, queue: usize) -> Shares {
        Shares::new(Bounds { places, each, queue, wait: Duration::from_millis(200) })
    }

    /// Lets those who wait have one place after the other; who had it, in order.
    async fn served(shares: &Shares, first: Place, waiting: &[&str]) -> Vec<String> {
        let order = Mutex::new(Vec::new());
        let waits = waiting.iter().map(async |name| {
            if let Some(place) = shares.acquire(&who(&[name])).await {
                order.lock().unwrap().push((*name).to_owned());
                tokio::task::yield_now().await;
                drop(place);
            }
        });
        let start = async {
            tokio::task::yield_now().await;
            drop(first);
        };
        futures_util::join!(join_all(waits), start);
        order.into_inner().unwrap()
    }

    #[tokio::test]
    async fn places_are_had_in_the_order_of_coming_while_there_is_one_neighbour() {
        let shares = shares(2, 2, 2);
        let [one, two] = [1, 2].map(|_| shares.acquire(&who(&["a"])).now_or_never().flatten());
        assert!(one.is_some() && two.is_some());
        assert!(shares.acquire(&who(&["a"])).await.is_none(), "after the wait");
        drop(one);
        assert!(shares.acquire(&who(&["a"])).now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_had_little_is_served_before_who_had_much() {
        let shares = shares(1, 1, 16);
        let first = shares.acquire(&who(&["flood"])).await.unwrap();
        let order = served(&shares, first, &["flood", "flood", "flood", "ada", "flood", "bob"]).await;
        assert_eq!(order, ["ada", "bob", "flood", "flood", "flood", "flood"]);
    }

    #[tokio::test]
    async fn who_held_a_place_for_long_had_more_than_who_had_many_for_moments() {
        let shares = shares(1, 1, 16);
        for _ in 0..5 {
            drop(shares.acquire(&who(&["ada"])).await);
        }
        let long = shares.acquire(&who(&["slow"])).await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        drop(long);
        let first = shares.acquire(&who(&["bob"])).await.unwrap();
        assert_eq!(served(&shares, first, &["slow", "ada"]).await, ["ada", "slow"]);
    }

    #[tokio::test]
    async fn a_neighbour_never_has_all_places() {
        let shares = shares(4, 3, 4);
        let a = who(&["a"]);
        let held = join_all((0..3).map(|_| shares.acquire(&a))).await;
        assert!(held.iter().all(Option::is_some));
        assert!(shares.acquire(&who(&["a"])).now_or_never().is_none());
        assert!(shares.acquire(&who(&["b"])).now_or_never().flatten().is_some());
        // Both of who is two neighbours count.
        assert!(shares.acquire(&who(&["b", "a"])).now_or_never().is_none());
    }

    #[tokio::test]
    async fn of_a_full_queue_the_fullest_neighbour_loses_its_last() {
        let shares = shares(1, 1, 3);
        let held = shares.acquire(&who(&["flood"])).await.unwrap();
        let flood = who(&["flood"]);
        let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(shares.acquire(&flood))).collect();
        for waits in &mut waiting {
            assert!(waits.now_or_never().is_none());
        }
        let ada = who(&["ada"]);
        let mut ada = Box::pin(shares.acquire(&ada));
        assert!((&mut ada).now_or_never().is_none(), "waits");
        assert!(matches!((&mut waiting[2]).now_or_never(), Some(None)), "was sent away");
        // No neighbour makes room for its own.
        assert!(matches!(shares.acquire(&who(&["flood"])).now_or_never(), Some(None)));
        drop(held);
        assert!(ada.await.is_some());
    }

    #[tokio::test]
    async fn who_goes_away_takes_no_place_along() {
        let shares = shares(1, 1, 8);
        let held = shares.acquire(&who(&["a"])).await.unwrap();
        let (b, c) = (who(&["b"]), who(&["c"]));
        let mut gone = Box::pin(shares.acquire(&b));
        assert!((&mut gone).now_or_never().is_none());
        let mut next = Box::pin(shares.acquire(&c));
        assert!((&mut next).now_or_never().is_none());
        // It was given, and is dropped without having been looked at.
        drop(held);
        drop(gone);
        assert!(next.await.is_some());
        assert!(shares.acquire(&who(&["a"])).now_or_never().flatten().is_some());
    }
}
