//! Who asks: answers to a registry's challenges, kept for the requests that follow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::challenge::Challenge;
use super::credentials::{CredentialSources, Credentials, Lookup, Searched};
use super::error::RegistryError;
use super::scope::Scope;
use super::secret::Secret;
use super::token::{self, Token};
use crate::ImageReference;

/// Who asks for what, where.
pub(super) struct Asked<'a> {
    pub(super) reference: &'a ImageReference,
    pub(super) scopes: &'a [Scope],
    /// What is tried, for errors.
    pub(super) action: &'a str,
}

/// Knows what each registry wants to see. One request at a time asks for a token, the others wait for it.
pub(super) struct Authorizer {
    sources: CredentialSources,
    registries: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Known>>>>,
}

/// What is known of a registry.
#[derive(Default)]
struct Known {
    challenge: Option<Challenge>,
    /// By repository: files may have several accounts for one registry.
    credentials: HashMap<String, Lookup>,
    tokens: Vec<Granted>,
}

struct Granted {
    scopes: Vec<Scope>,
    token: Token,
}

impl Authorizer {
    pub(super) fn new(sources: CredentialSources) -> Self {
        Self { sources, registries: Mutex::default() }
    }

    /// The header `Authorization` that the registry is known to want; `None`: it is not known to want any.
    pub(super) async fn ready(
        &self,
        client: &token::Client<'_>,
        asked: &Asked<'_>,
    ) -> Result<Option<Secret>, RegistryError> {
        let known = self.known(asked.reference.registry());
        let mut known = known.lock().await;
        match known.challenge.clone() {
            // It may let those in for this who have no password.
            Some(Challenge::Basic)
                if self.credentials(&mut known, asked.reference).await?.credentials.is_none() =>
            {
                Ok(None)
            }
            Some(challenge) => self.answer(&mut known, client, asked, &challenge).await.map(Some),
            None => Ok(None),
        }
    }

    /// The answer to a challenge, when what was sent before (if anything) was not enough.
    pub(super) async fn challenged(
        &self,
        client: &token::Client<'_>,
        asked: &Asked<'_>,
        challenge: Challenge,
        rejected: Option<&Secret>,
    ) -> Result<Secret, RegistryError> {
        let known = self.known(asked.reference.registry());
        let mut known = known.lock().await;
        known.challenge = Some(challenge.clone());
        known.tokens.retain(|granted| Some(&granted.token.value.bearer()) != rejected);
        let answer = self.answer(&mut known, client, asked, &challenge).await?;
        if Some(&answer) == rejected {
            let searched = self.credentials(&mut known, asked.reference).await?.searched;
            return Err(denied(asked, None, searched));
        }
        Ok(answer)
    }

    /// Where credentials were found or not, to tell it.
    pub(super) async fn searched(&self, reference: &ImageReference) -> Result<Searched, RegistryError> {
        let known = self.known(reference.registry());
        let mut known = known.lock().await;
        Ok(self.credentials(&mut known, reference).await?.searched)
    }

    fn known(&self, registry: &str) -> Arc<tokio::sync::Mutex<Known>> {
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(registries.entry(registry.to_owned()).or_default())
    }

    async fn credentials(
        &self,
        known: &mut Known,
        reference: &ImageReference,
    ) -> Result<Lookup, RegistryError> {
        if let Some(lookup) = known.credentials.get(reference.repository()) {
            return Ok(lookup.clone());
        }
        let lookup = self.sources.look_up(reference).await?;
        known.credentials.insert(reference.repository().to_owned(), lookup.clone());
        Ok(lookup)
    }

    async fn answer(
        &self,
        known: &mut Known,
        client: &token::Client<'_>,
        asked: &Asked<'_>,
        challenge: &Challenge,
    ) -> Result<Secret, RegistryError> {
        let Challenge::Bearer { realm, service } = challenge else {
            let lookup = self.credentials(known, asked.reference).await?;
            return match &lookup.credentials {
                Some(Credentials::Password { user, password }) => Ok(Secret::basic(user, password)),
                Some(Credentials::Registry(token)) => Ok(token.bearer()),
                Some(Credentials::Identity(_)) => {
                    let detail = "it wants a password, and the credentials are an identity token";
                    Err(denied(asked, Some(detail.to_owned()), lookup.searched))
                }
                None => Err(denied(asked, None, lookup.searched)),
            };
        };
        let now = Instant::now();
        known.tokens.retain(|granted| granted.token.expires > now);
        let covers = |granted: &&Granted| {
            asked.scopes.iter().all(|scope| granted.scopes.iter().any(|given| given.covers(scope)))
        };
        if let Some(granted) = known.tokens.iter().find(covers) {
            return Ok(granted.token.value.bearer());
        }
        let lookup = self.credentials(known, asked.reference).await?;
        if let Some(Credentials::Registry(token)) = &lookup.credentials {
            return Ok(token.bearer());
        }
        let request = token::Request { realm, service: service.as_deref(), asked, lookup: &lookup };
        let token = client.fetch(&request).await?;
        let header = token.value.bearer();
        known.tokens.push(Granted { scopes: asked.scopes.to_vec(), token });
        Ok(header)
    }
}

/// The registry wants other credentials than there are.
pub(super) fn denied(asked: &Asked<'_>, detail: Option<String>, searched: Searched) -> RegistryError {
    RegistryError::Denied {
        action: asked.action.to_owned(),
        registry: asked.reference.registry().to_owned(),
        detail,
        searched,
    }
}
