//! `/runners`: the places where jobs can run, by name. What else is known of them is for operators.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use tmpl_template::{RunnerKind, RunnerName};

use super::frame::{Frame, Place, page};
use super::launch::runner_label;
use crate::Shared;
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::runners as text;

const LONGEST_NAME: usize = 100;

#[derive(Template)]
#[template(path = "runners.html")]
struct RunnersPage {
    frame: Frame,
    runners: Vec<Line>,
    left_out: bool,
}

/// A runner.
struct Line {
    name: Plain,
    engine: String,
    saved: &'static str,
}

/// `GET /runners`.
pub(super) async fn runners(State(server): State<Shared>, person: Person) -> Result<Response, Problem> {
    person.may(Action::View, None)?;
    let shared = server.bucket.shared_runners().await?;
    let direct = RunnerName::from(RunnerKind::Direct);
    let line = |name: &RunnerName, engine: Option<RunnerKind>, saved| Line {
        name: Plain::line(&runner_label(name), LONGEST_NAME),
        engine: engine.map(|engine| engine.to_string()).unwrap_or_default(),
        saved,
    };
    let mut lines = vec![line(&direct, Some(RunnerKind::Direct), text::HERE)];
    for (name, part) in &server.runners.profiles {
        lines.push(line(name, part.engine.or(name.engine()), text::OPERATOR));
    }
    for runner in &shared.runners {
        if !server.runners.profiles.contains_key(&runner.name) {
            lines.push(line(&runner.name, Some(runner.profile.engine), text::BUCKET));
        }
    }
    let left_out = !shared.warnings.is_empty();
    page(&RunnersPage { frame: Frame::new(&person, Place::Elsewhere), runners: lines, left_out })
}
