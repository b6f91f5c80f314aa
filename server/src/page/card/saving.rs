//! What becomes of a saved launch that was sent: it is saved, or drawn once more, or a file is chosen for it first.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{CardError, CardName, RunnerKind};

use super::draft::Draft;
use super::draw::{Drawing, address, standing};
use crate::Shared;
use crate::door::Person;
use crate::form::Problems;
use crate::page::launch::{Choosing, Looks, Subject, get};
use crate::problem::Problem;
use crate::text::card as text;

/// What is asked for in place of saving.
pub(super) enum Asks<'a> {
    /// The page once more, at a field.
    Page(Option<String>),
    /// A folder of the bucket.
    Folder(Looks<'a>),
}

impl<'a> Asks<'a> {
    /// What was sent, where it is not to be saved. What was chosen goes into the draft.
    pub(super) fn of(subject: &'a Subject, draft: &mut Draft, fields: &[(String, String)]) -> Option<Self> {
        match Choosing::of(subject.declared(), fields) {
            Some(Choosing::Looks(folder)) => Some(Self::Folder(folder)),
            Some(Choosing::Chosen { field, parameter, value }) => {
                draft.entered.put(subject.declared(), &parameter.name, value);
                Some(Self::Page(Some(field)))
            }
            Some(Choosing::Lost) => Some(Self::Page(None)),
            None => (get(fields, "action") == "edit").then_some(Self::Page(None)),
        }
    }
}

/// What is to be saved.
pub(super) struct Saving<'a> {
    pub(super) server: &'a Shared,
    pub(super) person: &'a Person,
    pub(super) subject: &'a Subject,
    pub(super) draft: &'a Draft,
    pub(super) number: Option<u64>,
}

impl Saving<'_> {
    pub(super) async fn save(
        self,
        name: Option<CardName>,
        after: u64,
        mut problems: Problems,
    ) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, .. } = &self;
        let version = subject.digest.digest().parse().ok();
        let card = draft.card(subject.declared(), &subject.template, version, &mut problems);
        if let Err(error) = card.check() {
            let (field, said) = match &error {
                CardError::NoTitle => (Some("title"), text::NO_TITLE.to_owned()),
                CardError::Long { key, .. } | CardError::Control { key, .. } => {
                    (Some(*key), text::refused(&error.to_string()))
                }
                _ => (None, text::refused(&error.to_string())),
            };
            problems.add_general(field, &said);
        }
        let engine = match &card.runner {
            None => RunnerKind::Direct,
            Some(name) => {
                let asked = RequestedRunner::named(name.clone());
                match server.runners.of_launch(&server.bucket, &asked, &subject.spec).await {
                    Ok(runner) => runner.engine(),
                    Err(error) => {
                        problems.add_general(Some("runner"), &text::refused(&error.to_string()));
                        RunnerKind::Direct
                    }
                }
            }
        };
        if let Err(violations) = card.check_values(&subject.spec, engine) {
            problems.extend(Problems::of(subject.declared(), &violations));
        }
        let Some(name) = name.filter(|_| problems.is_empty()) else {
            return self.drawn(problems, false, StatusCode::UNPROCESSABLE_ENTITY).await;
        };
        if !server.bucket.save_card(&name, after, &card, &person.submitter()).await? {
            return self.conflict().await;
        }
        server.catalogue.has_changed();
        Ok(Redirect::to(&format!("/cards/{name}")).into_response())
    }

    pub(super) async fn answer(&self, asked: Asks<'_>) -> Result<Response, Problem> {
        let folder = match asked {
            Asks::Page(focus) => return self.drawn_as_it_is(focus.as_deref()).await,
            Asks::Folder(folder) => folder,
        };
        let mut hidden = self.draft.fields(self.subject.declared());
        hidden.extend(standing(self.subject, self.number));
        let value = self.draft.entered.get(folder.parameter);
        folder.draw(self.server, self.person, &address(self.draft, self.number), hidden, value).await
    }

    /// Nothing is wrong with it, and nothing is saved.
    pub(super) async fn drawn_as_it_is(&self, focus: Option<&str>) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, number } = *self;
        let (problems, conflict, status) = (Problems::default(), false, StatusCode::OK);
        Drawing { server, person, subject, draft, problems, conflict, status, number, focus }.draw().await
    }

    /// Somebody else was quicker.
    pub(super) async fn conflict(self) -> Result<Response, Problem> {
        self.drawn(Problems::default(), true, StatusCode::CONFLICT).await
    }

    async fn drawn(
        &self,
        problems: Problems,
        conflict: bool,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, number } = *self;
        let focus = None;
        Drawing { server, person, subject, draft, problems, conflict, status, number, focus }.draw().await
    }
}
