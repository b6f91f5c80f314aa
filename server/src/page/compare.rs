//! `/compare`: what differs between two jobs.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;
use tmpl_bucket::{JobSummary, ResultRow, ResultRows};
use tmpl_template::{Metadata, RunnerName};

use super::frame::{Frame, Place, page};
use super::job::{figures, known, metadata, read_metrics};
use super::launch::runner_label;
use super::measure::{Length, Moment};
use super::state::Badge;
use crate::Shared;
use crate::door::Person;
use crate::form::value_to_read;
use crate::problem::Problem;
use crate::text::history as text;
use crate::text::plain::Plain;
use crate::text::problem;

/// So many rows of each are compared, and so many of those that differ are shown.
const COMPARED: usize = 5_000;
const SHOWN: usize = 50;
const LONGEST_NAME: usize = 200;
const LONGEST_VALUE: usize = 500;

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    frame: Frame,
    sides: Vec<SideShown>,
    groups: Vec<Group>,
    only: Vec<(&'static str, Vec<Plain>, Option<String>)>,
    cut: bool,
    /// Whether what is the same is shown too.
    all: bool,
    other: String,
    swap: String,
}

/// One of the two.
struct SideShown {
    id: String,
    name: Plain,
    state: Badge,
    started: Moment,
}

/// Facts that belong together.
struct Group {
    title: &'static str,
    lines: Vec<Line>,
}

/// A fact of both.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    name: Plain,
    before: Plain,
    after: Plain,
    differs: bool,
}

/// Facts by name, in words.
type Facts = BTreeMap<String, String>;

/// One of the two, as far as they are compared.
struct Side {
    summary: JobSummary,
    /// What its parameters are called.
    metadata: Option<Metadata>,
    parameters: Facts,
    launch: Facts,
    counted: Facts,
    rows: ResultRows,
}

/// `GET /compare?a=ID&b=ID`, or with two of `job=ID`, as a list sends them.
pub(super) async fn compare(
    State(server): State<Shared>,
    person: Person,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let of = |name: &str| {
        pairs.iter().filter(|(given, _)| given == name).map(|(_, id)| id.as_str()).collect::<Vec<_>>()
    };
    let named: Vec<&str> = of("a").into_iter().take(1).chain(of("b").into_iter().take(1)).collect();
    let (first, second) = match (named.as_slice(), of("job").as_slice()) {
        ([a, b], _) => (*a, *b),
        // A list has the newest first.
        (_, [newer, older]) => (*older, *newer),
        _ => {
            return Err(Problem::new(StatusCode::BAD_REQUEST, problem::WRONG_REQUEST, text::COMPARE_TWO)
                .hint(text::CHOOSE_JOBS));
        }
    };
    let after = Side::read(&server, &person, second, None).await?;
    let before = Side::read(&server, &person, first, after.metadata.as_ref()).await?;
    let all = !of("all").is_empty();
    let groups = [
        (text::PARAMETERS, &before.parameters, &after.parameters),
        (text::LAUNCH, &before.launch, &after.launch),
        (text::COUNTED, &before.counted, &after.counted),
    ];
    let groups = groups.into_iter().filter(|(_, one, two)| !(one.is_empty() && two.is_empty()));
    let (a, b) = (&before.summary.record.id, &after.summary.record.id);
    let rows = [
        (text::ONLY_FIRST, missing(&before.rows.rows, &after.rows.rows)),
        (text::ONLY_SECOND, missing(&after.rows.rows, &before.rows.rows)),
    ];
    let only = rows.into_iter().filter(|(_, rows)| !rows.is_empty()).map(|(title, rows)| {
        let more = rows.len().checked_sub(SHOWN).filter(|more| *more > 0).map(text::more);
        (title, rows.iter().take(SHOWN).map(|row| Plain::line(row, LONGEST_VALUE)).collect(), more)
    });
    page(&ComparePage {
        frame: Frame::new(&person, Place::Jobs),
        groups: groups.map(|(title, one, two)| Group { title, lines: lines(one, two, all) }).collect(),
        only: only.collect(),
        cut: before.rows.more || after.rows.more,
        all,
        other: if all { format!("/compare?a={a}&b={b}") } else { format!("/compare?a={a}&b={b}&all=yes") },
        swap: format!("/compare?a={b}&b={a}"),
        sides: vec![before.shown(), after.shown()],
    })
}

impl Side {
    /// `said` is what both are called by, where that is known.
    async fn read(
        server: &Shared,
        person: &Person,
        id: &str,
        said: Option<&Metadata>,
    ) -> Result<Self, Problem> {
        let record = known(server, person, id).await?;
        let summary = server.bucket.job_summary_of(record.clone()).await?;
        let attempt = server.bucket.newest_attempt(&record.id).await?;
        let runner = record.runner.parse::<RunnerName>();
        let mut launch = Facts::from([
            (text::TEMPLATE.to_owned(), record.template.name.to_string()),
            (text::VERSION.to_owned(), record.template.digest.to_string()),
            (
                text::RUNNER.to_owned(),
                runner.map_or_else(|_| record.runner.clone(), |name| runner_label(&name)),
            ),
            (text::WHO.to_owned(), record.submitter.who.clone()),
        ]);
        let ended = summary.ended.as_ref();
        let until = ended.map_or_else(Timestamp::now, |ended| ended.time);
        launch.insert(text::DURATION.to_owned(), Length(until.duration_since(record.created)).to_string());
        if let Some(ended) = ended {
            let cause = ended.cause.as_ref().map_or_else(|| ended.reason.clone(), ToString::to_string);
            launch.insert(text::REASON.to_owned(), cause);
        }
        for (name, value) in record.profile.iter().flat_map(|profile| &profile.options) {
            launch.insert(name.clone(), value.clone());
        }
        for (name, value) in record.environment.iter() {
            launch.insert(name.to_owned(), value.to_string());
        }
        let counted = read_metrics(server, &record.id, attempt).await.map(|metrics| figures(&metrics).0);
        let counted = counted.into_iter().flatten().map(|figure| {
            let step = if figure.step.is_empty() { String::new() } else { format!(" / {}", figure.step) };
            (format!("{}{step}", figure.name), figure.value.to_string())
        });
        let metadata = match said {
            Some(said) => Some(said.clone()),
            None => metadata(server, &record).await,
        };
        let mut parameters = Facts::new();
        for (name, value) in record.parameters.iter() {
            let known = metadata.as_ref().and_then(|metadata| metadata.parameter(name));
            let label = known.map(|known| known.label.as_str());
            let label = label.filter(|label| !label.is_empty() && !parameters.contains_key(*label));
            // All of it: values may differ at their ends.
            let value = value_to_read(known, value, usize::MAX).to_string();
            parameters.insert(label.unwrap_or(name).to_owned(), value);
        }
        Ok(Self {
            metadata,
            parameters,
            launch,
            counted: counted.collect(),
            rows: server.bucket.results(&record.id, attempt, COMPARED).await?,
            summary,
        })
    }

    fn shown(&self) -> SideShown {
        let record = &self.summary.record;
        SideShown {
            id: record.id.to_string(),
            name: Plain::line(record.name.as_str(), LONGEST_NAME),
            state: Badge::small(self.summary.state),
            started: Moment(record.created),
        }
    }
}

/// The facts of both, those that differ first; the others where they are wanted.
fn lines(before: &Facts, after: &Facts, all: bool) -> Vec<Line> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let value = |facts: &Facts, name: &String| {
        facts
            .get(name)
            .map_or_else(|| Plain::own(text::NOT_GIVEN), |value| Plain::lines(value, LONGEST_VALUE))
    };
    let line = |name: &String| Line {
        name: Plain::line(name, LONGEST_NAME),
        before: value(before, name),
        after: value(after, name),
        differs: before.get(name) != after.get(name),
    };
    let mut lines: Vec<Line> = names.into_iter().map(line).filter(|line| all || line.differs).collect();
    lines.sort_by_key(|line| !line.differs);
    lines
}

/// The rows of the one that the other does not have, as often as they are missing.
fn missing(from: &[ResultRow], other: &[ResultRow]) -> Vec<String> {
    let line = |row: &ResultRow| match row.iter().next() {
        // A line is shown as a line.
        Some((name, Value::String(text)))
            if row.len() == 1 && matches!(name.as_str(), "stdout" | "stderr") =>
        {
            text.clone()
        }
        _ => serde_json::to_string(row).unwrap_or_default(),
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in other {
        *counts.entry(line(row)).or_default() += 1;
    }
    let mut missing = Vec::new();
    for row in from {
        match counts.get_mut(&line(row)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(line(row)),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_comes_first_and_alone() {
        let facts = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Facts>()
        };
        let (before, after) =
            (facts(&[("a", "1"), ("b", "2")]), facts(&[("a", "1"), ("b", "3\x1b"), ("c", "4")]));
        let said = |all| {
            let said = |line: &Line| format!("{}: {} → {}", line.name, line.before, line.after);
            lines(&before, &after, all).iter().map(said).collect::<Vec<_>>()
        };
        assert_eq!(said(false), ["b: 2 → 3␛", "c: (not given) → 4"]);
        assert_eq!(said(true), ["b: 2 → 3␛", "c: (not given) → 4", "a: 1 → 1"]);
    }

    #[test]
    fn rows_are_counted() {
        let rows = |text: &str| serde_json::from_str::<Vec<ResultRow>>(text).unwrap();
        let (one, two) =
            (rows(r#"[{"stdout": "a"}, {"stdout": "a"}, {"n": 1}]"#), rows(r#"[{"n": 1}, {"stdout": "a"}]"#));
        assert_eq!(missing(&one, &two), ["a"]);
        assert!(missing(&two, &one).is_empty());
    }
}
