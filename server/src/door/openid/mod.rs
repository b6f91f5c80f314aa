//! The door with `OpenID` Connect: the authorization code flow with PKCE, a state and a nonce.
//!
//! ```text
//! /sign-in ─▶ provider ─▶ /sign-in/callback ─▶ token endpoint ─▶ id_token checked (─▶ userinfo) ─▶ session
//! ```
//!
//! What belongs to one sign-in (state, nonce, verifier, where to go then) is in a sealed cookie of ten minutes, so that any server may
//! take the callback. Signatures are checked by `jsonwebtoken` on the cryptography that TLS uses here anyway.

mod claims;
mod flow;
mod id_token;
mod provider;

use axum::http::HeaderValue;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::seal::{Seal, same};
use super::session::CookieName;
use crate::settings::SignIn;
use crate::start_error::StartError;
use flow::Flow;
use id_token::Expected;
use provider::Provider;

/// A sign-in that takes longer begins anew.
const FLOW_TIME: SignedDuration = SignedDuration::from_mins(10);

/// Signing in at a provider.
#[derive(Debug)]
pub(crate) struct OpenId {
    settings: SignIn,
    secret: Option<Secret>,
    /// Where the provider sends people back to.
    callback: Url,
    cookie: CookieName,
    provider: Provider,
}

/// Our proof at the provider. It can't be printed.
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Why nobody was signed in. What it says is for the log: a provider's words are not shown on our pages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenIdError {
    /// The provider can't be asked, or answers in a way that can't be used.
    #[error("{endpoint}: {reason}")]
    Provider { endpoint: String, reason: String },
    /// The request is no answer to a sign-in of ours: it was made up, or it took too long.
    #[error("the request is no answer to a sign-in that was begun here: {0}")]
    NoFlow(&'static str),
    /// The provider refused.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What the provider says of somebody can't be believed.
    #[error("the id_token is not accepted: {0}")]
    Token(String),
    /// The provider does not say what roles go by.
    #[error("{0}")]
    Claims(String),
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
    /// Where they wanted to go.
    pub(crate) to: String,
}

/// What a provider sends people back with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

impl OpenId {
    pub(super) fn new(settings: SignIn, public: &Url, port: u16) -> Result<Self, StartError> {
        let wrong = |reason: String| StartError::Setting { key: "sign_in.issuer", reason };
        let issuer = Url::parse(&settings.issuer).map_err(|error| wrong(error.to_string()))?;
        if !provider::is_trustworthy(&issuer, &issuer) {
            return Err(wrong("it must begin with https://".to_owned()));
        }
        let callback = public.join("/sign-in/callback").map_err(|error| wrong(error.to_string()))?;
        let secret = settings.client_secret.as_ref().map(|reference| {
            tmpl_launcher::look_up(reference.as_str()).map(Secret).map_err(|reason| StartError::Secret {
                key: "sign_in.client_secret",
                reference: reference.clone(),
                reason,
            })
        });
        let cookie = CookieName::new("sign-in", public.scheme() == "https", port);
        let provider = Provider::new(issuer, &settings.issuer)?;
        Ok(Self { secret: secret.transpose()?, callback, cookie, provider, settings })
    }

    /// What a session of this door is marked with.
    pub(super) fn mark(&self) -> String {
        format!("openid {} {}", self.settings.issuer, self.settings.client_id)
    }

    /// Begins a sign-in: where to send the browser, with which cookie.
    pub(super) async fn begin(&self, seal: &Seal, to: String) -> Result<(Url, HeaderValue), OpenIdError> {
        let endpoints = self.provider.endpoints().await?;
        let no_flow = || OpenIdError::NoFlow("none can be begun");
        let flow = Flow::begin(to).ok_or_else(no_flow)?;
        let mut address = endpoints.authorization.clone();
        let scope = std::iter::once("openid").chain(self.settings.scopes.iter().map(String::as_str));
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", self.callback.as_str())
            .append_pair("scope", &scope.collect::<Vec<_>>().join(" "))
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        // The provider's page leads back here, and such a request has no cookie that is strict.
        let sealed = flow.sealed(seal).ok_or_else(no_flow)?;
        let cookie = self.cookie.with(&sealed, "Lax", FLOW_TIME.as_secs()).ok_or_else(no_flow)?;
        Ok((address, cookie))
    }

    /// Ends a sign-in: who it is.
    pub(super) async fn finish(
        &self,
        seal: &Seal,
        headers: &axum::http::HeaderMap,
        answer: Answer,
    ) -> Result<Identity, OpenIdError> {
        let mut flows = self.cookie.values(headers).filter_map(|value| Flow::opened(seal, value));
        let flow = flows.next().ok_or(OpenIdError::NoFlow("it has no cookie of one"))?;
        let state = answer.state.ok_or(OpenIdError::NoFlow("it has no state"))?;
        if !same(flow.state.as_bytes(), state.as_bytes()) {
            return Err(OpenIdError::NoFlow("it has another one's state"));
        }
        let endpoints = self.provider.endpoints().await?;
        match &answer.iss {
            Some(issuer) if *issuer != self.settings.issuer => {
                return Err(OpenIdError::NoFlow("another provider sent it"));
            }
            None if endpoints.names_issuer => return Err(OpenIdError::NoFlow("it does not say who sent it")),
            _ => {}
        }
        if let Some(error) = answer.error {
            // Whatever stands there, it will be in a log.
            let code = if provider::is_code(&error) { error } else { "it gives no reason".to_owned() };
            return Err(OpenIdError::Refused(code));
        }
        let code = answer.code.ok_or(OpenIdError::NoFlow("it has no code"))?;
        let tokens = self.provider.redeem(self, &code, &flow.verifier).await?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: &flow.nonce,
        };
        let mut claims = self.checked(&tokens.id_token, &expected).await?;
        if self.is_incomplete(&claims)
            && let (Some(endpoint), Some(token)) = (&endpoints.userinfo, &tokens.access_token)
        {
            let more = self.provider.userinfo(endpoint, token).await?;
            claims = claims::joined(claims, more)?;
        }
        let (name, groups) = claims::identity(&self.settings, &claims)?;
        Ok(Identity { name, groups, to: flow.to })
    }

    /// The claims of a token that was checked. The provider may have begun to sign with another key since we asked for its keys.
    async fn checked(&self, token: &str, expected: &Expected<'_>) -> Result<Map<String, Value>, OpenIdError> {
        let keys = self.provider.keys(false).await?;
        match id_token::check(token, &keys, expected) {
            Err(id_token::Rejected::UnknownKey) => {
                let keys = self.provider.keys(true).await?;
                id_token::check(token, &keys, expected).map_err(OpenIdError::from)
            }
            checked => checked.map_err(OpenIdError::from),
        }
    }

    fn is_incomplete(&self, claims: &Map<String, Value>) -> bool {
        claims::find(claims, &self.settings.name_claim).is_none()
            || claims::find(claims, &self.settings.groups_claim).is_none()
    }

    /// What makes the browser forget the sign-in that is over.
    pub(super) fn forget(&self) -> Option<HeaderValue> {
        self.cookie.with("", "Lax", 0)
    }

    /// Where people sign out at the provider, too.
    pub(super) async fn sign_out(&self) -> Option<Url> {
        let mut address = self.provider.endpoints().await.ok()?.end_session.clone()?;
        let back = self.callback.join("/signed-out").ok()?;
        address
            .query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", back.as_str());
        Some(address)
    }

    /// Asks the provider, so that a wrong configuration is known before the first person comes.
    pub(super) async fn try_provider(&self) -> Result<(), OpenIdError> {
        self.provider.endpoints().await.map(drop)?;
        self.provider.keys(false).await.map(drop)
    }
}
