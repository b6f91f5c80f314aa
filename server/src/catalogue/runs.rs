//! What has run: the lines of the index in memory, and what they say of each template: when it last succeeded, how long it usually takes.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use tmpl_bucket::JobLine;
use tmpl_template::{JobId, JobState, TemplateName};

/// What is usual is the middle of so many successes.
const REMEMBERED: usize = 15;

/// All jobs, as the index has them.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// The oldest first.
    lines: Vec<JobLine>,
    /// Those that are not known to have ended.
    open: BTreeSet<JobId>,
    habits: HashMap<TemplateName, Habit>,
}

/// What is usual for a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Habit {
    /// The newest successes with their lengths, the oldest first.
    successes: Vec<(JobId, Timestamp, SignedDuration)>,
}

/// What a list says of a template's jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usual {
    /// When its last success ended.
    pub(crate) last_success: Option<Timestamp>,
    /// How long a success usually takes.
    pub(crate) duration: Option<SignedDuration>,
}

/// Which jobs are meant.
pub(crate) struct Wanted<'a> {
    /// Whether a job may be seen and is meant, by its line. One that is not known to have ended may mean more than its line says.
    pub(crate) is_meant: &'a dyn Fn(&JobLine) -> bool,
    /// Older than this one.
    pub(crate) after: Option<&'a JobId>,
    /// At most so many.
    pub(crate) limit: usize,
}

impl Runs {
    /// Takes in what the index says now.
    pub(super) fn learn(&mut self, lines: impl IntoIterator<Item = JobLine>) {
        let mut new = Vec::new();
        for line in lines {
            match self.place(&line.id) {
                Ok(at) if self.lines[at].took.is_none() && line.took.is_some() => {
                    self.open.remove(&line.id);
                    self.remember(&line);
                    self.lines[at] = line;
                }
                Ok(_) => {}
                Err(_) => {
                    if line.took.is_none() {
                        self.open.insert(line.id.clone());
                    } else {
                        self.remember(&line);
                    }
                    new.push(line);
                }
            }
        }
        new.sort_by(|one, two| one.id.cmp(&two.id));
        new.dedup_by(|one, two| one.id == two.id);
        let is_newer = match (self.lines.last(), new.first()) {
            (Some(last), Some(first)) => last.id < first.id,
            _ => true,
        };
        self.lines.extend(new);
        if !is_newer {
            self.lines.sort_by(|one, two| one.id.cmp(&two.id));
        }
    }

    /// Forgets a job that is not there any more.
    pub(super) fn forget(&mut self, id: &JobId) {
        self.open.remove(id);
        if let Ok(at) = self.place(id) {
            self.lines.remove(at);
        }
    }

    fn place(&self, id: &JobId) -> Result<usize, usize> {
        self.lines.binary_search_by(|line| line.id.cmp(id))
    }

    fn remember(&mut self, line: &JobLine) {
        let Some(took) = line.took.filter(|_| line.state == JobState::Done) else { return };
        let ended = line.created().checked_add(took).unwrap_or_default();
        let successes = &mut self.habits.entry(line.template.clone()).or_default().successes;
        let at = successes.partition_point(|(id, ..)| *id < line.id);
        successes.insert(at, (line.id.clone(), ended, took));
        if successes.len() > REMEMBERED {
            successes.remove(0);
        }
    }

    /// What is usual for a template.
    pub(crate) fn usual(&self, template: &TemplateName) -> Usual {
        let Some(habit) = self.habits.get(template) else { return Usual::default() };
        let mut lengths: Vec<SignedDuration> = habit.successes.iter().map(|(.., took)| *took).collect();
        lengths.sort_unstable();
        Usual {
            last_success: habit.successes.iter().map(|(_, ended, _)| *ended).max(),
            duration: lengths.get(lengths.len() / 2).copied(),
        }
    }

    /// The newest success of a template that is older than a job.
    pub(crate) fn success_before(&self, template: &TemplateName, id: &JobId) -> Option<JobId> {
        let end = self.place(id).unwrap_or_else(|at| at);
        let older = self.lines.get(..end)?.iter().rev();
        older
            .filter(|line| line.took.is_some() && line.state == JobState::Done)
            .find(|line| line.template == *template)
            .map(|line| line.id.clone())
    }

    /// The jobs that are meant, the newest first.
    pub(crate) fn find(&self, wanted: &Wanted<'_>) -> Vec<JobLine> {
        let end = match wanted.after {
            Some(after) => self.place(after).unwrap_or_else(|at| at),
            None => self.lines.len(),
        };
        let older = self.lines.get(..end).unwrap_or_default().iter().rev();
        older.filter(|line| (wanted.is_meant)(line)).take(wanted.limit).cloned().collect()
    }

    /// The newest job's moment.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.lines.last().map(JobLine::created)
    }

    /// Some jobs that are not known to have ended, from after one on: who asks for all of them asks again and again.
    pub(super) fn open_after(&self, after: Option<&JobId>, most: usize) -> Vec<JobId> {
        let from_there = self.open.iter().filter(|id| after.is_none_or(|after| *id > after));
        from_there.take(most).cloned().collect()
    }

    /// The line of a job.
    pub(super) fn line(&self, id: &JobId) -> Option<&JobLine> {
        self.place(id).ok().and_then(|at| self.lines.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(second: i64, template: &str, ended: Option<(JobState, i64)>) -> JobLine {
        let accepted = Timestamp::from_second(1_795_000_000 + second).unwrap();
        JobLine {
            id: JobId::new(accepted, second.unsigned_abs()),
            template: template.parse().unwrap(),
            name: format!("{template}-{second}"),
            who: "ann".to_owned(),
            state: ended.map_or(JobState::Queued, |(state, _)| state),
            took: ended.map(|(_, seconds)| SignedDuration::from_secs(seconds)),
            presumed_lost: false,
            reconciled: false,
        }
    }

    fn names(lines: &[JobLine]) -> Vec<&str> {
        lines.iter().map(|line| line.name.as_str()).collect()
    }

    #[test]
    fn what_is_usual_is_the_middle_of_the_last_successes() {
        let mut runs = Runs::default();
        let a: TemplateName = "a".parse().unwrap();
        assert_eq!(runs.usual(&a), Usual::default());
        runs.learn((0..40).map(|n| line(n, "a", Some((JobState::Done, if n < 20 { 1000 } else { n })))));
        runs.learn([line(50, "a", Some((JobState::Failed, 1))), line(51, "b", Some((JobState::Done, 9)))]);
        let usual = runs.usual(&a);
        assert_eq!(usual.duration, Some(SignedDuration::from_secs(32)));
        assert_eq!(usual.last_success.unwrap().as_second(), 1_795_000_000 + 39 + 39);
    }

    #[test]
    fn jobs_come_newest_first_in_pages_and_end_later() {
        let mut runs = Runs::default();
        runs.learn([line(3, "a", None), line(1, "a", None), line(2, "b", Some((JobState::Done, 1)))]);
        // One that was accepted on a machine whose clock is late.
        runs.learn([line(0, "a", Some((JobState::Done, 5))), line(4, "a", None)]);
        let all = |runs: &Runs, after: Option<&JobId>, limit| {
            runs.find(&Wanted { is_meant: &|_| true, after, limit })
        };
        let first = all(&runs, None, 2);
        assert_eq!(names(&first), ["a-4", "a-3"]);
        assert_eq!(names(&all(&runs, Some(&first[1].id), 9)), ["b-2", "a-1", "a-0"]);
        let template: TemplateName = "a".parse().unwrap();
        let only = Wanted {
            is_meant: &|line| line.template == template && line.took.is_some(),
            after: None,
            limit: 9,
        };
        assert_eq!(names(&runs.find(&only)), ["a-0"]);
        assert_eq!(runs.open_after(None, 9).len(), 3);
        runs.learn([line(1, "a", Some((JobState::Done, 7)))]);
        assert_eq!(names(&runs.find(&only)), ["a-1", "a-0"]);
        let open = runs.open_after(None, 1);
        assert_eq!(runs.open_after(open.first(), 9).len(), 1);
        let newest = all(&runs, None, 1).remove(0).id;
        assert_eq!(runs.success_before(&template, &newest), Some(only_id(&runs, "a-1")));
        runs.forget(&newest);
        assert_eq!(names(&all(&runs, None, 1)), ["a-3"]);
    }

    fn only_id(runs: &Runs, name: &str) -> JobId {
        runs.find(&Wanted { is_meant: &|line| line.name == name, after: None, limit: 1 }).remove(0).id
    }
}
