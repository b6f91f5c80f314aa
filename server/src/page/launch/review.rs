//! The review: what will run, with what, where it writes, and the same launch as a command line.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tmpl_launcher::accept::CheckedLaunch;
use tmpl_template::{Parameter, ParameterType, RawParameters, RunnerName};

use super::command::{Parts, command};
use super::form_page::short;
use super::input::Input;
use super::runners::label;
use super::subject::Subject;
use crate::Shared;
use crate::catalogue::Catalogue;
use crate::door::{Action, Person};
use crate::form::{Lock, value_to_read};
use crate::page::frame::{Frame, Place, page_with};
use crate::page::measure::Length;
use crate::problem::Problem;
use crate::text::launch as text;
use crate::text::plain::Plain;

/// How much is shown of what people and authors write.
const LONGEST_TITLE: usize = 200;
const LONGEST_VALUE: usize = 2000;
/// How long a command line may be to be shown.
const LONGEST_COMMAND: usize = 20_000;

/// What a review is of.
pub(super) struct Review<'a> {
    pub(super) server: &'a Shared,
    pub(super) person: &'a Person,
    pub(super) subject: &'a Subject,
    pub(super) input: &'a Input,
    pub(super) checked: &'a CheckedLaunch,
    /// What is wrong with the name that was typed, where one was asked for.
    pub(super) confirm_problem: Option<String>,
}

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage<'a> {
    frame: Frame,
    action: &'a str,
    title: Plain,
    version: String,
    runner: String,
    job_name: &'a str,
    usual: Option<Length>,
    writes: Vec<(Plain, Plain)>,
    values: Vec<Line>,
    hidden_values: bool,
    warnings: Vec<Plain>,
    command: Plain,
    confirm: Option<&'a str>,
    confirm_problem: Option<String>,
    mutates: bool,
    can_save: bool,
    hidden: Vec<(String, String)>,
}

/// A parameter and its value.
struct Line {
    label: Plain,
    shown: Plain,
}

impl Review<'_> {
    /// Draws the page.
    pub(super) async fn draw(self) -> Result<Response, Problem> {
        let Self { server, person, subject, input, checked, confirm_problem } = self;
        let declared = subject.declared();
        let parameters = &checked.request().parameters;
        let locks = subject.locks();
        let is_shown = |name: &str| locks.get(name) != Some(&Lock::Hidden);
        let label_of = |name: &str| {
            let parameter = declared.iter().find(|parameter| parameter.name == name);
            Plain::line(parameter.map_or(name, |parameter| parameter.label.as_str()), LONGEST_TITLE)
        };
        let values = parameters.iter().filter(|(name, _)| is_shown(name)).map(|(name, value)| Line {
            label: label_of(name),
            shown: value_to_read(
                declared.iter().find(|parameter| parameter.name == name),
                value,
                LONGEST_VALUE,
            ),
        });
        let writes = declared.iter().filter(|parameter| is_output(parameter)).filter_map(|parameter| {
            let value = parameters.get(&parameter.name).filter(|_| is_shown(&parameter.name))?;
            Some((label_of(&parameter.name), Plain::line(value, LONGEST_VALUE)))
        });
        let record = checked.job();
        let mut hidden = input.fields(declared, &locks);
        hidden.push(("version".to_owned(), subject.version()));
        let usual = Catalogue::runs(server).await?.usual(&subject.template);
        let status =
            if confirm_problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let editor = person.can(Action::EditCard, Some(&subject.template));
        let page = ReviewPage {
            frame: Frame::new(person, Place::Run),
            action: &subject.address,
            title: Plain::line(subject.title(), LONGEST_TITLE),
            version: format!("{}@{}", subject.template, short(&subject.version())),
            runner: record
                .runner
                .parse::<RunnerName>()
                .map_or_else(|_| record.runner.clone(), |name| label(&name)),
            job_name: &input.job_name,
            usual: usual.duration.map(Length),
            writes: writes.collect(),
            values: values.collect(),
            hidden_values: parameters.iter().any(|(name, _)| !is_shown(name)),
            warnings: checked.warnings().iter().map(|text| Plain::line(text, LONGEST_VALUE)).collect(),
            command: command_of(server, subject, input, parameters),
            confirm: subject.mutates().then(|| subject.name()),
            confirm_problem,
            mutates: subject.mutates(),
            can_save: editor && subject.is_published() && subject.card.is_none(),
            hidden,
        };
        page_with(status, &page)
    }
}

/// Whether a parameter names a place that is written to.
fn is_output(parameter: &Parameter) -> bool {
    matches!(
        parameter.parameter_type(),
        ParameterType::GcsWriteFile | ParameterType::GcsWriteFolder | ParameterType::GcsWriteBucket
    )
}

/// The command line: through the saved launch, where what it says was left as it is.
fn command_of(server: &Shared, subject: &Subject, input: &Input, parameters: &RawParameters) -> Plain {
    let bucket = server.bucket.url().to_string();
    let reference = format!("{}@{}", subject.template, short(&subject.version()));
    let mut entered = RawParameters::new();
    let card = subject.card.as_ref().filter(|card| {
        let editable = card.card.values.iter().filter(|(_, value)| !value.access.is_fixed());
        editable.filter(|(_, value)| value.value.is_some()).all(|(name, _)| parameters.get(name).is_some())
    });
    for (name, value) in parameters.iter() {
        if !card.is_some_and(|card| card.card.access(name).is_fixed()) {
            // Each name is there once.
            let _ = entered.insert(name, value);
        }
    }
    let words = match card {
        Some(card) => vec!["--card", card.name.as_str()],
        None => vec![reference.as_str()],
    };
    let runner = if card.is_some_and(|card| card.card.runner.is_some()) { "" } else { input.runner.as_str() };
    let parts = Parts {
        subject: &words,
        bucket: &bucket,
        parameters: &entered,
        runner,
        job_name: &input.job_name,
        overwrite: input.overwrite,
    };
    Plain::lines(&command(&parts), LONGEST_COMMAND)
}
