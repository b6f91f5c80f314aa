//! Where a registry is: scheme, host and port, and which addresses belong to it.

use std::net::IpAddr;

use url::{Host, Url};

/// The host behind the name `docker.io`.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// How a registry is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// With TLS.
    Https,
    /// Without TLS, since it is allowed.
    Http,
    /// Without TLS if it is understood, else with it: the host is this machine.
    Either,
}

impl Scheme {
    /// How a registry is spoken to before anything is known of it.
    pub(super) fn of(registry: &str, plain_http: &[String]) -> Self {
        if plain_http.iter().any(|allowed| allowed.eq_ignore_ascii_case(registry)) {
            Self::Http
        } else if is_loopback(registry) {
            Self::Either
        } else {
            Self::Https
        }
    }

    pub(super) fn name(self) -> &'static str {
        if self == Self::Https { "https" } else { "http" }
    }
}

/// The address of something in a registry; `path` begins behind `/v2/`.
pub(super) fn url(scheme: Scheme, registry: &str, path: &str) -> Result<Url, url::ParseError> {
    let host = if registry == "docker.io" { DOCKER_HUB_HOST } else { registry };
    Url::parse(&format!("{}://{host}/v2/{path}", scheme.name()))
}

/// Whether a registry's name is that of this machine.
fn is_loopback(registry: &str) -> bool {
    Url::parse(&format!("http://{registry}/")).is_ok_and(|url| is_loopback_url(&url))
}

/// Whether an address is on this machine.
pub(super) fn is_loopback_url(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// Whether two addresses have the same scheme, host and port: what is secret for one is sent to the other.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Where a registry sends us on, from the header `Location` of the answer to `request`. What came over TLS does not go on
/// without it, except on this machine.
pub(super) fn follow(request: &Url, location: &str) -> Result<Url, &'static str> {
    let mut next = request.join(location).map_err(|_| "its `Location` is no address")?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err("its `Location` is no address of HTTP");
    }
    if request.scheme() == "https" && next.scheme() == "http" {
        // A registry behind something that speaks TLS for it may not know that.
        let itself =
            request.host() == next.host() && next.port().is_none_or(|port| Some(port) == request.port());
        if itself && next.set_scheme("https").is_ok() {
            return Ok(next);
        }
        if !is_loopback_url(&next) {
            return Err("its `Location` leads from TLS to plain HTTP");
        }
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_left_out_only_on_this_machine_or_when_allowed() {
        let allowed = ["registry.internal:5000".to_owned()];
        for (registry, scheme) in [
            ("localhost", Scheme::Either),
            ("localhost:5000", Scheme::Either),
            ("127.0.0.1:5000", Scheme::Either),
            ("127.8.9.1", Scheme::Either),
            ("[::1]:5000", Scheme::Either),
            ("registry.internal:5000", Scheme::Http),
            ("registry.internal", Scheme::Https),
            ("localhost.example.org", Scheme::Https),
            ("10.0.0.1:5000", Scheme::Https),
            ("docker.io", Scheme::Https),
        ] {
            assert_eq!(Scheme::of(registry, &allowed), scheme, "{registry}");
        }
        let hub = url(Scheme::Https, "docker.io", "library/python/manifests/3").unwrap();
        assert_eq!(hub.as_str(), "https://registry-1.docker.io/v2/library/python/manifests/3");
    }

    #[test]
    fn locations_are_followed() {
        let request = Url::parse("https://r.io/v2/a/blobs/uploads/").unwrap();
        for (location, expected) in [
            ("/v2/a/blobs/uploads/1?_state=x", Ok("https://r.io/v2/a/blobs/uploads/1?_state=x")),
            ("2", Ok("https://r.io/v2/a/blobs/uploads/2")),
            ("https://s3.io/x?sig=%2B", Ok("https://s3.io/x?sig=%2B")),
            ("http://r.io/v2/3", Ok("https://r.io/v2/3")),
            ("http://r.io:80/v2/3", Ok("https://r.io/v2/3")),
            ("http://127.0.0.1:1/v2/3", Ok("http://127.0.0.1:1/v2/3")),
            ("http://r.io:8080/v2/3", Err("its `Location` leads from TLS to plain HTTP")),
            ("http://other.io/v2/3", Err("its `Location` leads from TLS to plain HTTP")),
            ("file:///etc/passwd", Err("its `Location` is no address of HTTP")),
            ("https://", Err("its `Location` is no address")),
        ] {
            let followed = follow(&request, location);
            assert_eq!(followed.as_ref().map(Url::as_str).map_err(|error| *error), expected, "{location}");
        }
        assert!(same_origin(&request, &Url::parse("https://r.io:443/x").unwrap()));
        assert!(!same_origin(&request, &Url::parse("https://r.io:444/x").unwrap()));
        assert!(!same_origin(&request, &Url::parse("http://r.io/x").unwrap()));
    }
}
