//! Which names the page answers to, and which pages may send it forms.
//!
//! Any web page can make a browser send requests to any port it reaches, also under a name of its own choice. So a request must be for
//! a name that is ours, and one that changes something must come from a page of ours.

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method};
use std::net::IpAddr;
use url::{Host, Url};

/// The names that the page answers to.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The address that people type, where it is known.
    pub(super) public: Option<Url>,
    /// Further names.
    pub(super) hosts: Vec<String>,
    /// Whether this machine's own names are among them.
    pub(super) loopback: bool,
}

impl Names {
    /// Whether a request is for us.
    pub(super) fn are_asked_for(&self, parts: &Parts) -> bool {
        let Some(asked) = asked_for(&parts.headers) else { return false };
        // A request may name its host twice.
        let same = |named: &Authority| named.as_str().eq_ignore_ascii_case(asked.as_str());
        parts.uri.authority().is_none_or(same) && self.have(asked.host())
    }

    fn have(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let public = self.public.as_ref().and_then(Url::host_str);
        public == Some(host.as_str())
            || self.hosts.iter().any(|name| name.eq_ignore_ascii_case(&host))
            || (self.loopback && is_loopback(&host))
    }

    /// Whether a request that changes something was made by a page of ours. One that does not say where it was made was not made
    /// by a browser of this decade.
    pub(super) fn are_origin_of(&self, headers: &HeaderMap) -> bool {
        let site = headers.get("sec-fetch-site");
        if site.is_some_and(|site| site != "same-origin") {
            return false;
        }
        match headers.get(ORIGIN) {
            Some(origin) => origin.to_str().is_ok_and(|origin| self.is_ours(origin, headers)),
            None => site.is_some(),
        }
    }

    fn is_ours(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        if self.public.as_ref().is_some_and(|public| public.origin() == origin.origin()) {
            return true;
        }
        // The host has been looked at; the port is whatever the browser had to name to get here.
        asked_for(headers).is_some_and(|asked| {
            let port = asked.port_u16().or_else(|| Some(if origin.scheme() == "https" { 443 } else { 80 }));
            matches!(origin.scheme(), "http" | "https")
                && origin.host_str().is_some_and(|host| host.eq_ignore_ascii_case(asked.host()))
                && origin.port_or_known_default() == port
        })
    }
}

/// The host that a request names: exactly one.
fn asked_for(headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(HOST).into_iter();
    let (host, None) = (named.next()?, named.next()) else { return None };
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    (!authority.as_str().contains('@')).then_some(authority)
}

/// This machine's own names.
pub(super) fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => IpAddr::from(address).to_canonical().is_loopback(),
        Err(_) => false,
    }
}

/// Whether a request of this method changes nothing.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn names() -> Names {
        let public = Some(Url::parse("https://tmpl.example.org").unwrap());
        Names { public, hosts: vec!["other.example.org".into()], loopback: true }
    }

    fn parts(headers: &[(&str, &str)], uri: &str) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_names_are_answered() {
        for (host, ours) in [
            ("tmpl.example.org", true),
            ("TMPL.example.org:443", true),
            ("tmpl.example.org.", true),
            ("other.example.org:8080", true),
            ("localhost:8080", true),
            ("127.0.0.1:9", true),
            ("127.8.8.8", true),
            ("[::1]:8080", true),
            ("evil.example.org", false),
            ("tmpl.example.org.evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.1", false),
            ("user@localhost", false),
            ("localhost/x", false),
            ("", false),
        ] {
            assert_eq!(names().are_asked_for(&parts(&[("host", host)], "/")), ours, "{host}");
        }
        assert!(!names().are_asked_for(&parts(&[], "/")), "no host");
        let two = [("host", "localhost"), ("host", "localhost")];
        assert!(!names().are_asked_for(&parts(&two, "/")), "two hosts");
        let other = parts(&[("host", "localhost")], "http://evil.example/");
        assert!(!names().are_asked_for(&other), "another host in the address");
        assert!(!Names::default().are_asked_for(&parts(&[("host", "localhost")], "/")));
    }

    #[test]
    fn only_our_pages_send_forms() {
        for (origin, site, ours) in [
            (Some("http://localhost:8080"), None, true),
            (Some("http://localhost:8080"), Some("same-origin"), true),
            (Some("https://tmpl.example.org"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (None, None, false),
            (None, Some("none"), false),
            (Some("null"), Some("same-origin"), false),
            (Some("http://localhost:8081"), None, false),
            (Some("http://localhost"), None, false),
            (Some("https://tmpl.example.org:444"), None, false),
            (Some("http://tmpl.example.org"), None, false),
            (Some("https://evil.example"), None, false),
            (Some("http://localhost:8080"), Some("same-site"), false),
            (Some("http://localhost:8080"), Some("cross-site"), false),
            (Some("ftp://localhost:8080"), None, false),
            (Some("nonsense"), None, false),
        ] {
            let mut headers = vec![("host", "localhost:8080")];
            headers.extend(origin.map(|origin| ("origin", origin)));
            headers.extend(site.map(|site| ("sec-fetch-site", site)));
            let headers = parts(&headers, "/").headers;
            assert_eq!(names().are_origin_of(&headers), ours, "{origin:?} {site:?}");
        }
    }
}
