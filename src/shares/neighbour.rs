//! Whom places are counted for.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::id::UserId;

/// Somebody whom places are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Neighbour {
    /// Somebody who is signed in, or is taken to be.
    Person(UserId),
    /// A client's address; of IPv6 the network, /64, in which a client may choose any.
    Address(IpAddr),
    /// The name of an account that somebody wants to sign in to.
    Account(String),
    /// Nobody known: the program itself, and tests.
    Nobody,
}

impl Neighbour {
    /// The neighbour at an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(site(address))
    }
}

/// What one subscriber holds: an address, of IPv6 a network of 64 bits.
#[must_use]
pub fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

/// Whom a place is for. Who is two neighbours at once, an address and an account, is served by both.
pub type Who = Arc<[Neighbour]>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_its_network() {
        let at = |text: &str| Neighbour::at(text.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_ne!(at("10.0.0.1"), at("10.0.0.2"));
    }
}
