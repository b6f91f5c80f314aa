//! Who may come in, and what they may do.
//!
//! | module | holds |
//! |---|---|
//! | `origin` | which names the page answers to, which pages may send it forms |
//! | `addresses` | where a request comes from, and whose word counts for that |
//! | `token`, `openid`, `proxy` | the three doors: a one-time token on loopback, a provider, a proxy that knows who people are |
//! | `seal`, `session`, `csrf` | sealed cookies, sessions in them, the token of forms |
//! | `own_sessions` | a person's sessions, seen and ended from any of them |
//! | `visit`, `person`, `posted` | who a request comes from, and what they sent; `again` keeps a form that came too late |
//! | `role`, `template_pattern`, `access` | what there is to be done, and who may do it on which template |
//! | `audit` | what is written down of all that |
//! | `build`, [`pass`](mod@pass) | the door that the configuration asks for; what stands before every route |
//!
//! Nobody gets past [`pass`](fn@pass) but to the few pages that it names itself, whatever a handler forgets to ask for.

mod access;
mod addresses;
mod again;
mod audit;
mod build;
mod csrf;
mod fields;
mod openid;
mod origin;
mod own_sessions;
mod pass;
mod person;
mod posted;
mod proxy;
mod role;
mod seal;
mod session;
mod sign_in;
mod template_pattern;
mod token;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::request::Parts;
use url::Url;

pub(crate) use access::Access;
use addresses::Addresses;
pub use addresses::Network;
use audit::Refusals;
use openid::OpenId;
use origin::Names;
pub(crate) use own_sessions::OwnSession;
pub(crate) use pass::pass;
pub(crate) use person::Person;
pub(crate) use posted::Posted;
use proxy::ProxyHeaders;
pub(crate) use role::Action;
pub use role::Role;
pub(crate) use seal::same;
use session::Sessions;
pub use template_pattern::TemplatePattern;
use token::OneTimeToken;
pub(crate) use visit::Visit;

use crate::{Server, Shared};

/// `/open`, `/sign-in`, `/sign-out`.
pub(crate) fn routes() -> Router<Shared> {
    sign_in::routes()
}

/// The door of a server.
#[derive(Debug)]
pub(crate) struct Door {
    way: Way,
    names: Names,
    addresses: Addresses,
    sessions: Sessions,
    access: Arc<Access>,
    refusals: Refusals,
}

/// How people come in.
#[derive(Debug)]
enum Way {
    Token(OneTimeToken),
    OpenId(Box<OpenId>),
    Proxy(ProxyHeaders),
}

impl Way {
    fn word(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::OpenId(_) => "openid",
            Self::Proxy(_) => "proxy",
        }
    }
}

impl Door {
    /// The address that lets whoever started the server in, once; the page's own address where people sign in.
    pub(crate) fn address(&self, listening: SocketAddr) -> String {
        let own = || Url::parse(&format!("http://{listening}/")).ok();
        let Some(mut address) = self.names.public.clone().or_else(own) else { return String::new() };
        if let Way::Token(token) = &self.way
            && let Some(token) = token.shown()
        {
            address.set_path("/open");
            address.query_pairs_mut().append_pair("token", &token);
        }
        address.to_string()
    }

    /// Whether whoever is on this machine may see how the server is doing.
    pub(crate) fn is_of_this_machine(&self, parts: &Parts) -> bool {
        let peer = parts.extensions.get::<crate::operate::Peer>();
        let near = peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
        let forwarded = ["x-forwarded-for", "forwarded", "via"];
        matches!(self.way, Way::Token(_))
            && near
            && self.names.are_asked_for(parts)
            && !forwarded.iter().any(|name| parts.headers.contains_key(*name))
    }

    /// Whether people ask for the page by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.names.public.as_ref().is_some_and(|public| public.scheme() == "https")
    }

    /// What is wrong with the provider, where people sign in at one.
    pub(crate) async fn trouble(&self) -> Option<String> {
        match &self.way {
            Way::OpenId(provider) => provider.try_provider().await.err().map(|error| error.to_string()),
            Way::Token(_) | Way::Proxy(_) => None,
        }
    }
}

impl Server {
    /// The address to open the page at.
    pub fn address(&self) -> String {
        self.door.address(self.listening)
    }
}
