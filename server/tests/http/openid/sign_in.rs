//! A browser that signs in at a provider.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tmpl_testing::OpenIdProvider;

use crate::support::{Answer, Request, Rig};

/// Where the provider sends people back to.
const CALLBACK: &str = "http://127.0.0.1:1/sign-in/callback?";

/// A browser that comes back from the provider.
pub(super) struct SignIn {
    /// What it brings along.
    pub(super) query: String,
    pub(super) cookie: String,
}

impl SignIn {
    /// Goes to the provider as it was told, signs in there as somebody, and comes back.
    pub(super) async fn at(provider: &OpenIdProvider, begun: &Answer, who: &str) -> Self {
        assert_eq!(begun.status, 303, "{}", begun.text());
        let mut address = format!("{}&login_hint={who}", begun.header("location"));
        for part in ["response_type=code", "code_challenge_method=S256", "&nonce=", "&state="] {
            assert!(address.contains(part), "{address}");
        }
        let socket: SocketAddr = provider.issuer().strip_prefix("http://").unwrap().parse().unwrap();
        let mut jar = BTreeMap::new();
        for _ in 0..10 {
            if let Some(query) = address.strip_prefix(CALLBACK) {
                return Self { query: query.to_owned(), cookie: begun.cookie() };
            }
            let path = address.strip_prefix(provider.issuer()).unwrap_or(&address);
            let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = Request::new(socket, "GET", path).cookie(&cookies.join("; ")).send().await;
            for cookie in answer.all("set-cookie") {
                let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                jar.insert(name.to_owned(), value.to_owned());
            }
            assert!(matches!(answer.status, 302 | 303), "{address}: {}", answer.text());
            answer.header("location").clone_into(&mut address);
        }
        panic!("the provider leads in circles");
    }

    /// Comes back to the page.
    pub(super) async fn finish(&self, rig: &Rig) -> Answer {
        rig.get(&format!("/sign-in/callback?{}", self.query)).cookie(&self.cookie).send().await
    }
}
