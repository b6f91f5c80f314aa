//! Where a request comes from, and whose word counts for that.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;
use serde::Deserialize;

/// What proxies write clients' addresses into, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// An address, or a network of them: `10.1.2.3`, `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network(IpNet);

/// A text that is neither.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("write an address (`10.1.2.3`) or a network (`10.0.0.0/8`)")]
pub struct NoNetwork;

impl TryFrom<String> for Network {
    type Error = NoNetwork;

    fn try_from(text: String) -> Result<Self, NoNetwork> {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| NoNetwork)
    }
}

/// The proxies whose word is believed.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) proxies: Vec<Network>,
}

impl Addresses {
    /// Whether a proxy of ours has this address.
    pub(super) fn is_proxy(&self, address: IpAddr) -> bool {
        // A socket of both protocols writes addresses of the old one in a form of the new one.
        let address = address.to_canonical();
        self.proxies.iter().any(|network| network.0.contains(&address))
    }

    /// The client: the peer, or the last one that our proxies say they had it from. What stands before that anybody may have written.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).into_iter().filter_map(|line| line.to_str().ok());
        let named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        for name in named.into_iter().rev() {
            if !self.is_proxy(client) {
                break;
            }
            match address(name) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }
}

/// An address with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_say_where_a_request_comes_from() {
        let network = |text: &str| Network::try_from(text.to_owned());
        let addresses = Addresses { proxies: vec![network("10.0.0.0/8").unwrap(), network("::1").unwrap()] };
        assert!(network("10.0.0.0/33").is_err() && network("proxy.example").is_err());
        for (peer, forwarded, client) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("::1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, forwarded.parse().unwrap());
            let found = addresses.client(peer.parse().unwrap(), &headers);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {forwarded}");
        }
    }
}
