//! Flink's states of a job, as ours.

use tmpl_template::JobState;

/// Our state for one of Flink's, or none for one that says nothing: `SUSPENDED` (a `JobManager` lost its leadership; the next one goes on
/// with the job), and those that are not known. `draining`: whether the job was told to stop with a drain.
pub fn job_state(native: &str, draining: bool) -> Option<JobState> {
    Some(match native {
        "INITIALIZING" | "CREATED" | "RECONCILING" => JobState::Pending,
        "RUNNING" | "RESTARTING" | "FAILING" if draining => JobState::Draining,
        "RUNNING" | "RESTARTING" | "FAILING" => JobState::Running,
        "CANCELLING" => JobState::Cancelling,
        "CANCELED" => JobState::Cancelled,
        "FINISHED" if draining => JobState::Drained,
        "FINISHED" => JobState::Done,
        "FAILED" => JobState::Failed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_flinks_is_one_of_ours_or_says_nothing() {
        use JobState::{Cancelled, Cancelling, Done, Drained, Draining, Failed, Pending, Running};
        for (native, plain, draining) in [
            ("INITIALIZING", Some(Pending), Some(Pending)),
            ("CREATED", Some(Pending), Some(Pending)),
            ("RECONCILING", Some(Pending), Some(Pending)),
            ("RUNNING", Some(Running), Some(Draining)),
            ("RESTARTING", Some(Running), Some(Draining)),
            ("FAILING", Some(Running), Some(Draining)),
            ("CANCELLING", Some(Cancelling), Some(Cancelling)),
            ("CANCELED", Some(Cancelled), Some(Cancelled)),
            ("FINISHED", Some(Done), Some(Drained)),
            ("FAILED", Some(Failed), Some(Failed)),
            ("SUSPENDED", None, None),
            ("SOMETHING_NEW", None, None),
            ("", None, None),
        ] {
            assert_eq!((job_state(native, false), job_state(native, true)), (plain, draining), "{native}");
        }
    }
}
