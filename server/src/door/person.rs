//! Whoever came in.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use tmpl_bucket::{JobRecord, Submitter};
use tmpl_template::{Card, TemplateName};

use super::session::Session;
use super::{Access, Action, Role, Visit};
use crate::Shared;
use crate::problem::Problem;
use crate::text::{door as text, problem};

/// Somebody who came in through the door, with this request's token for forms. As an argument of a handler it keeps everybody else out.
#[derive(Clone, Debug)]
pub(crate) struct Person(pub(super) Arc<Known>);

/// What is known of a person.
#[derive(Debug)]
pub(super) struct Known {
    /// None where a proxy says with every request who it is.
    pub(super) session: Option<Session>,
    /// Whether they see which sessions they have.
    pub(super) sees_sessions: bool,
    pub(super) name: String,
    pub(super) groups: Vec<String>,
    pub(super) csrf: String,
    pub(super) address: Option<IpAddr>,
    pub(super) access: Arc<Access>,
}

impl Person {
    /// The name: what is written down with everything that is done.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// The value of the hidden field `csrf` of every form.
    pub(crate) fn csrf(&self) -> &str {
        &self.0.csrf
    }

    /// Who and from where, as records have it.
    pub(crate) fn submitter(&self) -> Submitter {
        let visit = Visit { person: None, address: self.0.address };
        Submitter { who: self.0.name.clone(), host: visit.host() }
    }

    /// Whether there is something to sign out of.
    pub(crate) fn can_sign_out(&self) -> bool {
        self.0.session.is_some()
    }

    /// Whether they see which sessions they have.
    pub(crate) fn sees_sessions(&self) -> bool {
        self.0.sees_sessions
    }

    /// The role: on a template, or where it is about none.
    pub(crate) fn role(&self, template: Option<&TemplateName>) -> Option<Role> {
        self.0.access.role(&self.0.name, &self.0.groups, template)
    }

    /// Whether the template, its jobs and its cards may be seen: what lists leave out otherwise.
    pub(crate) fn sees(&self, template: &TemplateName) -> bool {
        self.role(Some(template)).is_some()
    }

    /// Whether a button for it is worth showing.
    pub(crate) fn can(&self, action: Action, template: Option<&TemplateName>) -> bool {
        self.may(action, template).is_ok()
    }

    /// Refuses a saved launch that is for others.
    pub(crate) fn may_run_card(&self, card: &Card) -> Result<(), Problem> {
        let is_admin = self.role(Some(&card.template)) == Some(Role::Admin);
        if is_admin || card.may_be_run_by(&self.0.name, &self.0.groups) {
            return Ok(());
        }
        Err(Problem::refused(text::NO_ENTRY, text::NOT_YOUR_CARD))
    }

    /// Refuses what the person may not do. A template that they may not see is not there.
    pub(crate) fn may(&self, action: Action, template: Option<&TemplateName>) -> Result<(), Problem> {
        let refuse = |detail: &str| Problem::refused(text::NO_ENTRY, detail);
        match (self.role(template), template) {
            (Some(role), _) if role >= action.takes() => {
                let shut = action.changes_something() && self.0.access.is_read_only();
                if shut { Err(refuse(text::READ_ONLY)) } else { Ok(()) }
            }
            (Some(_), _) => Err(refuse(text::NOT_YOURS).hint(text::ASK_OPERATOR)),
            (None, None) => Err(refuse(text::NO_ROLE).hint(text::ASK_OPERATOR)),
            (None, Some(template)) => {
                let hidden = Problem::not_found(problem::no_template(template));
                Err(Problem { refused: true, ..hidden }.cause("no role on this template"))
            }
        }
    }

    /// The same of a job: one of a template that they may not see is not there.
    pub(crate) fn may_with(&self, action: Action, job: &JobRecord) -> Result<(), Problem> {
        if self.sees(&job.template.name) {
            return self.may(action, Some(&job.template.name));
        }
        let hidden = Problem::not_found(problem::no_job(&job.id));
        Err(Problem { refused: true, ..hidden }.cause("no role on the job's template"))
    }
}

impl FromRequestParts<Shared> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Visit>();
        let nobody = || Problem::new(StatusCode::UNAUTHORIZED, text::SIGN_IN_FIRST, text::SIGN_IN_DETAIL);
        visit.and_then(|visit| visit.person.clone()).ok_or_else(nobody)
    }
}
