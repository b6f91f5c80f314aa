//! The states of jobs in plain words.

use tmpl_template::JobState;

/// The state in a word or two.
pub(crate) fn word(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "Waiting to begin",
        JobState::Pending => "Getting ready",
        JobState::Running => "Running",
        JobState::Cancelling => "Being cancelled",
        JobState::Draining => "Finishing up",
        JobState::Done => "Done",
        JobState::Failed => "Failed",
        JobState::Cancelled => "Cancelled",
        JobState::Drained => "Finished early",
    }
}

/// What it means.
pub(crate) fn sentence(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "The job is accepted and begins in a moment.",
        JobState::Pending => "The job is being prepared.",
        JobState::Running => "The job is at work.",
        JobState::Cancelling => "Somebody asked for the job to be cancelled. It is being ended.",
        JobState::Draining => "The job takes in nothing new and finishes what it has.",
        JobState::Done => "The job did what it was asked for.",
        JobState::Failed => "The job could not finish.",
        JobState::Cancelled => "The job was ended before it had finished.",
        JobState::Drained => "The job was asked to take in nothing new, and finished what it had.",
    }
}
