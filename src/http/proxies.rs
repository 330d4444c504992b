//! Which reverse proxies are believed.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::{IpNet, Ipv4Net};

/// The networks of the reverse proxies behind which `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    networks: Vec<IpNet>,
    has_warned: Arc<AtomicBool>,
}

impl Proxies {
    /// Whether one of them has this address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// A proxy that was forgotten makes one client of all that stand behind it, in bounds and in sessions. Anybody can
    /// send the header, so it is told once.
    pub(super) fn warn_of(&self, peer: IpAddr) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "X-Forwarded-For came from an address that is no trusted proxy, and was ignored: all clients behind it \
                 count as one. If it is a proxy of yours, name it in SKYPANEL_TRUSTED_PROXIES. This is told once"
            );
        }
    }
}

/// Addresses and networks, separated by commas: `172.18.0.0/16, ::1`.
impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            network(entry).ok_or_else(|| {
                format!("`{entry}` is neither an address nor a network such as 172.18.0.0/16 or fd00::/8")
            })
        };
        let networks = entries.map(network).collect::<Result<_, _>>()?;
        Ok(Self { networks, has_warned: Arc::default() })
    }
}

fn network(entry: &str) -> Option<IpNet> {
    let address = || entry.parse::<IpAddr>().ok().map(IpNet::from);
    Some(canonical(entry.parse().ok().or_else(address)?))
}

/// `::ffff:10.0.0.0/104` is 10.0.0.0/8: so is the peer's address compared.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(mapped) => mapped.addr().to_ipv4_mapped().zip(mapped.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_and_networks() {
        let proxies: Proxies = "172.18.0.7/16, ::1,::ffff:127.0.0.1 , ::ffff:10.0.0.0/104,".parse().unwrap();
        for (address, trusted) in [
            ("172.18.255.1", true),
            ("172.19.0.1", false),
            ("::1", true),
            ("::2", false),
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("10.200.0.1", true),
            ("11.0.0.1", false),
        ] {
            assert_eq!(proxies.contains(address.parse().unwrap()), trusted, "{address}");
        }
        assert!(!"".parse::<Proxies>().unwrap().contains(IpAddr::from([127, 0, 0, 1])));
        for bad in ["proxy", "10.0.0.0/33", "10.0.0", "::1 ::2", "10.0.0.1/"] {
            let message = bad.parse::<Proxies>().unwrap_err();
            assert!(message.starts_with(&format!("`{bad}` is neither")), "{message}");
        }
    }
}
