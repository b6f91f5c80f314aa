//! `/jobs`: what was run, the newest first. Filters are in the address, so that a list can be kept and passed on.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tmpl_bucket::{BucketError, JobLine};
use tmpl_template::{JobId, JobState, TemplateName};

use super::frame::{Frame, Place, page};
use super::measure::{Length, Moment};
use super::state::Badge;
use crate::Shared;
use crate::catalogue::{Catalogue, Wanted};
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::history as text;
use crate::text::plain::Plain;
use crate::text::state;

/// So many jobs are on a page.
const SHOWN: usize = 30;
const LONGEST_NAME: usize = 120;
/// So many templates are offered.
const OFFERED: usize = 60;
/// So many jobs that may have ended are asked at a time.
const ASKED: usize = 16;

/// Which jobs are meant.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    template: String,
    /// `ongoing`, or how it ended.
    state: String,
    who: String,
    name: String,
    since: String,
    until: String,
    after: String,
}

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    frame: Frame,
    notes: Vec<String>,
    asked: Asked,
    templates: Vec<String>,
    states: Vec<(&'static str, &'static str)>,
    filtered: bool,
    ongoing: bool,
    jobs: Vec<Line>,
    newer: Option<String>,
    older: Option<String>,
}

/// A job.
struct Line {
    id: String,
    name: Plain,
    state: Badge,
    started: Moment,
    took: Option<Length>,
    who: Plain,
    title: Plain,
}

/// The filters, understood.
#[derive(Debug, Default)]
struct Filter {
    template: Option<TemplateName>,
    /// No template is called what was entered.
    impossible: bool,
    state: WantedState,
    who: String,
    name: String,
    /// How ids begin of the first moment that is meant, and of the first one after it: they sort by time.
    since: Option<String>,
    until: Option<String>,
}

/// The state that jobs are to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum WantedState {
    #[default]
    Any,
    Ongoing,
    Ended(JobState),
}

/// The states that a job can be asked for by.
const ENDS: [JobState; 4] = [JobState::Done, JobState::Failed, JobState::Cancelled, JobState::Drained];
const ONGOING: &str = "ongoing";

impl Filter {
    /// What was asked for, and what of it means nothing.
    fn of(asked: &Asked) -> (Self, Vec<String>) {
        let mut notes = Vec::new();
        let mut day = |text: &str, later: i64| {
            let text = text.trim();
            if text.is_empty() {
                return None;
            }
            let begin = text.parse::<Date>().ok().and_then(|day| {
                let day = if later == 0 { Some(day) } else { day.tomorrow().ok() };
                day?.to_zoned(TimeZone::UTC).ok()
            });
            if begin.is_none() {
                notes.push(format!("{} {}", text::WRONG_DAY, Plain::line(text, LONGEST_NAME)));
            }
            begin.map(|begin| begin.strftime("%Y-%m-%d_%H_%M_%S").to_string())
        };
        let (since, until) = (day(&asked.since, 0), day(&asked.until, 1));
        let template = asked.template.trim();
        let filter = Self {
            template: template.parse().ok(),
            impossible: !template.is_empty() && template.parse::<TemplateName>().is_err(),
            state: match asked.state.as_str() {
                ONGOING => WantedState::Ongoing,
                word => {
                    let end = ENDS.into_iter().find(|end| end.word() == word);
                    end.map_or(WantedState::Any, WantedState::Ended)
                }
            },
            who: asked.who.trim().to_lowercase(),
            name: asked.name.trim().to_lowercase(),
            since,
            until,
        };
        (filter, notes)
    }

    fn is_empty(&self) -> bool {
        self.template.is_none()
            && !self.impossible
            && self.state == WantedState::Any
            && self.who.is_empty()
            && self.name.is_empty()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// Whether a job is meant, by its line. One that is not known to have ended is looked at again.
    fn means(&self, line: &JobLine) -> bool {
        let id = line.id.as_str();
        let state = match self.state {
            WantedState::Any => true,
            WantedState::Ongoing => line.took.is_none(),
            WantedState::Ended(end) => line.took.is_none() || line.state == end,
        };
        state
            && !self.impossible
            && self.template.as_ref().is_none_or(|template| *template == line.template)
            && (self.who.is_empty() || line.who.to_lowercase().contains(&self.who))
            && (self.name.is_empty() || line.name.contains(&self.name))
            && self.since.as_deref().is_none_or(|since| id >= since)
            && self.until.as_deref().is_none_or(|until| id < until)
    }

    /// Whether one that was looked at is meant.
    fn means_state(&self, line: &JobLine) -> bool {
        match self.state {
            WantedState::Any => true,
            WantedState::Ongoing => line.took.is_none(),
            WantedState::Ended(end) => line.took.is_some() && line.state == end,
        }
    }
}

/// `GET /jobs`.
pub(super) async fn history(
    State(server): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    person.may(Action::View, None)?;
    let (filter, notes) = Filter::of(&asked);
    let mut after: Option<JobId> = asked.after.parse().ok();
    let is_first = after.is_none();
    let mut jobs: Vec<JobLine> = Vec::new();
    let mut more = true;
    while more && jobs.len() <= SHOWN {
        let found = {
            let runs = Catalogue::runs(&server).await?;
            let is_meant = |line: &JobLine| filter.means(line) && person.sees(&line.template);
            runs.find(&Wanted { is_meant: &is_meant, after: after.as_ref(), limit: SHOWN + 1 })
        };
        more = found.len() > SHOWN;
        after = found.last().map(|line| line.id.clone());
        jobs.extend(looked_at(&server, found).await?.into_iter().filter(|line| filter.means_state(line)));
    }
    let has_more = jobs.len() > SHOWN;
    jobs.truncate(SHOWN);
    let older = jobs.last().filter(|_| has_more).map(|last| address(&asked, Some(&last.id)));
    let templates = Catalogue::items(&server).await?;
    let offered = templates.iter().filter(|item| !item.is_card() && person.sees(&item.template));
    let titles: HashMap<TemplateName, Plain> = templates
        .iter()
        .filter(|item| !item.is_card())
        .map(|item| (item.template.clone(), item.title.clone()))
        .collect();
    let ongoing = jobs.iter().any(|job| job.took.is_none());
    page(&HistoryPage {
        frame: Frame::new(&person, Place::Jobs),
        notes,
        templates: offered.take(OFFERED).map(|item| item.name.clone()).collect(),
        states: std::iter::once((ONGOING, text::ONGOING))
            .chain(ENDS.map(|end| (end.word(), state::word(end))))
            .collect(),
        filtered: !filter.is_empty(),
        ongoing,
        jobs: jobs.iter().map(|job| line(job, &titles)).collect(),
        newer: (!is_first).then(|| address(&asked, None)),
        older,
        asked,
    })
}

/// Jobs that are not known to have ended, as their own records have them.
async fn looked_at(server: &Shared, lines: Vec<JobLine>) -> Result<Vec<JobLine>, Problem> {
    use futures::StreamExt;
    let looks: Vec<_> = lines.into_iter().map(|line| look(server, line)).collect();
    let mut looks = futures::stream::iter(looks).buffered(ASKED);
    let mut seen = Vec::new();
    while let Some(look) = looks.next().await {
        seen.extend(look?);
    }
    Ok(seen)
}

async fn look(server: &Shared, line: JobLine) -> Result<Option<JobLine>, Problem> {
    if line.took.is_some() {
        return Ok(Some(line));
    }
    let summary = match server.bucket.job_summary(&line.id).await {
        Ok(summary) => summary,
        // Its launch was cut off before it was accepted; or it was deleted.
        Err(BucketError::NoSuchJob { .. }) => return Ok(None),
        // A damaged one costs the list nothing but what it would say of it.
        Err(error) if error.kind() == tmpl_bucket::BucketErrorKind::Damaged => return Ok(Some(line)),
        Err(error) => return Err(error.into()),
    };
    let took = summary
        .ended
        .as_ref()
        .map(|end| end.time.duration_since(summary.record.created).max(jiff::SignedDuration::ZERO));
    let line = JobLine {
        name: summary.record.name.to_string(),
        who: summary.record.submitter.who.clone(),
        state: summary.state,
        presumed_lost: summary.presumed_lost,
        took,
        ..line
    };
    if line.took.is_some() {
        server.catalogue.learn(line.clone());
    }
    Ok(Some(line))
}

fn line(job: &JobLine, titles: &HashMap<TemplateName, Plain>) -> Line {
    Line {
        id: job.id.to_string(),
        name: Plain::line(&job.name, LONGEST_NAME),
        state: Badge::small(job.state),
        started: Moment(job.created()),
        took: job.took.map(Length),
        who: Plain::line(&job.who, LONGEST_NAME),
        title: titles.get(&job.template).cloned().unwrap_or_else(|| Plain::own(job.template.to_string())),
    }
}

/// The address of another part of the same list.
fn address(asked: &Asked, after: Option<&JobId>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("template", &asked.template),
        ("state", &asked.state),
        ("who", &asked.who),
        ("name", &asked.name),
        ("since", &asked.since),
        ("until", &asked.until),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if let Some(after) = after {
        query.append_pair("after", after.as_str());
    }
    let query = query.finish();
    if query.is_empty() { "/jobs".to_owned() } else { format!("/jobs?{query}") }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn job(ended: Option<JobState>) -> JobLine {
        JobLine {
            id: "2026-11-21_08_00_00-0000000000000000001".parse().unwrap(),
            template: "report".parse().unwrap(),
            name: "report-nightly".to_owned(),
            who: "Zo\u{eb}".to_owned(),
            state: ended.unwrap_or(JobState::Queued),
            took: ended.map(|_| SignedDuration::from_secs(5)),
            presumed_lost: false,
            reconciled: false,
        }
    }

    #[test]
    fn filters_mean_what_they_say() {
        let done = job(Some(JobState::Done));
        let asked = Asked::default;
        for (asked, is_meant) in [
            (asked(), true),
            (Asked { template: "report".to_owned(), ..asked() }, true),
            (Asked { template: "other".to_owned(), ..asked() }, false),
            (Asked { template: "No Name!".to_owned(), ..asked() }, false),
            (Asked { state: "done".to_owned(), ..asked() }, true),
            (Asked { state: "failed".to_owned(), ..asked() }, false),
            (Asked { state: "ongoing".to_owned(), ..asked() }, false),
            (Asked { state: "nonsense".to_owned(), ..asked() }, true),
            (Asked { who: "ZO\u{cb}".to_owned(), ..asked() }, true),
            (Asked { name: "NIGHT".to_owned(), ..asked() }, true),
            (Asked { since: "2026-11-21".to_owned(), until: "2026-11-21".to_owned(), ..asked() }, true),
            (Asked { since: "2026-11-22".to_owned(), ..asked() }, false),
            (Asked { until: "2026-11-20".to_owned(), ..asked() }, false),
        ] {
            let (filter, notes) = Filter::of(&asked);
            assert!(notes.is_empty());
            assert_eq!(filter.means(&done) && filter.means_state(&done), is_meant, "{asked:?}");
        }
        let (filter, notes) = Filter::of(&Asked { since: "soon\u{1b}".to_owned(), ..asked() });
        assert!(filter.is_empty() && notes[0].contains("soon␛"));
    }

    #[test]
    fn one_that_may_have_ended_is_looked_at() {
        let (filter, _) = Filter::of(&Asked { state: "failed".to_owned(), ..Asked::default() });
        assert!(filter.means(&job(None)) && !filter.means_state(&job(None)));
    }

    #[test]
    fn a_list_has_an_address() {
        let asked = Asked { who: "a b&c".to_owned(), state: "done".to_owned(), ..Asked::default() };
        let id = job(None).id;
        assert_eq!(address(&asked, Some(&id)), format!("/jobs?state=done&who=a+b%26c&after={id}"));
        assert_eq!(address(&Asked::default(), None), "/jobs");
    }
}
