//! Who may come in, and what they may do.
//!
//! | module | holds |
//! |---|---|
//! | `origin` | which names the page answers to, which pages may send it forms |
//! | `addresses` | where a request comes from, and whose word counts for that |
//! | `token`, `openid`, `proxy` | the three doors: a one-time token on loopback, a provider, a proxy that knows who people are |
//! | `seal`, `session`, `csrf` | sealed cookies, sessions in them, the token of forms |
//! | `visit`, `person`, `posted` | who a request comes from, and what they sent; `again` keeps a form that came too late |
//! | `role`, `template_pattern`, `access` | what there is to be done, and who may do it on which template |
//! | `audit` | what is written down of all that |
//!
//! [`pass`] is before every route: nobody gets past it but to what [`OPEN`] names, whatever a handler forgets to ask for.

mod access;
mod addresses;
mod again;
mod audit;
mod csrf;
mod fields;
mod openid;
mod origin;
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
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

pub(crate) use access::Access;
use addresses::Addresses;
pub use addresses::Network;
use audit::Refusals;
use openid::OpenId;
use origin::Names;
pub(crate) use person::Person;
pub(crate) use posted::Posted;
use proxy::ProxyHeaders;
pub(crate) use role::Action;
pub use role::Role;
use seal::Seal;
pub(crate) use seal::same;
use session::{CookieName, Lifetime, Sessions};
pub use template_pattern::TemplatePattern;
use token::OneTimeToken;
pub(crate) use visit::Visit;

use crate::problem::Problem;
use crate::settings::Settings;
use crate::start_error::StartError;
use crate::text::door as text;
use crate::{Server, Shared};

/// What is open to whoever has not come in.
const OPEN: [&str; 7] =
    ["/healthz", "/readyz", "/metrics", "/open", "/sign-in", "/sign-in/callback", "/signed-out"];
/// And everything below this.
const OPEN_FOLDER: &str = "/assets/";
/// What is asked for by a machine's address, not by a name.
const NAMELESS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// What goes on by itself as long as a page is open.
const WATCHING: &str = "/jobs/{id}/events";
/// How long sessions last without being used, and in any case: where one person comes in at their own machine, and elsewhere.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const A_WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);
/// The shortest secret that sessions are sealed with.
const SHORTEST_KEY: usize = 32;

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
    /// The door that the configuration asks for, of a server that listens there.
    pub(crate) fn new(settings: &Settings, address: SocketAddr) -> Result<Self, StartError> {
        let public = settings.public_url.clone();
        if let Some(public) = &public {
            check_public(public)?;
        }
        let way = way(settings, address)?;
        let (access, idle, longest, mark) = match &way {
            Way::Token(_) => (Access::of_owner(settings), A_DAY, A_WEEK, way.word().to_owned()),
            Way::OpenId(provider) => (Access::of(settings), HALF_AN_HOUR, HALF_A_DAY, provider.mark()),
            Way::Proxy(_) => (Access::of(settings), HALF_AN_HOUR, HALF_A_DAY, way.word().to_owned()),
        };
        if access.is_empty() {
            return Err(StartError::NobodyMayEnter);
        }
        let lifetime = Lifetime {
            idle: time("session_idle", settings.session_idle, idle)?,
            longest: time("session_longest", settings.session_longest, longest)?,
        };
        let secure = public.as_ref().is_some_and(|public| public.scheme() == "https");
        let cookie = CookieName::new("session", secure, address.port());
        let loopback = matches!(way, Way::Token(_));
        Ok(Self {
            sessions: Sessions::new(key(settings)?, mark, cookie, lifetime, settings.session_key.is_some()),
            names: Names { public, hosts: settings.hosts.clone(), loopback },
            addresses: Addresses {
                proxies: settings.proxy.as_ref().map(|proxy| proxy.from.clone()).unwrap_or_default(),
            },
            access: Arc::new(access),
            refusals: Refusals::default(),
            way,
        })
    }

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

fn way(settings: &Settings, address: SocketAddr) -> Result<Way, StartError> {
    let proxy = settings.proxy.as_ref().and_then(|proxy| Some((proxy, proxy.user_header.as_deref()?)));
    match (&settings.sign_in, proxy) {
        (Some(_), Some(_)) => Err(StartError::TwoWays),
        (None, None) if address.ip().to_canonical().is_loopback() => {
            Ok(Way::Token(OneTimeToken::new().map_err(StartError::Random)?))
        }
        (None, None) => Err(StartError::NoSignIn { address }),
        (Some(sign_in), None) => {
            let public = settings.public_url.as_ref().ok_or(StartError::NoPublicUrl)?;
            Ok(Way::OpenId(Box::new(OpenId::new(sign_in.clone(), public, address.port())?)))
        }
        (None, Some((proxy, user))) => {
            settings.public_url.as_ref().ok_or(StartError::NoPublicUrl)?;
            let header = |key, name: &str| {
                let parsed = HeaderName::from_bytes(name.as_bytes());
                parsed.map_err(|error| StartError::Setting { key, reason: error.to_string() })
            };
            let groups = proxy.groups_header.as_deref();
            Ok(Way::Proxy(ProxyHeaders {
                user: header("proxy.user_header", user)?,
                groups: groups.map(|name| header("proxy.groups_header", name)).transpose()?,
            }))
        }
    }
}

/// People's passwords and sessions cross no network in the clear.
fn check_public(public: &Url) -> Result<(), StartError> {
    let Some(host) = public.host_str() else {
        return Err(StartError::PublicUrl { reason: "it has no host" });
    };
    if public.scheme() != "https" && !(public.scheme() == "http" && origin::is_loopback(host)) {
        return Err(StartError::PublicUrl { reason: "without TLS everybody on the way could read sessions" });
    }
    if public.path() != "/" || public.query().is_some() || public.fragment().is_some() {
        return Err(StartError::PublicUrl { reason: "the page is not below a path" });
    }
    Ok(())
}

fn time(
    key: &'static str,
    time: Option<SignedDuration>,
    usual: SignedDuration,
) -> Result<SignedDuration, StartError> {
    match time {
        Some(time) if time < SignedDuration::from_secs(1) => {
            Err(StartError::Setting { key, reason: "it must be a second or longer".to_owned() })
        }
        time => Ok(time.unwrap_or(usual)),
    }
}

fn key(settings: &Settings) -> Result<Seal, StartError> {
    let Some(reference) = &settings.session_key else { return Seal::random().map_err(StartError::Random) };
    let refuse = |reason| StartError::Secret { key: "session_key", reference: reference.clone(), reason };
    let secret = tmpl_launcher::look_up(reference.as_str()).map_err(refuse)?;
    if secret.trim().len() < SHORTEST_KEY {
        return Err(refuse(format!("it is shorter than {SHORTEST_KEY} characters")));
    }
    Ok(Seal::of_secret(secret.trim()))
}

/// Stands before every route.
pub(crate) async fn pass(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visit, cookie) = server.door.visit(&parts);
    let visit = server.door.looked_up(&server.bucket, visit).await;
    parts.extensions.insert(visit.clone());
    let entered = match server.door.refusal(&parts, &visit) {
        None => Ok(Request::from_parts(parts.clone(), body)),
        Some(refusal) => Err((refusal, body)),
    };
    let mut response = match entered {
        Ok(request) => next.run(request).await,
        Err((Refusal::Problem(problem), _)) => problem.into_response(),
        Err((Refusal::SignInFirst, body)) => server.door.stranger(&parts, body).await,
    };
    if let Some(problem) = response.extensions().get::<Problem>()
        && problem.refused
    {
        server.audit_refusal(&visit, &parts, problem);
    }
    // A page that is left open is not somebody who uses it.
    if let Some(cookie) = cookie
        && route(&parts) != WATCHING
        && !response.headers().contains_key(SET_COOKIE)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.extensions_mut().insert(visit);
    response
}

fn route(parts: &Parts) -> &str {
    parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default()
}

/// Why a request gets no further.
enum Refusal {
    Problem(Problem),
    SignInFirst,
}

impl Door {
    fn refusal(&self, parts: &Parts, visit: &Visit) -> Option<Refusal> {
        let route = route(parts);
        if !NAMELESS.contains(&route) && !self.names.are_asked_for(parts) {
            let problem =
                Problem::new(StatusCode::MISDIRECTED_REQUEST, text::WRONG_HOST, text::WRONG_HOST_DETAIL);
            let problem = Problem { refused: true, ..problem.hint(text::WRONG_HOST_HINT) };
            return Some(Refusal::Problem(problem));
        }
        if !origin::is_safe(&parts.method) && !self.names.are_origin_of(&parts.headers) {
            let problem = Problem::refused(text::WRONG_ORIGIN, text::WRONG_ORIGIN_DETAIL);
            return Some(Refusal::Problem(problem.hint(text::WRONG_ORIGIN_HINT)));
        }
        if OPEN.contains(&route) || route.starts_with(OPEN_FOLDER) {
            return None;
        }
        let Some(person) = &visit.person else { return Some(Refusal::SignInFirst) };
        if person.role(None).is_none() && route != "/sign-out" {
            let problem = Problem::refused(text::NO_ENTRY, text::no_role(person.name()));
            let sign_out = person.can_sign_out().then(|| person.csrf().into());
            return Some(Refusal::Problem(Problem { sign_out, ..problem.hint(text::ASK_OPERATOR) }));
        }
        None
    }

    /// What somebody is told who has not come in.
    async fn stranger(&self, parts: &Parts, body: Body) -> Response {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !origin::is_safe(&parts.method) {
            let sign_in = matches!(self.way, Way::OpenId(_)).then_some("/sign-in");
            return match posted::read(&parts.headers, body).await {
                Ok(fields) if parts.method == Method::POST => again::after_signing_in(parts, sign_in, fields),
                _ => self.sign_in_first().into_response(),
            };
        }
        let is_page = header(ACCEPT.as_str()).contains("text/html") || header("sec-fetch-mode") == "navigate";
        if !is_page {
            return self.sign_in_first().into_response();
        }
        let way = fields::way_on(parts.uri.path_and_query().map_or("/", |way| way.as_str()));
        // A strict cookie is not sent where another site's page led here: our own page leads on, and then it is.
        let from_elsewhere = matches!(header("sec-fetch-site"), "cross-site" | "same-site");
        if from_elsewhere && header("sec-fetch-dest") == "document" && !matches!(self.way, Way::Proxy(_)) {
            return sign_in::onwards(&way);
        }
        match self.way {
            Way::OpenId(_) => {
                let to = utf8_percent_encode(&way, NON_ALPHANUMERIC);
                Redirect::to(&format!("/sign-in?to={to}")).into_response()
            }
            Way::Token(_) | Way::Proxy(_) => self.sign_in_first().into_response(),
        }
    }

    fn sign_in_first(&self) -> Problem {
        let problem = |title, detail| Problem::new(StatusCode::UNAUTHORIZED, title, detail);
        match self.way {
            Way::Token(_) => {
                problem(text::TOKEN_FIRST, text::TOKEN_FIRST_DETAIL).hint(text::TOKEN_FIRST_HINT)
            }
            Way::OpenId(_) => problem(text::SIGN_IN_FIRST, text::SIGN_IN_DETAIL),
            Way::Proxy(_) => {
                problem(text::SIGN_IN_FIRST, text::PROXY_FIRST_DETAIL).hint(text::PROXY_FIRST_HINT)
            }
        }
    }
}

impl Server {
    /// The address to open the page at.
    pub fn address(&self) -> String {
        self.door.address(self.listening)
    }
}
