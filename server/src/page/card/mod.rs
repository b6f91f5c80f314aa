//! Saved launches: made from a form or from a job, changed, deleted.

mod draft;
mod draw;
mod saving;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use draft::Draft;
use saving::{Asks, Saving};
use serde::Deserialize;
use tmpl_template::{CardName, JobId, TemplateName};

use super::frame::{Frame, Place, page};
use super::launch::{Input, Subject, get, version};
use crate::Shared;
use crate::door::{Action, Person, Posted};
use crate::form::{Entered, Problems};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::{card as text, problem};

const LONGEST_TITLE: usize = 200;

#[derive(Template)]
#[template(path = "card_delete.html")]
struct DeletePage {
    frame: Frame,
    title: Plain,
    action: String,
    back: String,
}

/// Where a new one comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
}

/// `GET /cards?from=JOB`: a new one, of a job.
pub(super) async fn from_job(
    State(server): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let Ok(id) = asked.from.parse::<JobId>() else { return Ok(Redirect::to("/").into_response()) };
    let record = server.bucket.job_record(&id).await?;
    person.may_with(Action::View, &record)?;
    person.may(Action::EditCard, Some(&record.template.name))?;
    let subject = Subject::template(&server, record.template.name.clone(), None).await?;
    let runner = record.runner.parse().ok().filter(|name: &tmpl_template::RunnerName| !name.is_direct());
    let draft = Draft {
        title: subject.title().to_owned(),
        owner: subject.owner().unwrap_or_default().to_owned(),
        runner: runner.map(|name| name.to_string()).unwrap_or_default(),
        entered: Entered::of_launch(subject.declared(), &record.parameters),
        ..Draft::default()
    };
    new(&server, &person, &subject, &draft).await
}

/// A new one, of what is in a form.
pub(super) async fn of_form(
    server: &Shared,
    person: &Person,
    subject: &Subject,
    input: &Input,
) -> Result<Response, Problem> {
    let draft = Draft {
        title: subject.title().to_owned(),
        owner: subject.owner().unwrap_or_default().to_owned(),
        runner: input.runner.clone(),
        entered: input.entered.clone(),
        ..Draft::default()
    };
    new(server, person, subject, &draft).await
}

async fn new(
    server: &Shared,
    person: &Person,
    subject: &Subject,
    draft: &Draft,
) -> Result<Response, Problem> {
    Saving { server, person, subject, draft, number: None }.drawn_as_it_is(None).await
}

/// `POST /cards`: saves a new one.
pub(super) async fn create(State(server): State<Shared>, posted: Posted) -> Result<Response, Problem> {
    let Posted { person, fields } = posted;
    let template: TemplateName =
        get(&fields, "template").parse().map_err(|_| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    person.may(Action::EditCard, Some(&template))?;
    let subject = Subject::template(&server, template, version(&fields)).await?;
    let mut draft = Draft::sent(subject.declared(), &fields);
    let asked = Asks::of(&subject, &mut draft, &fields);
    let saving = Saving { server: &server, person: &person, subject: &subject, draft: &draft, number: None };
    if let Some(asked) = asked {
        return saving.answer(asked).await;
    }
    let mut problems = Problems::default();
    let name = draft.card_name(&mut problems);
    let mut after = 0;
    if let Some(name) = &name {
        if server.bucket.card(name).await?.is_some() {
            problems.add_general(Some("card_name"), &text::taken(name.as_str()));
        }
        after = server.bucket.newest_card_entry(name).await?.unwrap_or(0);
    }
    saving.save(name, after, problems).await
}

/// `GET /cards/{name}/edit`.
pub(super) async fn edit(
    State(server): State<Shared>,
    person: Person,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let subject = known(&server, &person, &name).await?;
    let Some(card) = &subject.card else { return Err(Problem::not_found(text::GONE)) };
    let draft = Draft::of(subject.declared(), &card.name, &card.card);
    let number = Some(card.number);
    Saving { server: &server, person: &person, subject: &subject, draft: &draft, number }
        .drawn_as_it_is(None)
        .await
}

/// `POST /cards/{name}/edit`: saves it, or asks whether it is to be deleted, or deletes it.
pub(super) async fn change(
    State(server): State<Shared>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let Posted { person, fields } = posted;
    let subject = known(&server, &person, &name).await?;
    let Some(card) = &subject.card else { return Err(Problem::not_found(text::GONE)) };
    match get(&fields, "action") {
        "delete" => {
            return page(&DeletePage {
                frame: Frame::new(&person, Place::Run),
                title: Plain::line(&card.card.title, LONGEST_TITLE),
                action: format!("/cards/{}/edit", card.name),
                back: format!("/cards/{}/edit", card.name),
            });
        }
        "delete-yes" => {
            server.bucket.delete_card(&card.name, &person.submitter()).await?;
            server.catalogue.has_changed();
            return Ok(Redirect::to("/").into_response());
        }
        _ => {}
    }
    let shown: u64 = get(&fields, "number").parse().unwrap_or(0);
    // What was shown was of a version, and so is what was sent.
    let of_version = Subject::template(&server, subject.template.clone(), version(&fields)).await?;
    let mut draft = Draft { name: card.name.to_string(), ..Draft::sent(of_version.declared(), &fields) };
    let asked = Asks::of(&of_version, &mut draft, &fields);
    let number = Some(card.number);
    let saving = Saving { server: &server, person: &person, subject: &of_version, draft: &draft, number };
    if shown != card.number {
        return saving.conflict().await;
    }
    if let Some(asked) = asked {
        return saving.answer(asked).await;
    }
    saving.save(Some(card.name.clone()), card.number, Problems::default()).await
}

/// A saved launch that the person may change.
async fn known(server: &Shared, person: &Person, name: &str) -> Result<Subject, Problem> {
    let name: CardName = name.parse().map_err(|_| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    let subject = Subject::card(server, name, None).await?;
    person.may(Action::EditCard, Some(&subject.template))?;
    Ok(subject)
}
