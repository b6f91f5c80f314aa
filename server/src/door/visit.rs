//! Who a request comes from: what the door finds out before anything else happens.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::request::Parts;
use tmpl_bucket::Bucket;

use super::person::Known;
use super::session::Session;
use super::{Door, Person, Way, csrf};
use crate::operate::Peer;

/// A request's sender, as far as anybody knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    /// Who, where somebody came in.
    pub(crate) person: Option<Person>,
    /// From where.
    pub(crate) address: Option<IpAddr>,
}

impl Visit {
    /// The address as records have it.
    pub(crate) fn host(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }
}

impl Door {
    /// Finds out who it is. With it comes a new cookie where the session's is old.
    pub(super) fn visit(&self, parts: &Parts) -> (Visit, Option<HeaderValue>) {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        let address = peer.map(|peer| self.addresses.client(peer, &parts.headers));
        let (session, name, groups) = match &self.way {
            Way::Proxy(headers) => {
                let trusted = peer.is_some_and(|peer| self.addresses.is_proxy(peer));
                let said = trusted.then(|| headers.of(&parts.headers)).flatten();
                let Some((name, groups)) = said else { return (Visit { person: None, address }, None) };
                (None, name, groups)
            }
            Way::Token(_) | Way::OpenId(_) => {
                let Some(session) = self.sessions.of(&parts.headers) else {
                    return (Visit { person: None, address }, None);
                };
                let (name, groups) = (session.name.clone(), session.groups.clone());
                (Some(session), name, groups)
            }
        };
        let cookie = session.as_ref().and_then(|session| self.sessions.renewed(session));
        let person = self.person(session, name, groups, address);
        (Visit { person, address }, cookie)
    }

    fn person(
        &self,
        session: Option<Session>,
        name: String,
        groups: Vec<String>,
        address: Option<IpAddr>,
    ) -> Option<Person> {
        let csrf = csrf::token(self.sessions.seal(), &bound_to(session.as_ref(), &name))?;
        let access = Arc::clone(&self.access);
        let sees_sessions = session.is_some() && self.sessions.are_noted();
        Some(Person(Arc::new(Known { session, sees_sessions, name, groups, csrf, address, access })))
    }

    /// Whether a form's token was made for this person, in this session.
    pub(super) fn made_form(&self, person: &Person, token: &str) -> bool {
        let bound = bound_to(person.0.session.as_ref(), &person.0.name);
        csrf::is_of(self.sessions.seal(), &bound, token)
    }

    /// A visit, without the person where they have signed out at another server.
    pub(super) async fn looked_up(&self, bucket: &Bucket, visit: Visit) -> Visit {
        match &visit.person {
            Some(person) if !self.is_still_open_to(bucket, person).await => Visit { person: None, ..visit },
            _ => visit,
        }
    }

    /// Whether somebody who came in may still be here: what goes on for long asks now and then.
    pub(crate) async fn is_still_open_to(&self, bucket: &Bucket, person: &Person) -> bool {
        let Some(session) = &person.0.session else { return true };
        self.sessions.look_elsewhere(bucket, session).await;
        !self.sessions.is_over(session)
    }
}

/// What the tokens of forms are bound to: the session, or the person's name where a proxy says it with every request.
fn bound_to(session: Option<&Session>, name: &str) -> String {
    session.map_or_else(|| format!("name {name}"), |session| format!("session {}", session.id))
}
