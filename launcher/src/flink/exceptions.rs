//! Why a job failed, as Flink 1 and Flink 2 tell it.

use jiff::Timestamp;
use serde::Deserialize;

use super::java_error::first_cause;

/// A failure of a job, or of one of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// When.
    pub time: Option<Timestamp>,
    /// The task, in Flink's words; none where the job as a whole failed.
    pub task: Option<String>,
    /// The machine that the task ran on.
    pub task_manager: Option<String>,
    /// The line that matters.
    pub message: String,
    /// The stack trace.
    pub trace: String,
}

/// Flink's answer. Flink 1 has `root-exception` and `all-exceptions` beside the history, and Flink 2 the history alone.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Exceptions {
    root_exception: Option<String>,
    timestamp: Option<i64>,
    #[serde(rename = "all-exceptions")]
    tasks: Vec<TaskException>,
    #[serde(rename = "exceptionHistory")]
    history: History,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskException {
    exception: String,
    task: Option<String>,
    task_manager_id: Option<String>,
    timestamp: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct History {
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    exception_name: Option<String>,
    stacktrace: Option<String>,
    timestamp: Option<i64>,
    task_name: Option<String>,
    task_manager_id: Option<String>,
    concurrent_exceptions: Vec<Self>,
}

impl Exceptions {
    /// The failures, the latest first, each with the task that it began in.
    pub(super) fn failures(self) -> Vec<JobFailure> {
        if !self.history.entries.is_empty() {
            return self.history.entries.into_iter().map(Entry::failure).collect();
        }
        let Some(trace) = self.root_exception else { return Vec::new() };
        let failure = JobFailure::new(trace, self.timestamp, None, None);
        let mut tasks = self
            .tasks
            .into_iter()
            .map(|task| JobFailure::new(task.exception, task.timestamp, task.task, task.task_manager_id));
        vec![match tasks.find(|task| task.message == failure.message) {
            Some(task) => JobFailure { trace: failure.trace, ..task },
            None => failure,
        }]
    }
}

impl Entry {
    fn failure(self) -> JobFailure {
        let others = self.concurrent_exceptions;
        let trace = self.stacktrace.or(self.exception_name).unwrap_or_default();
        let failure = JobFailure::new(trace, self.timestamp, self.task_name, self.task_manager_id);
        if failure.task.is_some() {
            return failure;
        }
        // Flink's scheduler says that it gives up, and stands above the failure that it gave up for.
        let task = others.into_iter().map(Self::failure).find(|task| task.message == failure.message);
        match task {
            Some(task) => JobFailure { trace: failure.trace, ..task },
            None => failure,
        }
    }
}

impl JobFailure {
    pub(super) fn new(
        trace: String,
        time: Option<i64>,
        task: Option<String>,
        task_manager: Option<String>,
    ) -> Self {
        let message = first_cause(&trace).unwrap_or_else(|| "Flink does not say why".to_owned());
        // `STEPS (1/4) - execution #0`: which try it was says nothing to people.
        let task = task.map(|task| task.split(" - execution #").next().unwrap_or_default().to_owned());
        let time = time.and_then(|time| Timestamp::from_millisecond(time).ok());
        Self { time, task, task_manager, message, trace }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(text: &str) -> Vec<JobFailure> {
        serde_json::from_str::<Exceptions>(text).unwrap().failures()
    }

    #[test]
    fn a_failure_of_a_task_is_told_by_both_versions() {
        for text in
            [include_str!("testdata/exceptions-1.19.json"), include_str!("testdata/exceptions-2.2.json")]
        {
            let failures = failures(text);
            let [failure] = failures.as_slice() else { panic!("{failures:?}") };
            assert_eq!(failure.message, "the number is five");
            assert_eq!(
                failure.task.as_deref(),
                Some("Source: Sequence Source -> Add one -> Sink: Print to Std. Out (1/1)")
            );
            assert_eq!(failure.task_manager.as_deref(), Some("tm-1"));
            assert!(failure.time.is_some() && failure.trace.contains("Recovery is suppressed"));
        }
    }

    #[test]
    fn an_older_answer_without_a_history_says_the_same() {
        let mut answer: serde_json::Value =
            serde_json::from_str(include_str!("testdata/exceptions-1.19.json")).unwrap();
        answer.as_object_mut().unwrap().remove("exceptionHistory");
        let [failure] = failures(&answer.to_string()).try_into().unwrap();
        assert_eq!(failure.message, "the number is five");
        assert!(failure.task.unwrap().starts_with("Source: Sequence Source"));
    }

    #[test]
    fn an_error_of_a_python_step_is_told_in_pythons_words() {
        let failures = failures(include_str!("testdata/exceptions-beam-1.19.json"));
        assert_eq!(
            failures[0].message,
            "ValueError: deliberate failure of \"not\" [while running 'Count, them']"
        );
        assert!(failures[0].task.as_ref().unwrap().contains("Count, them"));
    }

    #[test]
    fn a_job_without_failures_has_none() {
        for text in [
            r#"{"root-exception":null,"timestamp":null,"all-exceptions":[],"exceptionHistory":{"entries":[]}}"#,
            r#"{"exceptionHistory":{"entries":[],"truncated":false}}"#,
            "{}",
        ] {
            assert_eq!(failures(text), []);
        }
    }
}
