//! Whoever a request comes from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use tmpl_bucket::Submitter;
use tmpl_template::TemplateName;

use super::{Access, Action, Role};
use crate::Shared;
use crate::problem::Problem;
use crate::text::{door as text, problem};

/// Somebody who came in through the door, with this request's token for forms. As an argument of a handler it keeps everybody else out.
#[derive(Clone, Debug)]
pub(crate) struct Person(pub(super) Arc<Known>);

/// What is known of a person.
#[derive(Debug)]
pub(super) struct Known {
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
        let host = self.0.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        Submitter { who: self.0.name.clone(), host }
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

    /// Refuses what the person may not do. A template that they may not see is not there.
    pub(crate) fn may(&self, action: Action, template: Option<&TemplateName>) -> Result<(), Problem> {
        let role = self.role(template);
        let refuse = |detail: &str| Problem::refused(text::NO_ENTRY, detail);
        match (role, template) {
            (Some(role), _) if role >= action.takes() => {
                let shut = action.changes_something() && self.0.access.is_read_only();
                if shut { Err(refuse(text::READ_ONLY)) } else { Ok(()) }
            }
            (None, Some(template)) => {
                Err(Problem { refused: true, ..Problem::not_found(problem::no_template(template)) })
            }
            (None, None) => Err(refuse(text::NO_ROLE).hint(text::ASK_OPERATOR)),
            (Some(_), _) => Err(refuse(text::NOT_YOURS).hint(text::ASK_OPERATOR)),
        }
    }
}

impl FromRequestParts<Shared> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, text::NO_ENTRY, text::NO_ROLE))
    }
}
