//! Jobs, the newest first: from the index alone, unless something must be known that only the jobs' own records say.

use std::collections::BTreeMap;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tmpl_template::{JobId, JobName, JobState, TemplateName};

use crate::job_index::{self, Ended, IndexEntry};
use crate::jobs::JobSummary;
use crate::{Bucket, BucketError, BucketErrorKind, layout};

/// How many jobs that may still run are looked at at a time.
const LOOKS: usize = 16;

/// Which jobs of a bucket are meant. Without anything set, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Of this template.
    pub template: Option<TemplateName>,
    /// Of this name.
    pub name: Option<JobName>,
    /// In one of these states.
    pub states: Vec<JobState>,
    /// Asked for by this person.
    pub who: Option<String>,
    /// With these labels.
    pub labels: BTreeMap<String, String>,
    /// Accepted at this moment or later.
    pub since: Option<Timestamp>,
    /// Accepted at this moment or before.
    pub until: Option<Timestamp>,
    /// Older than this job: where the page before ended.
    pub after: Option<JobId>,
}

impl JobFilter {
    /// Whether a job may be meant, by all that the index has of it. `since` and `after` are places in the index.
    fn may_mean(&self, group: &[IndexEntry]) -> bool {
        let Some(entry) = group.last() else { return false };
        let ended = group.iter().find_map(|entry| entry.ended);
        self.template.as_ref().is_none_or(|template| *template == entry.template)
            && self.name.as_ref().is_none_or(|name| entry.may_be_named(name))
            && self.who.as_ref().is_none_or(|who| entry.may_be_of(who))
            && ended.is_none_or(|ended| self.has_state(ended.state))
    }

    /// Whether a job that [may be meant](Self::may_mean) is, if it has ended: the index has no labels, and no whole long names.
    fn is_decided_by(&self, entry: &IndexEntry) -> bool {
        self.labels.is_empty()
            && self.name.as_ref().is_none_or(|name| name.as_str() == entry.name)
            && self.who.as_ref().is_none_or(|who| *who == entry.who())
    }

    /// Whether a job that [may be meant](Self::may_mean) is, by its own records.
    fn means(&self, job: &JobSummary) -> bool {
        let labels = job.record.environment.get("additionalUserLabels").and_then(|labels| labels.as_object());
        let has = |(name, value): (&String, &String)| {
            labels.and_then(|labels| labels.get(name)).and_then(|found| found.as_str()) == Some(value)
        };
        self.labels.iter().all(has)
            && self.name.as_ref().is_none_or(|name| *name == job.record.name)
            && self.who.as_ref().is_none_or(|who| *who == job.record.submitter.who)
            && self.has_state(job.state)
    }

    fn has_state(&self, state: JobState) -> bool {
        self.states.is_empty() || self.states.contains(&state)
    }
}

/// One line of a list of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobLine {
    /// The job.
    pub id: JobId,
    /// Its template.
    pub template: TemplateName,
    /// Its name; the first letters of a very long one.
    pub name: String,
    /// Who asked for it.
    pub who: String,
    /// The state now.
    pub state: JobState,
    /// From its acceptance to its end, if it has ended.
    pub took: Option<SignedDuration>,
    /// The launcher is gone, but this reader may not write it down.
    pub presumed_lost: bool,
    /// It was this reader who found the launcher gone, and brought the job to its end.
    pub reconciled: bool,
}

/// A page of a list of jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobList {
    /// The jobs, the newest first.
    pub jobs: Vec<JobLine>,
    /// Whether there may be more: the next page begins after the last job of this one.
    pub more: bool,
    /// Which jobs are left out because a record of theirs is damaged, and why.
    pub warnings: Vec<String>,
}

impl JobLine {
    fn of_entry(entry: &IndexEntry, ended: Ended) -> Self {
        Self {
            id: entry.id.clone(),
            template: entry.template.clone(),
            name: entry.name.clone(),
            who: entry.who(),
            state: ended.state,
            took: Some(ended.took),
            presumed_lost: false,
            reconciled: false,
        }
    }

    /// A job of which no more is known than that it began.
    fn begun(entry: &IndexEntry) -> Self {
        let begun = Ended { state: JobState::Queued, took: SignedDuration::ZERO };
        Self { took: None, ..Self::of_entry(entry, begun) }
    }

    fn of_summary(entry: &IndexEntry, summary: &JobSummary) -> Self {
        let record = &summary.record;
        let took = summary
            .ended
            .as_ref()
            .map(|end| end.time.duration_since(record.created).max(SignedDuration::ZERO));
        Self {
            id: entry.id.clone(),
            template: entry.template.clone(),
            name: record.name.to_string(),
            who: record.submitter.who.clone(),
            state: summary.state,
            took,
            presumed_lost: summary.presumed_lost,
            reconciled: summary.reconciled,
        }
    }

    /// When the job was accepted.
    pub fn created(&self) -> Timestamp {
        job_index::time_of(&self.id)
    }
}

/// What became of an entry.
enum Look {
    Line(JobLine),
    /// It is none of those that are meant, or a job that never was.
    Nothing,
    Damaged(String),
}

impl Bucket {
    /// The jobs that are meant, the newest first, at most `limit`. A job whose records are damaged costs the list that one job.
    ///
    /// An unfiltered page of jobs that have ended takes one listing. A job that may still run is asked itself, and brought to its end
    /// where its launcher is gone.
    pub async fn jobs(&self, filter: &JobFilter, limit: usize) -> Result<JobList, BucketError> {
        let from_time = filter.until.map(job_index::place_of_time);
        let from_job = filter.after.as_ref().map(after);
        let start = from_time.max(from_job);
        let entries = self.store.names_in_order(layout::INDEX, start.as_deref());
        let until_the_end = entries
            .filter_map(|object| async move { object.map(|object| Self::index_entry(&object)).transpose() });
        let mut groups = Box::pin(grouped(until_the_end).fuse());
        let (mut list, mut over) = (JobList::default(), false);
        while list.jobs.len() < limit {
            // As many at a time as are missing, so that a page of jobs that have ended is read and no more.
            let mut batch = Vec::new();
            while !over && batch.len() < (limit - list.jobs.len()).min(LOOKS * 4) {
                match groups.next().await.transpose()? {
                    Some(group) if is_before(&group, filter.since) => over = true,
                    Some(group) if filter.may_mean(&group) => batch.push(group),
                    Some(_) => {}
                    None => over = true,
                }
            }
            if batch.is_empty() {
                return Ok(list);
            }
            let looks: Vec<_> = batch.into_iter().map(|group| self.look_at(group, filter)).collect();
            let mut looks = futures::stream::iter(looks).buffered(LOOKS);
            while let Some(look) = looks.next().await {
                match look? {
                    Look::Line(line) => list.jobs.push(line),
                    Look::Nothing => {}
                    Look::Damaged(warning) => list.warnings.push(warning),
                }
            }
        }
        list.more = true;
        Ok(list)
    }

    /// What the index alone says of all jobs that were accepted since a moment, the newest first: no job is looked at. One that is not
    /// known to have ended has no [`took`](JobLine::took), and is said to be queued.
    pub async fn indexed_jobs(&self, since: Option<Timestamp>) -> Result<Vec<JobLine>, BucketError> {
        let entries = self.store.names_in_order(layout::INDEX, None);
        let until_the_end = entries
            .filter_map(|object| async move { object.map(|object| Self::index_entry(&object)).transpose() });
        let mut groups = Box::pin(grouped(until_the_end));
        let mut lines = Vec::new();
        while let Some(group) = groups.next().await.transpose()? {
            if is_before(&group, since) {
                break;
            }
            let ended = group.iter().find_map(|entry| Some((entry, entry.ended?)));
            lines.extend(match ended {
                Some((entry, ended)) => Some(JobLine::of_entry(entry, ended)),
                None => group.last().map(JobLine::begun),
            });
        }
        Ok(lines)
    }

    async fn look_at(&self, group: Vec<IndexEntry>, filter: &JobFilter) -> Result<Look, BucketError> {
        let ended = group.iter().find(|entry| entry.ended.is_some());
        let active = group.iter().find(|entry| entry.ended.is_none());
        let Some(entry) = ended.or(active) else { return Ok(Look::Nothing) };
        if let (Some(ended), true) = (entry.ended, filter.is_decided_by(entry)) {
            if let Some(active) = active {
                // Whoever ended the job was killed before it could remove this. A reader that may not, leaves it.
                let _ = self.unindex(active).await;
            }
            return Ok(Look::Line(JobLine::of_entry(entry, ended)));
        }
        let summary = match self.job_summary(&entry.id).await {
            Ok(summary) => summary,
            // Its launch was cut off before it was accepted, or is just being accepted; or it was deleted.
            Err(BucketError::NoSuchJob { .. }) => return Ok(Look::Nothing),
            Err(error) if error.kind() == BucketErrorKind::Damaged => {
                return Ok(Look::Damaged(format!("job {} is left out: {error}", entry.id)));
            }
            Err(error) => return Err(error),
        };
        if let (Some(end), None) = (&summary.ended, entry.ended) {
            let _ = self.index_end(&summary.record, end).await;
        }
        let meant = filter.means(&summary);
        Ok(if meant { Look::Line(JobLine::of_summary(entry, &summary)) } else { Look::Nothing })
    }

    /// Writes the index anew from the jobs' own records. Gives the number of jobs, and what could not be read.
    pub async fn rebuild_index(&self, seen: &(dyn Fn() + Sync)) -> Result<(usize, Vec<String>), BucketError> {
        let (mut count, mut warnings) = (0, Vec::new());
        for day in self.store.list_folders(layout::JOBS).await? {
            let folders = self.store.list_folders(&layout::day(&day)).await?;
            let ids = folders.iter().filter_map(|id| id.parse::<JobId>().ok()).collect::<Vec<_>>();
            let written: Vec<_> = ids.iter().map(|id| self.reindex(id)).collect();
            let mut written = futures::stream::iter(written).buffer_unordered(LOOKS * 2);
            while let Some(one) = written.next().await {
                match one {
                    Ok(found) => count += usize::from(found),
                    Err(error) if error.kind() == BucketErrorKind::Damaged => {
                        warnings.push(error.to_string());
                    }
                    Err(error) => return Err(error),
                }
                seen();
            }
        }
        Ok((count, warnings))
    }

    async fn reindex(&self, id: &JobId) -> Result<bool, BucketError> {
        let record = match self.job_record(id).await {
            Ok(record) => record,
            Err(BucketError::NoSuchJob { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        match self.final_record(id).await? {
            Some(end) => self.index_end(&record, &end).await?,
            None => self.index_job(&record).await?,
        }
        Ok(true)
    }
}

/// A path after which nothing of this job comes any more, and everything of older ones.
fn after(id: &JobId) -> String {
    format!("{}.zz", job_index::place(id))
}

fn is_before(group: &[IndexEntry], since: Option<Timestamp>) -> bool {
    let created = group.first().map(IndexEntry::created);
    since.zip(created).is_some_and(|(since, created)| created.as_second() < since.as_second())
}

/// Entries of the same job, which stand beside each other, put together.
fn grouped(
    entries: impl futures::Stream<Item = Result<IndexEntry, BucketError>> + Send,
) -> impl futures::Stream<Item = Result<Vec<IndexEntry>, BucketError>> {
    let entries = Box::pin(entries.peekable());
    futures::stream::unfold(entries, |mut entries| async move {
        let first = match entries.next().await? {
            Ok(first) => first,
            Err(error) => return Some((Err(error), entries)),
        };
        let mut group = vec![first];
        while let Some(next) =
            entries.as_mut().next_if(|next| next.as_ref().is_ok_and(|next| next.id == group[0].id)).await
        {
            group.extend(next.ok());
        }
        Some((Ok(group), entries))
    })
}
