//! The page with the form.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tmpl_template::CardName;

use super::input::Input;
use super::runners::{self, RunnerChoice};
use super::subject::Subject;
use crate::Shared;
use crate::catalogue::{Catalogue, Usual};
use crate::door::{Action, Person};
use crate::form::{Control, Form, Problems};
use crate::page::frame::{Frame, Place, page_with};
use crate::page::measure::{Length, Moment};
use crate::problem::Problem;
use crate::text::launch as text;
use crate::text::plain::Plain;

/// How much is shown of what authors write.
const LONGEST_TITLE: usize = 200;
const LONGEST_DESCRIPTION: usize = 2000;
const LONGEST_NOTES: usize = 10_000;
/// So many digits of a version are shown.
const SHORT: usize = 12;

/// What is told above the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) odd: bool,
    pub(super) link: Option<(String, String)>,
}

impl Note {
    pub(super) fn odd(text: impl Into<String>) -> Self {
        Self { text: text.into(), odd: true, link: None }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), odd: false, link: None }
    }

    pub(super) fn with_link(mut self, address: String, words: &str) -> Self {
        self.link = Some((address, words.to_owned()));
        self
    }
}

/// What a form is drawn with.
pub(super) struct Drawing<'a> {
    pub(super) server: &'a Shared,
    pub(super) person: &'a Person,
    pub(super) subject: &'a Subject,
    pub(super) input: &'a Input,
    pub(super) problems: Problems,
    pub(super) notes: Vec<Note>,
    /// The field that the person was at.
    pub(super) focus: Option<String>,
    pub(super) status: StatusCode,
}

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there")]
#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    frame: Frame,
    action: &'a str,
    title: Plain,
    description: Plain,
    notes: Vec<Note>,
    hidden: Vec<(String, String)>,
    form: Form,
    focus: Option<&'a str>,
    browses: bool,
    runners: Vec<RunnerChoice>,
    runner_problems: Vec<Plain>,
    job_name: &'a str,
    name_problems: Vec<Plain>,
    overwrite: Option<bool>,
    how_open: bool,
    can_launch: bool,
    can_save: bool,
    owner: Option<Plain>,
    last_success: Option<Moment>,
    usual: Option<Length>,
    template: &'a str,
    is_card: bool,
    short_version: String,
    card_notes: Option<Plain>,
    edit: Option<String>,
}

impl Drawing<'_> {
    /// Draws the page.
    pub(super) async fn draw(self) -> Result<Response, Problem> {
        let Self { server, person, subject, input, problems, mut notes, .. } = self;
        let template = Some(&subject.template);
        let card = subject.card.as_ref();
        let usual: Usual = Catalogue::runs(server).await?.usual(&subject.template);
        let runners = match card.and_then(|card| card.card.runner.as_ref()) {
            Some(_) => Vec::new(),
            None => runners::choices(server, &subject.spec, &input.runner).await?,
        };
        let form = Form::draw(subject.declared(), &input.entered, &problems, &subject.locks());
        let of_field = |name: &str| problems.of_field(name).cloned().collect::<Vec<_>>();
        let (runner_problems, name_problems) = (of_field("runner"), of_field("job_name"));
        let can_launch = may_launch(person, subject).is_ok();
        if !can_launch {
            notes.push(Note::plain(text::MAY_ONLY_LOOK));
        }
        if subject.mutates() {
            notes.push(Note::odd(text::CHANGES_DATA));
        }
        let metadata = subject.metadata();
        if metadata.is_some_and(tmpl_template::Metadata::is_streaming) {
            notes.push(Note::plain(text::STREAMING));
        }
        let mut hidden = input.unseen();
        hidden.push(("version".to_owned(), subject.version()));
        let description = metadata.and_then(|metadata| metadata.description.as_deref()).unwrap_or_default();
        let edits = |name: &CardName| format!("/cards/{name}/edit");
        let editor = person.can(Action::EditCard, template);
        let output_exists = input.overwrite || !form.problems.is_empty() && offers_overwrite(subject);
        let page = FormPage {
            frame: Frame::new(person, Place::Run),
            action: &subject.address,
            title: Plain::line(subject.title(), LONGEST_TITLE),
            description: Plain::lines(description.trim(), LONGEST_DESCRIPTION),
            notes,
            hidden,
            focus: self.focus.as_deref(),
            browses: can_launch,
            how_open: !runner_problems.is_empty()
                || !name_problems.is_empty()
                || !input.runner.is_empty()
                || !input.job_name.is_empty()
                || output_exists,
            runners,
            runner_problems,
            job_name: &input.job_name,
            name_problems,
            overwrite: output_exists.then_some(input.overwrite),
            can_launch,
            can_save: editor && subject.is_published() && card.is_none(),
            owner: subject.owner().map(|owner| Plain::line(owner, LONGEST_TITLE)),
            last_success: usual.last_success.map(Moment),
            usual: usual.duration.map(Length),
            template: subject.template.as_str(),
            is_card: card.is_some(),
            short_version: short(&subject.version()),
            card_notes: card
                .and_then(|card| card.card.notes.as_deref())
                .map(|text| Plain::lines(text, LONGEST_NOTES)),
            edit: card.filter(|_| editor).map(|card| edits(&card.name)),
            form,
        };
        page_with(self.status, &page)
    }
}

/// Whether a person may launch it: the template, and the saved launch if it is one.
pub(super) fn may_launch(person: &Person, subject: &Subject) -> Result<(), Problem> {
    person.may(Action::Launch, Some(&subject.template))?;
    match &subject.card {
        Some(card) => person.may_run_card(&card.card),
        None => Ok(()),
    }
}

/// Whether an output may be there already.
fn offers_overwrite(subject: &Subject) -> bool {
    let is_output = |kind: &tmpl_template::ParameterType| *kind == tmpl_template::ParameterType::GcsWriteFile;
    subject.declared().iter().any(|parameter| is_output(parameter.parameter_type()))
}

/// The first digits of a version.
pub(crate) fn short(version: &str) -> String {
    version.get(..SHORT).unwrap_or(version).to_owned()
}
