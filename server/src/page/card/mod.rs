//! Saved launches: made from a form or from a job, changed, deleted.

mod draft;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{CardError, CardName, JobId, RunnerKind, TemplateName, ValueAccess};

use draft::{ACCESSES, Draft};

use super::frame::{Frame, Place, page, page_with};
use super::launch::{Input, RunnerChoice, Subject, choices, get, short, version};
use crate::Shared;
use crate::door::{Action, Person, Posted};
use crate::form::{Control, Entered, Field, Form, Problems};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::{card as text, launch, problem};

const LONGEST_TITLE: usize = 200;

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there")]
#[derive(Template)]
#[template(path = "card.html")]
struct CardPage<'a> {
    frame: Frame,
    is_new: bool,
    action: String,
    back: String,
    template_title: Plain,
    conflict: bool,
    hidden: Vec<(String, String)>,
    own: Vec<OwnField>,
    pinned: bool,
    short_version: String,
    runners: Vec<RunnerChoice>,
    runner_problems: Vec<Plain>,
    form: Form,
    sections: Vec<Section>,
    accesses: [(&'static str, &'static str); 3],
    focus: Option<&'a str>,
    /// Nothing is looked for in the bucket here.
    browses: bool,
}

/// A field that is of the saved launch itself.
struct OwnField {
    id: &'static str,
    label: &'static str,
    help: &'static str,
    value: String,
    long: bool,
    optional: bool,
    problems: Vec<Plain>,
}

/// Parameters that stand together, each with what can be done with its value.
struct Section {
    title: Option<Plain>,
    fields: Vec<(Field, &'static str)>,
}

#[derive(Template)]
#[template(path = "card_delete.html")]
struct DeletePage {
    frame: Frame,
    title: Plain,
    action: String,
    back: String,
}

/// What a saved launch is drawn with.
struct Drawing<'a> {
    server: &'a Shared,
    person: &'a Person,
    subject: &'a Subject,
    draft: &'a Draft,
    problems: Problems,
    conflict: bool,
    status: StatusCode,
    /// The entry that it changes; none of a new one.
    number: Option<u64>,
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
    let (problems, status) = (Problems::default(), StatusCode::OK);
    Drawing { server, person, subject, draft, problems, conflict: false, status, number: None }.draw().await
}

/// `POST /cards`: saves a new one.
pub(super) async fn create(State(server): State<Shared>, posted: Posted) -> Result<Response, Problem> {
    let Posted { person, fields } = posted;
    let template: TemplateName =
        get(&fields, "template").parse().map_err(|_| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    person.may(Action::EditCard, Some(&template))?;
    let subject = Subject::template(&server, template, version(&fields)).await?;
    let draft = Draft::sent(subject.declared(), &fields);
    let mut problems = Problems::default();
    let name = draft.card_name(&mut problems);
    let mut after = 0;
    if let Some(name) = &name {
        if server.bucket.card(name).await?.is_some() {
            problems.add_general(Some("card_name"), &text::taken(name.as_str()));
        }
        after = server.bucket.newest_card_entry(name).await?.unwrap_or(0);
    }
    let saving = Saving { server: &server, person: &person, subject: &subject, draft: &draft, number: None };
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
    let (problems, number) = (Problems::default(), Some(card.number));
    let (server, person, subject, draft) = (&server, &person, &subject, &draft);
    Drawing { server, person, subject, draft, problems, conflict: false, status: StatusCode::OK, number }
        .draw()
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
    let draft = Draft { name: card.name.to_string(), ..Draft::sent(of_version.declared(), &fields) };
    let number = Some(card.number);
    let saving = Saving { server: &server, person: &person, subject: &of_version, draft: &draft, number };
    if shown != card.number {
        return saving.conflict().await;
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

/// What is to be saved.
struct Saving<'a> {
    server: &'a Shared,
    person: &'a Person,
    subject: &'a Subject,
    draft: &'a Draft,
    number: Option<u64>,
}

impl Saving<'_> {
    async fn save(
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

    /// Somebody else was quicker.
    async fn conflict(self) -> Result<Response, Problem> {
        self.drawn(Problems::default(), true, StatusCode::CONFLICT).await
    }

    async fn drawn(
        &self,
        problems: Problems,
        conflict: bool,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, number } = *self;
        Drawing { server, person, subject, draft, problems, conflict, status, number }.draw().await
    }
}

impl Drawing<'_> {
    async fn draw(self) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, problems, .. } = self;
        let mut runners = choices(server, &subject.spec, &draft.runner).await?;
        if let Some(open) = runners.first_mut() {
            text::RUNNER_OPEN.clone_into(&mut open.label);
        }
        let of_field = |id: &str| problems.of_field(id).cloned().collect::<Vec<_>>();
        let own = [
            ("title", text::TITLE, text::TITLE_HELP, &draft.title, false, false),
            ("card_name", text::NAME, text::NAME_HELP, &draft.name, false, true),
            ("owner", text::OWNER, text::OWNER_HELP, &draft.owner, false, true),
            ("notes", text::NOTES, text::NOTES_HELP, &draft.notes, true, true),
            ("may_run", text::MAY_RUN, text::MAY_RUN_HELP, &draft.may_run, true, true),
        ];
        // A name that is there does not change.
        let own = own.into_iter().filter(|(id, ..)| self.number.is_none() || *id != "card_name");
        let own = own.map(|(id, label, help, value, long, optional)| OwnField {
            id,
            label,
            help,
            value: value.clone(),
            long,
            optional,
            problems: of_field(id),
        });
        let form = Form::draw(subject.declared(), &draft.entered, &problems, &HashMap::new());
        let mut hidden = vec![
            ("version".to_owned(), subject.version()),
            ("template".to_owned(), subject.template.to_string()),
        ];
        hidden.extend(self.number.iter().map(|number| ("number".to_owned(), number.to_string())));
        for (name, value) in &draft.entered.other {
            hidden.push((crate::form::OTHER_NAME.to_owned(), name.clone()));
            hidden.push((crate::form::OTHER_VALUE.to_owned(), value.clone()));
        }
        let card_page = CardPage {
            frame: Frame::new(person, Place::Run),
            is_new: self.number.is_none(),
            action: match self.number {
                Some(_) => format!("/cards/{}/edit", draft.name),
                None => "/cards".to_owned(),
            },
            back: match self.number {
                Some(_) => format!("/cards/{}", draft.name),
                None => format!("/templates/{}", subject.template),
            },
            template_title: Plain::line(
                subject.metadata().map_or("", |metadata| metadata.name.as_str()),
                LONGEST_TITLE,
            ),
            conflict: self.conflict,
            hidden,
            own: own.collect(),
            pinned: draft.pinned,
            short_version: short(&subject.version()),
            runners,
            runner_problems: of_field("runner"),
            sections: sections(&form, &draft.access),
            form,
            accesses: ACCESSES,
            focus: None,
            browses: false,
        };
        page_with(self.status, &card_page)
    }
}

/// The fields of a form, nothing folded away: whoever writes a saved launch decides about all of them.
fn sections(form: &Form, access: &HashMap<String, ValueAccess>) -> Vec<Section> {
    let word = |field: &Field| {
        let name = field.name.strip_prefix(crate::form::FIELD).unwrap_or_default();
        match access.get(name).copied().unwrap_or_default() {
            ValueAccess::Editable => ACCESSES[0].0,
            ValueAccess::Locked => ACCESSES[1].0,
            ValueAccess::Hidden => ACCESSES[2].0,
        }
    };
    let of = |section: &crate::form::Section| {
        let folded = section.folded.iter().flat_map(|folded| &folded.fields);
        let fields = section.fields.iter().chain(folded).map(|field| (field.clone(), word(field)));
        Section { title: section.title.clone(), fields: fields.collect() }
    };
    form.sections.iter().map(of).collect()
}
