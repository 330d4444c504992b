//! Who has how many places, and who is next.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Neighbour, Place, Who};

#[derive(Default)]
pub(super) struct State {
    pub(super) taken: usize,
    held: HashMap<Neighbour, usize>,
    /// What each neighbour had lately: a place counts one, and one more for each millisecond that it was held. Halved
    /// now and then.
    lately: HashMap<Neighbour, u128>,
    given: usize,
    /// In the order of coming.
    pub(super) waiting: Vec<Waiter>,
}

pub(super) struct Waiter {
    pub(super) who: Who,
    pub(super) place: oneshot::Sender<Place>,
}

/// After so many places given, what neighbours had counts half.
const MEMORY: usize = 64;

impl State {
    /// The most places that one of these neighbours has.
    pub(super) fn held(&self, who: &Who) -> usize {
        most(&self.held, who)
    }

    /// Counts a place as theirs.
    pub(super) fn take(&mut self, who: &Who) {
        self.taken += 1;
        self.given += 1;
        if self.given.is_multiple_of(MEMORY) {
            self.lately.retain(|_, had| {
                *had /= 2;
                *had > 0
            });
        }
        for neighbour in who.iter() {
            *self.held.entry(neighbour.clone()).or_default() += 1;
            *self.lately.entry(neighbour.clone()).or_default() += 1;
        }
    }

    /// Counts a place of theirs as free.
    pub(super) fn release(&mut self, who: &Who, held_for: Duration) {
        self.taken -= 1;
        for neighbour in who.iter() {
            *self.lately.entry(neighbour.clone()).or_default() += held_for.as_millis();
            if let Some(held) = self.held.get_mut(neighbour) {
                *held -= 1;
                if *held == 0 {
                    self.held.remove(neighbour);
                }
            }
        }
    }

    /// Takes the next one out of the queue.
    pub(super) fn next(&mut self, each: usize) -> Option<Waiter> {
        self.waiting.retain(|waiter| !waiter.place.is_closed());
        let had =
            |who: &Who| who.iter().map(|neighbour| self.lately.get(neighbour).copied().unwrap_or(0)).sum::<u128>();
        let mine = self.waiting.iter().map(|waiter| (self.held(&waiter.who), had(&waiter.who)));
        let (at, _) = mine.enumerate().filter(|(_, (held, _))| *held < each).min_by_key(|(at, claim)| (*claim, *at))?;
        Some(self.waiting.remove(at))
    }

    /// Sends away the last waiter of those who have most in the queue, if that is more than the newcomer has.
    pub(super) fn make_room(&mut self, newcomer: &Who) -> bool {
        let mut queued: HashMap<Neighbour, usize> = HashMap::new();
        for neighbour in self.waiting.iter().flat_map(|waiter| waiter.who.iter()) {
            *queued.entry(neighbour.clone()).or_default() += 1;
        }
        let fullest = self.waiting.iter().enumerate().max_by_key(|(at, waiter)| (most(&queued, &waiter.who), *at));
        let Some((at, waiter)) = fullest else { return false };
        // The newcomer would be one more of theirs.
        if most(&queued, &waiter.who) <= most(&queued, newcomer) + 1 {
            return false;
        }
        drop(self.waiting.remove(at));
        true
    }
}

fn most(counts: &HashMap<Neighbour, usize>, who: &Who) -> usize {
    who.iter().filter_map(|neighbour| counts.get(neighbour)).max().copied().unwrap_or(0)
}
