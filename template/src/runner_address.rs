//! The address of an engine or of its workers, read from a text.

use core::net::{IpAddr, Ipv6Addr};

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerAddress {
    /// The host: a name, or an address of IPv4 or IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl RunnerAddress {
    /// Reads `host:port`; an address of IPv6 stands in brackets.
    pub fn of_host_and_port(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Self::new(host, port.parse().ok().filter(|port| *port > 0)?)
    }

    /// Reads an `http://` or `https://` URL, whose port need not be named. One with a user in it is none: secrets have no place there.
    pub fn of_url(text: &str) -> Option<Self> {
        let (usual, rest) = match text.split_once("://")? {
            ("http", rest) => (80, rest),
            ("https", rest) => (443, rest),
            _ => return None,
        };
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
            return None;
        }
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        Self::of_host_and_port(authority).or_else(|| Self::new(authority, usual))
    }

    /// Whether it is this very machine, and no other can reach it.
    pub fn is_loopback(&self) -> bool {
        let is_ip = self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        is_ip || self.host == "localhost" || self.host.ends_with(".localhost")
    }

    fn new(host: &str, port: u16) -> Option<Self> {
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match bracketed {
            Some(ip) => ip.parse::<Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty()
                    && !host.starts_with('-')
                    && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            }
        };
        is_host.then(|| Self { host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, host, port) in [
            ("127.0.0.1:8073", "127.0.0.1", 8073),
            ("flink-jobmanager.prod:1", "flink-jobmanager.prod", 1),
            ("[::1]:8073", "::1", 8073),
        ] {
            let address = RunnerAddress { host: host.to_owned(), port };
            assert_eq!(RunnerAddress::of_host_and_port(text), Some(address.clone()), "{text}");
            assert_eq!(RunnerAddress::of_url(&format!("http://{text}/base")), Some(address));
        }
        let port = |text: &str| RunnerAddress::of_url(text).unwrap().port;
        assert_eq!((port("http://flink"), port("https://flink/x"), port("http://[::1]")), (80, 443, 80));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "host", "host:", ":1", "host:0", "host:65536", "a b:1", "::1:80", "u@h:1", "h/x:1"] {
            assert_eq!(RunnerAddress::of_host_and_port(text), None, "{text}");
        }
        for text in
            ["host:1", "ftp://h", "http://", "http://u:p@h", "http://h?x=1", "http://h x", "http://h:x"]
        {
            assert_eq!(RunnerAddress::of_url(text), None, "{text}");
        }
    }

    #[test]
    fn this_machine_is_recognised() {
        for (text, is) in [
            ("localhost:1", true),
            ("127.0.0.2:1", true),
            ("[::1]:1", true),
            ("10.0.0.1:1", false),
            ("flink:1", false),
            ("0.0.0.0:1", false),
        ] {
            assert_eq!(RunnerAddress::of_host_and_port(text).unwrap().is_loopback(), is, "{text}");
        }
    }
}
