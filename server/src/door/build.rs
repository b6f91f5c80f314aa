//! The door that the configuration asks for, or why there can be none.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::HeaderName;
use jiff::SignedDuration;
use url::Url;

use super::access::Access;
use super::addresses::Addresses;
use super::audit::Refusals;
use super::openid::OpenId;
use super::origin::{self, Names};
use super::proxy::ProxyHeaders;
use super::seal::Seal;
use super::session::{CookieName, Lifetime, Sessions};
use super::token::OneTimeToken;
use super::{Door, Way};
use crate::settings::Settings;
use crate::start_error::StartError;

/// How long sessions last without being used, and in any case: where one person comes in at their own machine, and elsewhere.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const A_WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);
/// The shortest secret that sessions are sealed with.
const SHORTEST_KEY: usize = 32;

impl Door {
    /// The door that the configuration asks for, of a server that listens there.
    pub(crate) fn new(settings: &Settings, address: SocketAddr) -> Result<Self, StartError> {
        let public = settings.public_url.clone();
        if let Some(public) = &public {
            check_public(public)?;
        }
        if let Some(name) =
            settings.hosts.iter().find(|name| name.contains(['/', ':', '@', ' ']) || name.is_empty())
        {
            let reason = format!("`{name}` is no name of a host; a port is no part of it");
            return Err(StartError::Setting { key: "hosts", reason });
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
        let noted = matches!(way, Way::OpenId(_)) || settings.session_key.is_some();
        Ok(Self {
            sessions: Sessions::new(key(settings)?, mark, cookie, lifetime, noted),
            names: Names { public, hosts: settings.hosts.clone(), loopback },
            addresses: Addresses {
                proxies: settings.proxy.as_ref().map(|proxy| proxy.from.clone()).unwrap_or_default(),
            },
            access: Arc::new(access),
            refusals: Refusals::default(),
            way,
        })
    }
}

fn way(settings: &Settings, address: SocketAddr) -> Result<Way, StartError> {
    let proxy = settings.proxy.as_ref().and_then(|proxy| Some((proxy, proxy.user_header.as_deref()?)));
    let public = settings.public_url.as_ref().and_then(Url::host_str);
    let elsewhere = public.filter(|host| !origin::is_loopback(host));
    match (&settings.sign_in, proxy) {
        (Some(_), Some(_)) => Err(StartError::TwoWays),
        (None, None) if !address.ip().to_canonical().is_loopback() => {
            Err(StartError::NoSignIn { address: address.to_string() })
        }
        // Through a proxy others reach what listens on loopback.
        (None, None) if elsewhere.is_some() => {
            Err(StartError::NoSignIn { address: elsewhere.unwrap_or_default().to_owned() })
        }
        (None, None) => Ok(Way::Token(OneTimeToken::new().map_err(StartError::Random)?)),
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
