//! From a form to a job: the form, the review, and the launch, for templates and for saved launches.
//!
//! ```text
//! GET ─▶ form ─▶ review ─▶ run ─▶ 303 to the job
//!         ▲  │      │       │
//!         │  └▶ choose a file
//!         └─────────┴───────┴── 422 with everything that was entered
//! ```
//!
//! The key of a launch is made when its form is first drawn, and goes along through errors and review: however often it is sent, there is
//! one job.

mod choose;
mod command;
mod form_page;
mod input;
mod refusal;
mod review;
mod runners;
mod subject;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use tmpl_bucket::Retries;
use tmpl_launcher::LaunchError;
use tmpl_launcher::accept::{self, CheckedLaunch, LaunchRequest};
use tmpl_launcher::admission::Standing;
use tmpl_launcher::begin::{Means, go_on, recall};
use tmpl_launcher::place::PROCESS;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{CardName, CheckRequest, JobId, RawParameters, TemplateName, check_with_account};

pub(crate) use choose::{FileLine, Shown, Step};
pub(crate) use form_page::short;
use form_page::{Drawing, Note, may_launch};
pub(crate) use input::{Input, get, version};
use review::Review;
pub(crate) use runners::{RunnerChoice, choices};
pub(crate) use subject::Subject;

use super::card;
use crate::door::{Action, Person, Posted};
use crate::form::{Entered, Problems, parameters};
use crate::problem::Problem;
use crate::text::launch as text;
use crate::{Server, Shared};

/// Whose form it is.
enum Name {
    Template(TemplateName),
    Card(CardName),
}

/// `GET /templates/{name}`.
pub(super) async fn template_form(
    State(server): State<Shared>,
    person: Person,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    form(&server, &person, Name::template(&name)?, query.as_deref()).await
}

/// `POST /templates/{name}`.
pub(super) async fn template_sent(
    State(server): State<Shared>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    sent(&server, Name::template(&name)?, posted).await
}

/// `GET /cards/{name}`.
pub(super) async fn card_form(
    State(server): State<Shared>,
    person: Person,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    form(&server, &person, Name::card(&name)?, query.as_deref()).await
}

/// `POST /cards/{name}`.
pub(super) async fn card_sent(
    State(server): State<Shared>,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    sent(&server, Name::card(&name)?, posted).await
}

impl Name {
    fn template(text: &str) -> Result<Self, Problem> {
        let name = text.parse().map_err(|_| Problem::not_found(crate::text::problem::NOTHING_HERE_DETAIL))?;
        Ok(Self::Template(name))
    }

    fn card(text: &str) -> Result<Self, Problem> {
        let name = text.parse().map_err(|_| Problem::not_found(crate::text::problem::NOTHING_HERE_DETAIL))?;
        Ok(Self::Card(name))
    }

    /// What it means now, or what the version means that was shown.
    async fn subject(
        self,
        server: &Server,
        person: &Person,
        version: Option<tmpl_template::DigestPrefix>,
        from: Option<&JobId>,
    ) -> Result<Subject, Problem> {
        match self {
            Self::Card(name) => {
                let subject = Subject::card(server, name, version).await?;
                person.may(Action::View, Some(&subject.template))?;
                Ok(subject)
            }
            Self::Template(name) => {
                person.may(Action::View, Some(&name))?;
                if let Some(id) = from {
                    let record = server.bucket.job_record(id).await?;
                    person.may(Action::View, Some(&record.template.name))?;
                    if record.template.name == name
                        && let Some(subject) = Subject::unpublished(server, &record).await?
                    {
                        return Ok(subject);
                    }
                }
                Subject::template(server, name, version).await
            }
        }
    }
}

/// Draws a form for the first time.
async fn form(
    server: &Shared,
    person: &Person,
    name: Name,
    query: Option<&str>,
) -> Result<Response, Problem> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let from = input::from(&query);
    let subject = name.subject(server, person, input::version(&query), from.as_ref()).await?;
    let declared = subject.declared();
    let (mut notes, mut given) = (Vec::new(), Input { key: input::new_key(), ..Input::default() });
    let entered = match (&from, &subject.card) {
        (Some(id), _) => {
            let record = server.bucket.job_record(id).await?;
            person.may(Action::View, Some(&record.template.name))?;
            notes.push(Note::plain(text::RUN_AGAIN).with_link(format!("/jobs/{id}"), record.name.as_str()));
            if subject.is_published() && record.template.digest != subject.digest {
                let address =
                    format!("{}?from={id}&version={}", subject.address, record.template.digest.digest());
                notes.push(Note::plain(text::OTHER_VERSION).with_link(address, text::SAME_VERSION));
            }
            given.runner.clone_from(&record.runner);
            Entered::of_launch(declared, &record.parameters)
        }
        (None, Some(card)) => {
            let said = |name: &str| card.card.values.contains_key(name);
            Entered::of_launch(declared, &card.card.prefilled()).with_defaults(declared, said)
        }
        (None, None) => Entered::fresh(declared),
    };
    let locks = subject.locks();
    let links = query.iter().filter(|(name, _)| !locks.contains_key(name));
    given.entered = entered.with_link(declared, links.map(|(name, value)| (name.as_str(), value.as_str())));
    given.from = from;
    given.card = subject.card.as_ref().map(|card| card.number);
    let drawing = Drawing {
        server,
        person,
        subject: &subject,
        input: &given,
        problems: Problems::default(),
        notes,
        focus: None,
        status: StatusCode::OK,
    };
    drawing.draw().await
}

/// Acts upon what was sent.
async fn sent(server: &Shared, name: Name, posted: Posted) -> Result<Response, Problem> {
    let Posted { person, fields } = posted;
    let from = input::from(&fields);
    let subject = name.subject(server, &person, input::version(&fields), from.as_ref()).await?;
    may_launch(&person, &subject)?;
    let mut input = Input::sent(subject.declared(), &fields);
    let locks = subject.locks();
    if let Some(card) = &subject.card {
        for name in locks.keys() {
            let value = card.card.values.get(name).and_then(|value| value.value.clone());
            input.entered.fix(subject.declared(), name, value);
        }
    }
    let form = Sent { server, person: &person, subject: &subject, fields: &fields, input };
    form.act().await
}

/// A form that was sent.
struct Sent<'a> {
    server: &'a Shared,
    person: &'a Person,
    subject: &'a Subject,
    fields: &'a [(String, String)],
    input: Input,
}

impl Sent<'_> {
    async fn act(mut self) -> Result<Response, Problem> {
        let field = |name: &str| self.fields.iter().any(|(field, _)| field == name);
        if field("choose") {
            return self.chosen().await;
        }
        let action = get(self.fields, "action");
        if action.is_empty() && (field("browse") || field("at")) {
            return self.choose().await;
        }
        if self.subject.card.as_ref().is_some_and(|card| self.input.card != Some(card.number)) {
            self.input.card = self.subject.card.as_ref().map(|card| card.number);
            let notes = vec![Note::odd(text::CARD_CHANGED)];
            return self.drawn(Problems::default(), notes, None, StatusCode::CONFLICT).await;
        }
        match action {
            "check" => self.checked(),
            "review" => self.review().await,
            "run" => self.run().await,
            "more" => {
                self.input.entered.other.push((String::new(), String::new()));
                self.drawn(Problems::default(), Vec::new(), None, StatusCode::OK).await
            }
            "save" => self.save().await,
            _ => self.drawn(Problems::default(), Vec::new(), None, StatusCode::OK).await,
        }
    }

    async fn drawn(
        &self,
        problems: Problems,
        notes: Vec<Note>,
        focus: Option<String>,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let Self { server, person, subject, input, .. } = self;
        Drawing { server, person, subject, input, problems, notes, focus, status }.draw().await
    }

    /// The form once more, with what is wrong.
    async fn refused(&self, problems: Problems) -> Result<Response, Problem> {
        self.drawn(problems, Vec::new(), None, StatusCode::UNPROCESSABLE_ENTITY).await
    }

    /// The field that a file is chosen for.
    fn browsed(&self) -> Option<(String, &tmpl_template::Parameter)> {
        let field = get(self.fields, "browse");
        let index: usize = field.strip_prefix("p-")?.parse().ok()?;
        Some((field.to_owned(), self.subject.declared().get(index)?))
    }

    async fn choose(&self) -> Result<Response, Problem> {
        let Some((field, parameter)) = self.browsed() else {
            return self.drawn(Problems::default(), Vec::new(), None, StatusCode::OK).await;
        };
        let at = match self.fields.iter().find(|(name, _)| name == "at") {
            Some((_, at)) => at.clone(),
            None => choose::begin(&self.server.bucket, self.input.entered.get(parameter)),
        };
        choose::draw(self.server, self.person, self.subject, &self.input, (&field, parameter), &at).await
    }

    async fn chosen(mut self) -> Result<Response, Problem> {
        let focus = self.browsed().map(|(field, parameter)| (field, parameter.name.clone()));
        if let Some((_, name)) = &focus {
            let value = get(self.fields, "choose").to_owned();
            self.input.entered.put(self.subject.declared(), name, value);
        }
        let focus = focus.map(|(field, _)| field);
        self.drawn(Problems::default(), Vec::new(), focus, StatusCode::OK).await
    }

    /// The parameters of the launch, as far as the form alone tells.
    fn parameters(&self) -> Result<RawParameters, Problems> {
        let declared = self.subject.declared();
        let (raw, problems) = parameters(declared, &self.input.entered);
        if !problems.is_empty() {
            return Err(problems);
        }
        let Some(card) = &self.subject.card else { return Ok(raw) };
        let mut entered = RawParameters::new();
        for (name, value) in raw.iter().filter(|(name, _)| !card.card.access(name).is_fixed()) {
            // Each name is there once.
            let _ = entered.insert(name, value);
        }
        let merged = card.card.parameters_of_form(&entered, self.subject.metadata());
        merged.map_err(|violations| Problems::of(declared, &violations))
    }

    /// What is wrong with the values, for a script that asks while somebody types: by field.
    fn checked(&self) -> Result<Response, Problem> {
        let declared = self.subject.declared();
        let problems = match self.parameters() {
            Err(problems) => problems,
            Ok(raw) => {
                let checked = check_with_account(
                    &self.subject.spec,
                    &CheckRequest::from(raw),
                    self.server.bucket.account(),
                );
                checked.err().map(|violations| Problems::of(declared, &violations)).unwrap_or_default()
            }
        };
        let said: serde_json::Map<String, Value> = declared
            .iter()
            .enumerate()
            .map(|(index, parameter)| (index, problems.of_parameter(&parameter.name)))
            .filter(|(_, said)| !said.is_empty())
            .map(|(index, said)| {
                (format!("p-{index}"), said.iter().map(|message| json!(message.as_str())).collect())
            })
            .collect();
        let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
        Ok((kind, json!({ "problems": said }).to_string()).into_response())
    }

    /// The launch that is asked for.
    async fn request(&self) -> Result<Result<LaunchRequest, Problems>, Problem> {
        let Self { server, person, subject, input, .. } = self;
        let mut problems = Problems::default();
        let parameters = match self.parameters() {
            Ok(parameters) => parameters,
            Err(found) => {
                problems = found;
                RawParameters::new()
            }
        };
        let job_name = if input.job_name.is_empty() {
            None
        } else {
            let name = input.job_name.parse();
            name.map_err(|_| problems.add_general(Some("job_name"), &text::wrong_job_name(&input.job_name)))
                .ok()
        };
        let of_card = subject.card.as_ref().and_then(|card| card.card.runner.clone());
        let runner = match (of_card, input.runner.as_str()) {
            (Some(name), _) => RequestedRunner::named(name),
            (None, "") => RequestedRunner::default(),
            (None, name) => match name.parse() {
                Ok(name) => RequestedRunner::named(name),
                Err(_) => {
                    problems.add_general(Some("runner"), &text::no_runner(name));
                    RequestedRunner::default()
                }
            },
        };
        if !problems.is_empty() {
            return Ok(Err(problems));
        }
        let before = match &input.from {
            Some(id) => Some(server.bucket.job_record(id).await?),
            None => None,
        };
        let before = before.filter(|record| record.template.name == subject.template);
        let here = server.bucket.folder().map_or_else(|| "/".into(), std::path::Path::to_owned);
        let directory = before.as_ref().and_then(|record| record.working_directory.clone());
        Ok(Ok(LaunchRequest {
            template: subject.launch(),
            card: subject.card.as_ref().map(|card| card.name.clone()),
            parameters,
            environment: before.as_ref().map(|record| record.environment.clone()).unwrap_or_default(),
            runner,
            job_name,
            python: before.as_ref().and_then(|record| record.python.clone()),
            timeout: before.as_ref().and_then(|record| record.timeout),
            overwrite: input.overwrite,
            launch_key: Some(input.key.clone()),
            retries: before.as_ref().map_or_else(Retries::default, |record| record.retries),
            lease: server.lease,
            replay_of: None,
            notify: before.map(|record| record.notify).unwrap_or_default(),
            submitter: person.submitter(),
            working_directory: directory.unwrap_or(here),
        }))
    }

    async fn check(&self, request: LaunchRequest) -> Result<Result<CheckedLaunch, Problems>, Problem> {
        let server = self.server;
        match accept::check(&server.bucket, &server.cache, &server.runners, request).await {
            Ok(checked) => Ok(Ok(checked)),
            Err(error) => refusal::problems(error, self.subject.declared(), &self.input).map(Err),
        }
    }

    async fn review(&self) -> Result<Response, Problem> {
        let request = match self.request().await? {
            Ok(request) => request,
            Err(problems) => return self.refused(problems).await,
        };
        match self.check(request).await? {
            Ok(checked) => self.reviewed(&checked, None).await,
            Err(problems) => self.refused(problems).await,
        }
    }

    async fn reviewed(&self, checked: &CheckedLaunch, problem: Option<String>) -> Result<Response, Problem> {
        let Self { server, person, subject, input, .. } = self;
        Review { server, person, subject, input, checked, confirm_problem: problem }.draw().await
    }

    /// Launches, or finds the job that the form became before.
    async fn run(mut self) -> Result<Response, Problem> {
        let request = match self.request().await? {
            Ok(request) => request,
            Err(problems) => return self.refused(problems).await,
        };
        let known = match recall(&self.server.bucket, &request, PROCESS).await {
            Ok(Some(recalled)) if recalled.standing != Standing::Waiting => {
                return Ok(to_job(&recalled.record.id));
            }
            Ok(recalled) => recalled.map(|recalled| recalled.record),
            Err(LaunchError::KeyInUse { id, .. }) => return self.another(&id).await,
            Err(error) => return Err(error.into()),
        };
        let typed = get(self.fields, "confirm").trim();
        if self.subject.mutates() && typed != self.subject.name() {
            return match self.check(request).await? {
                Ok(checked) => self.reviewed(&checked, Some(text::confirm_wrong(self.subject.name()))).await,
                Err(problems) => self.refused(problems).await,
            };
        }
        let server = self.server;
        let subject = json!({
            "template": format!("{}@{}", self.subject.template, self.subject.version()),
            "card": self.subject.card.as_ref().map(|card| card.name.as_str()),
            "key": self.input.key,
        });
        server.audit(self.person, "launch", subject).await?;
        let means = Means {
            bucket: &server.bucket,
            cache: &server.cache,
            runners: &server.runners,
            notices: &server.notices,
            executable: &server.executable,
        };
        let begun = match go_on(&means, request, known, |_| Ok::<_, LaunchError>(())).await {
            Ok(begun) => begun,
            Err(LaunchError::KeyInUse { id, .. }) => return self.another(&id).await,
            Err(error) => {
                let problems = refusal::problems(error, self.subject.declared(), &self.input)?;
                return self.refused(problems).await;
            }
        };
        if let Some(launcher) = begun.launcher {
            launcher.leave();
            server.metrics.launched.add();
        }
        server.catalogue.has_changed();
        Ok(to_job(&begun.record.id))
    }

    /// The form was run before, and something in it was changed since: that is another launch, under another key.
    async fn another(&mut self, id: &JobId) -> Result<Response, Problem> {
        self.input.key = input::new_key();
        let notes = vec![
            Note::odd(text::ALREADY).with_link(format!("/jobs/{id}"), id.as_str()),
            Note::odd(text::ALREADY_HELP),
        ];
        self.drawn(Problems::default(), notes, None, StatusCode::CONFLICT).await
    }

    /// On to the page that makes a saved launch of it.
    async fn save(&self) -> Result<Response, Problem> {
        let Self { server, person, subject, input, .. } = self;
        person.may(Action::EditCard, Some(&subject.template))?;
        card::of_form(server, person, subject, input).await
    }
}

/// To the page of a job, which can be loaded again and again.
fn to_job(id: &JobId) -> Response {
    Redirect::to(&format!("/jobs/{id}")).into_response()
}
