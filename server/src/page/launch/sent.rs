//! A form that was sent: a look at the review, a launch, a file to be chosen, or the same form once more.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use tmpl_bucket::{JobRecord, Retries};
use tmpl_launcher::LaunchError;
use tmpl_launcher::accept::{CheckedLaunch, LaunchRequest};
use tmpl_launcher::admission::Standing;
use tmpl_launcher::begin::{self, go_on, recall};
use tmpl_launcher::place::PROCESS;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{CheckRequest, JobId, RawParameters, check_with_account};

use super::choose::Choosing;
use super::form_page::{Drawing, Note, may_launch};
use super::input::{self, Input, get};
use super::review::Review;
use super::{Name, Subject, refusal};
use crate::Shared;
use crate::door::{Action, Person, Posted};
use crate::form::{Problems, parameters};
use crate::page::card;
use crate::problem::Problem;
use crate::text::launch as text;

/// Acts upon what was sent.
pub(super) async fn sent(server: &Shared, name: Name, posted: Posted) -> Result<Response, Problem> {
    let Posted { person, fields } = posted;
    let from = input::from(&fields);
    let subject = name.subject(server, &person, input::version(&fields), from.as_ref()).await?;
    may_launch(&person, &subject)?;
    let mut input = Input::sent(subject.declared(), &fields);
    subject.fix(&mut input.entered);
    let form = Sent { server, person: &person, subject: &subject, fields: &fields, input };
    Box::pin(form.act()).await
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
        if let Some(choosing) = Choosing::of(self.subject.declared(), self.fields) {
            return self.choose(choosing).await;
        }
        let action = get(self.fields, "action");
        if self.subject.card.as_ref().is_some_and(|card| self.input.card != Some(card.number)) {
            self.input.card = self.subject.card.as_ref().map(|card| card.number);
            let notes = vec![Note::odd(text::CARD_CHANGED)];
            return self.drawn(Problems::default(), notes, None, StatusCode::CONFLICT).await;
        }
        match action {
            "check" => Ok(self.checked()),
            "review" => self.review().await,
            "run" => Box::pin(self.run()).await,
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

    /// A folder of the bucket, or the form with what was chosen there.
    async fn choose(mut self, choosing: Choosing<'_>) -> Result<Response, Problem> {
        let Self { server, person, subject, .. } = self;
        let focus = match choosing {
            Choosing::Looks(folder) => {
                let mut hidden = self.input.fields(subject.declared(), &subject.locks());
                hidden.push(("version".to_owned(), subject.version()));
                let value = self.input.entered.get(folder.parameter);
                return folder.draw(server, person, &subject.address, hidden, value).await;
            }
            Choosing::Chosen { field, parameter, value } => {
                self.input.entered.put(subject.declared(), &parameter.name, value);
                Some(field)
            }
            Choosing::Lost => None,
        };
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
    fn checked(&self) -> Response {
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
        let kind = [(CONTENT_TYPE, "application/json")];
        (kind, json!({ "problems": said }).to_string()).into_response()
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
            (None, name) => {
                let name = name.parse().map_err(|_| {
                    problems.add_general(Some("runner"), &text::no_runner(name));
                });
                name.map(RequestedRunner::named).unwrap_or_default()
            }
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

    async fn check(
        &self,
        request: LaunchRequest,
        known: Option<&JobRecord>,
    ) -> Result<Result<CheckedLaunch, Problems>, Problem> {
        match begin::check(&self.server.means(), request, known).await {
            Ok(checked) => Ok(Ok(checked)),
            Err(error) => refusal::problems(error, self.subject.declared(), &self.input).map(Err),
        }
    }

    async fn review(&self) -> Result<Response, Problem> {
        let request = match self.request().await? {
            Ok(request) => request,
            Err(problems) => return self.refused(problems).await,
        };
        match self.check(request, None).await? {
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
        let checked = match self.check(request, known.as_ref()).await? {
            Ok(checked) => checked,
            Err(problems) => return self.refused(problems).await,
        };
        let typed = get(self.fields, "confirm").trim();
        if self.subject.mutates() && typed != self.subject.name() {
            return self.reviewed(&checked, Some(text::confirm_wrong(self.subject.name()))).await;
        }
        let server = self.server;
        let subject = json!({
            "template": format!("{}@{}", self.subject.template, self.subject.version()),
            "card": self.subject.card.as_ref().map(|card| card.name.as_str()),
            "key": self.input.key,
        });
        server.audit(self.person, "launch", subject).await?;
        let begun = match go_on(&server.means(), checked, known, |_| Ok::<_, LaunchError>(())).await {
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
