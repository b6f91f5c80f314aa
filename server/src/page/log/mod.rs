//! `/jobs/{id}/log`: a part of a log, around a line, at its end, or what is like something that is looked for.

mod download;
mod line;
mod scan;
mod window;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use tmpl_bucket::LogLevel;
use tmpl_template::JobId;

pub(crate) use download::download;
pub(crate) use line::LineOfLog;
use scan::{Wanted, scan};
pub(crate) use window::Window;

use super::frame::{Frame, Place, page};
use super::job::known;
use super::measure::grouped;
use super::state::Badge;
use crate::Shared;
use crate::door::Person;
use crate::problem::Problem;
use crate::text::log as text;
use crate::text::plain::Plain;

/// So many lines are on a page, and so many stand before the one that was asked for.
const SHOWN: usize = 150;
const BEFORE: u64 = 30;
const LONGEST_NAME: usize = 200;
const LONGEST_QUERY: usize = 200;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    attempt: Option<u32>,
    /// Around this line.
    line: Option<String>,
    /// From this line on.
    top: Option<u64>,
    /// Around this byte.
    offset: Option<u64>,
    level: String,
    q: String,
    /// Where to search on.
    from: u64,
    wrap: String,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    id: String,
    name: Plain,
    state: Badge,
    running: bool,
    query: String,
    level: LogLevel,
    attempt: u32,
    /// What stands in links to lines where it is not the newest attempt.
    of_attempt: String,
    attempts: Vec<u32>,
    lines: Vec<LineOfLog>,
    said: Option<String>,
    as_is: bool,
    /// The address of this page with another way to show it.
    other_wrap: String,
    filtered: bool,
    earlier: Option<String>,
    later: Option<String>,
    search_on: Option<String>,
    beginning: String,
    end: String,
    everything: String,
    download: String,
    /// From where on what is written is added, where the page shows the end.
    follow: Option<String>,
    last_number: u64,
}

/// What of a log is shown.
#[derive(Default)]
struct Part {
    lines: Vec<LineOfLog>,
    said: Option<String>,
    earlier: Option<u64>,
    later: Option<u64>,
    search_on: Option<u64>,
    /// Where the last line ends, where nothing follows it yet.
    end: Option<u64>,
    last_number: u64,
}

/// `GET /jobs/{id}/log`.
pub(crate) async fn log(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let summary = server.bucket.job_summary_of(record.clone()).await?;
    let attempts = server.bucket.attempt_numbers(&record.id).await?;
    let newest = attempts.last().copied().unwrap_or(1);
    let attempt = asked.attempt.filter(|attempt| attempts.contains(attempt)).unwrap_or(newest);
    let wanted = Wanted {
        level: match asked.level.as_str() {
            "warning" => LogLevel::Warning,
            "error" => LogLevel::Error,
            _ => LogLevel::Debug,
        },
        letters: asked.q.trim().chars().take(LONGEST_QUERY).collect(),
    };
    let part = if wanted.is_all() {
        shown(&server, &record.id, attempt, &asked).await?
    } else {
        found(&server, &record.id, attempt, &wanted, asked.from).await?
    };
    let as_is = asked.wrap == "no";
    let links =
        Links { id: &record.id, attempt: (attempt != newest).then_some(attempt), wanted: &wanted, as_is };
    let top = |line: u64| ("top", line.to_string());
    let running = summary.goes_on();
    let follow = part.end.filter(|_| running && attempt == newest);
    page(&LogPage {
        frame: Frame::new(&person, Place::Jobs),
        id: record.id.to_string(),
        name: Plain::line(record.name.as_str(), LONGEST_NAME),
        state: Badge::small(summary.state),
        running,
        filtered: !wanted.is_all(),
        level: wanted.level,
        attempt,
        of_attempt: if attempt == newest { String::new() } else { format!("attempt={attempt}&") },
        attempts,
        said: part.said,
        as_is,
        other_wrap: Links { as_is: !as_is, ..links }.to(&links.place(&asked)),
        earlier: part.earlier.map(|line| links.to(&[top(line)])),
        later: part.later.map(|line| links.to(&[top(line)])),
        search_on: part.search_on.map(|from| links.to(&[("from", from.to_string())])),
        beginning: links.to(&[top(1)]),
        end: links.to(&[]),
        everything: links.everything(),
        download: format!("/jobs/{}/log.txt?attempt={attempt}", record.id),
        follow: follow.map(|end| format!("{attempt}:{end}")),
        lines: part.lines,
        last_number: part.last_number,
        query: wanted.letters,
    })
}

/// The lines around a place, or the last ones.
async fn shown(server: &Shared, id: &JobId, attempt: u32, asked: &Asked) -> Result<Part, Problem> {
    let bucket = &server.bucket;
    let lines = server.catalogue.logs.lines(bucket, id, attempt).await?;
    let Some(lines) = lines else {
        // Too long to be counted: by its bytes.
        let window = match asked.offset {
            Some(offset) => {
                let begin = Window::from(bucket, id, attempt, offset.saturating_sub(1), 1).await?.end();
                Window::from(bucket, id, attempt, if offset == 0 { 0 } else { begin }, SHOWN).await?
            }
            None => Window::last(bucket, id, attempt, SHOWN).await?,
        };
        let shown = window.lines.into_iter().map(|(line, _)| LineOfLog::of(line, None, None));
        return Ok(Part { lines: shown.collect(), ..Part::default() });
    };
    let count = lines.count();
    let page = SHOWN as u64;
    let asked_for = asked.line.as_deref().and_then(|line| line.trim().parse::<u64>().ok());
    let asked_for = match (asked_for, asked.offset) {
        (Some(line), _) => Some(line.clamp(1, count.max(1))),
        (None, Some(offset)) => {
            let known = lines.before_offset(offset);
            let before = Window::from(bucket, id, attempt, known.offset, usize::MAX).await?;
            let passed = before.lines.iter().take_while(|(_, end)| *end <= offset).count();
            Some((known.number + passed as u64).min(count.max(1)))
        }
        (None, None) => None,
    };
    let last_page = (count + 1).saturating_sub(page).max(1);
    let first = match (asked_for, asked.top) {
        (Some(line), _) => line.saturating_sub(BEFORE).max(1).min(last_page),
        (None, Some(top)) => top.clamp(1, count.max(1)),
        (None, None) => last_page,
    };
    let known = lines.before_line(first);
    drop(lines);
    let skipped = usize::try_from(first - known.number).unwrap_or_default();
    let window = Window::from(bucket, id, attempt, known.offset, skipped + SHOWN).await?;
    let end = window.end();
    let shown: Vec<LineOfLog> = (first..)
        .zip(window.lines.into_iter().skip(skipped))
        .map(|(number, (line, _))| LineOfLog {
            asked: asked_for == Some(number),
            ..LineOfLog::of(line, Some(number), None)
        })
        .collect();
    let last = first + shown.len() as u64 - u64::from(!shown.is_empty());
    let said =
        (!shown.is_empty()).then(|| text::of(&grouped(first), &grouped(last), &grouped(count.max(last))));
    Ok(Part {
        said,
        earlier: (first > 1).then(|| first.saturating_sub(page).max(1)),
        later: (last < count).then_some(last + 1),
        search_on: None,
        end: (last >= count).then_some(end),
        last_number: if shown.is_empty() { 0 } else { last },
        lines: shown,
    })
}

/// The lines that are like what is looked for.
async fn found(
    server: &Shared,
    id: &JobId,
    attempt: u32,
    wanted: &Wanted,
    from: u64,
) -> Result<Part, Problem> {
    let bucket = &server.bucket;
    let lines = server.catalogue.logs.lines(bucket, id, attempt).await?;
    // Whatever the address says, it begins where a line begins.
    let begin = lines.as_ref().map(|lines| lines.before_offset(from));
    drop(lines);
    let offset = begin.map_or(0, |begin| begin.offset);
    let found = scan(bucket, id, attempt, (offset, from), wanted, SHOWN).await?;
    let shown = found.lines.into_iter().map(|(line, before)| {
        let number = begin.map(|begin| begin.number + before);
        LineOfLog::of(line, number, Some(wanted))
    });
    let shown: Vec<LineOfLog> = shown.collect();
    Ok(Part {
        said: Some(text::found(shown.len(), found.next.is_some())),
        search_on: found.next,
        lines: shown,
        ..Part::default()
    })
}

/// The addresses of other parts of the same log.
#[derive(Clone, Copy)]
struct Links<'a> {
    id: &'a JobId,
    attempt: Option<u32>,
    wanted: &'a Wanted,
    as_is: bool,
}

impl Links<'_> {
    fn to(&self, pairs: &[(&str, String)]) -> String {
        self.address(self.wanted, pairs)
    }

    fn everything(&self) -> String {
        self.address(&Wanted { level: LogLevel::Debug, letters: String::new() }, &[])
    }

    fn address(&self, wanted: &Wanted, pairs: &[(&str, String)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(attempt) = self.attempt {
            query.append_pair("attempt", &attempt.to_string());
        }
        match wanted.level {
            LogLevel::Error => drop(query.append_pair("level", "error")),
            LogLevel::Warning => drop(query.append_pair("level", "warning")),
            LogLevel::Info | LogLevel::Debug => {}
        }
        if !wanted.letters.is_empty() {
            query.append_pair("q", &wanted.letters);
        }
        if self.as_is {
            query.append_pair("wrap", "no");
        }
        for (name, value) in pairs {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() {
            format!("/jobs/{}/log", self.id)
        } else {
            format!("/jobs/{}/log?{query}", self.id)
        }
    }

    /// The place that this page shows.
    fn place<'a>(&self, asked: &Asked) -> Vec<(&'a str, String)> {
        let from = Some(asked.from).filter(|from| *from > 0 && !self.wanted.is_all());
        [
            ("line", asked.line.clone()),
            ("top", asked.top.map(|top| top.to_string())),
            ("offset", asked.offset.map(|offset| offset.to_string())),
            ("from", from.map(|from| from.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}
