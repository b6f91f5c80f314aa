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
mod sent;
mod subject;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use tmpl_template::{CardName, DigestPrefix, JobId, TemplateName};

pub(crate) use choose::{Choosing, FileLine, Looks, Shown, Step};
pub(crate) use form_page::short;
use form_page::{Drawing, Note};
pub(crate) use input::{Input, get, version};
pub(crate) use runners::{RunnerChoice, choices, label as runner_label};
use sent::sent;
pub(crate) use subject::Subject;

use crate::door::{Action, Person, Posted};
use crate::form::{Entered, FIELD, Problems};
use crate::problem::Problem;
use crate::text::launch as text;
use crate::{Server, Shared};

/// What an address says beside parameters.
const OWN: [&str; 2] = ["from", "version"];

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
    Box::pin(sent(&server, Name::template(&name)?, posted)).await
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
    Box::pin(sent(&server, Name::card(&name)?, posted)).await
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
        version: Option<DigestPrefix>,
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
    if from.is_none() && subject.is_published() && input::version(&query).is_some() {
        let newest = server.bucket.current_template(&subject.template).await?;
        if newest.is_none_or(|newest| newest.digest != subject.digest) {
            notes.push(Note::odd(text::OLDER_VERSION).with_link(subject.address.clone(), text::SEE_NEWEST));
        }
    }
    let locks = subject.locks();
    let links = query.iter().filter_map(|(name, value)| {
        // A parameter that is called as one of our own fields is meant by `p.NAME` alone.
        let name = name.strip_prefix(FIELD).or((!OWN.contains(&name.as_str())).then_some(name))?;
        (!locks.contains_key(name)).then_some((name, value.as_str()))
    });
    given.entered = entered.with_link(declared, links);
    subject.fix(&mut given.entered);
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
