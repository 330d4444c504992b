//! Who may be connected, when not all can.
//!
//! Up to the bound everybody may have as many connections as they like. Beyond it one has to go for each that comes,
//! and it is one of the address that holds the most: whoever takes all places takes them from themselves, and nobody
//! needs a bound of their own that would be wrong for a whole company behind one address. Of that address it is the
//! oldest connection on which we wait for the client (silent, idle, half a request, an answer that is not taken), and
//! not the client for us: nearly always an idle one, which is opened again without anybody noticing. Where a request
//! runs on every connection, nobody is thrown out.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use super::proxies::Proxies;
use super::timers::Timers;
use crate::lock::lock;
use crate::shares::site;

/// A bounded number of connections.
pub(super) struct Places {
    most: usize,
    proxies: Proxies,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    next: u64,
    /// In the order in which they came.
    of: HashMap<Holder, BTreeMap<u64, Connection>>,
}

/// Whose a connection is. `None`: a trusted proxy's, behind which there are many; none of its connections is taken away.
type Holder = Option<IpAddr>;

struct Connection {
    timers: Arc<Timers>,
    leave: Arc<Notify>,
}

impl Places {
    pub(super) fn new(most: usize, proxies: Proxies) -> Arc<Self> {
        Arc::new(Self { most, proxies, taken: Mutex::default() })
    }

    /// A place, if one is free or can be made.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr, timers: &Arc<Timers>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.all >= self.most && !taken.make_room() {
            return None;
        }
        let holder = (!self.proxies.contains(peer)).then(|| site(peer));
        let id = taken.next;
        taken.next = id.wrapping_add(1);
        taken.all = taken.all.saturating_add(1);
        let leave = Arc::new(Notify::new());
        let connection = Connection { timers: Arc::clone(timers), leave: Arc::clone(&leave) };
        taken.of.entry(holder).or_default().insert(id, connection);
        Some(Place { places: Arc::clone(self), holder, id, leave })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        lock(&self.taken)
    }
}

impl Taken {
    /// Tells one connection to leave, and counts it no longer.
    fn make_room(&mut self) -> bool {
        let spare = |of: &BTreeMap<u64, Connection>| {
            of.iter().find(|(_, connection)| !connection.timers.is_answering()).map(|(id, _)| *id)
        };
        let counted = self.of.iter().filter(|(holder, _)| holder.is_some());
        let chosen = counted.filter_map(|(holder, of)| Some((of.len(), *holder, spare(of)?))).max();
        let Some((_, holder, id)) = chosen else { return false };
        if let Some(connection) = self.remove(holder, id) {
            connection.leave.notify_one();
        }
        true
    }

    fn remove(&mut self, holder: Holder, id: u64) -> Option<Connection> {
        let of = self.of.get_mut(&holder)?;
        let connection = of.remove(&id)?;
        if of.is_empty() {
            self.of.remove(&holder);
        }
        self.all = self.all.saturating_sub(1);
        Some(connection)
    }
}

/// A place until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    holder: Holder,
    id: u64,
    leave: Arc<Notify>,
}

impl Place {
    /// Told when the place is needed for somebody else.
    pub(super) fn leave(&self) -> Arc<Notify> {
        Arc::clone(&self.leave)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(self.holder, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::heads::Heads;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many connections each address holds.
    fn held(places: &Places) -> Vec<(String, usize)> {
        let mut held: Vec<_> = places
            .taken()
            .of
            .iter()
            .map(|(holder, of)| (holder.map_or("proxy".to_owned(), |ip| ip.to_string()), of.len()))
            .collect();
        held.sort();
        held
    }

    #[test]
    fn the_address_that_holds_most_makes_room() {
        let places = Places::new(4, "10.0.0.1".parse().unwrap());
        let take = |peer: &str| places.take(ip(peer), &Timers::new(&Heads::new()));
        // Whoever is told to leave still has its place in hand when the next one comes.
        let mut kept: Vec<Place> =
            ["2001:db8::1", "2001:db8::2", "2001:db8::3:1", "10.0.0.1"].map(|peer| take(peer).unwrap()).into();
        let of = |address: &str, count: usize| (address.to_owned(), count);
        assert_eq!(held(&places), [of("2001:db8::", 3), of("proxy", 1)]);
        kept.extend(["192.0.2.1", "::ffff:192.0.2.1"].map(|peer| take(peer).unwrap()));
        assert_eq!(held(&places), [of("192.0.2.1", 2), of("2001:db8::", 1), of("proxy", 1)]);
        kept.push(take("192.0.2.1").unwrap());
        assert_eq!(held(&places), [of("192.0.2.1", 2), of("2001:db8::", 1), of("proxy", 1)]);
        drop(kept);
        assert_eq!(held(&places), []);
    }

    #[test]
    fn nobody_leaves_while_a_request_is_answered() {
        let places = Places::new(1, Proxies::default());
        let timers = Timers::new(&Heads::new());
        let kept = places.take(ip("192.0.2.1"), &timers).unwrap();
        let running = timers.start(Some(0));
        assert!(places.take(ip("192.0.2.2"), &Timers::new(&Heads::new())).is_none());
        drop(running);
        // The body of the next request does not come.
        let _running = timers.start(Some(5));
        assert!(places.take(ip("192.0.2.2"), &Timers::new(&Heads::new())).is_some());
        drop(kept);
    }
}
