//! The words of the page of a job, and of the page that asks before one is ended.

use tmpl_beam::graph::StepState;

pub(crate) const CRUMB: &str = "Jobs";
pub(crate) const STARTED_BY: &str = "Started by";
pub(crate) const STARTED: &str = "Started";
pub(crate) const ENDED: &str = "Ended";
pub(crate) const TOOK: &str = "Took";
pub(crate) const TEMPLATE: &str = "Template";
pub(crate) const CARD: &str = "Saved launch";
pub(crate) const RUNNER: &str = "Where";
pub(crate) const ATTEMPTS: &str = "Attempts";
pub(crate) const NUMBER: &str = "Number";
pub(crate) const NATIVE: &str = "For technicians:";
pub(crate) const LOOK_AGAIN: &str = "Look again";
pub(crate) const RUNS_SINCE: &str = "Running for";
pub(crate) const WAITS_SINCE: &str = "Waiting for";
pub(crate) const USUALLY: &str = "It usually takes";
pub(crate) const LONGER: &str = "That is longer than usual.";
pub(crate) const PROGRESS: &str = "Time so far beside the usual time";
pub(crate) const AGAIN: &str = "Run again with changes";
pub(crate) const SAVE: &str = "Save for next time";
pub(crate) const COMPARE: &str = "Compare with the last success";
pub(crate) const CANCEL: &str = "Cancel";
pub(crate) const DRAIN: &str = "Finish up and end";
pub(crate) const WENT_WRONG: &str = "What went wrong";
pub(crate) const ADVICE: &str = "What to do, by the template's author";
pub(crate) const HINT: &str = "What may help";
pub(crate) const SEE_ERRORS: &str = "See the errors in the log";
pub(crate) const PRESUMED_LOST: &str = "The program that looked after the job is gone.";
pub(crate) const PRESUMED_LOST_DETAIL: &str = "Nobody can write it down here, so it is not certain.";

pub(crate) const RESULTS: &str = "Results";
pub(crate) const OUTPUT: &str = "Output";
pub(crate) const ERRORS: &str = "Errors";
pub(crate) const NO_RESULTS: &str = "The job has not reported any results.";
pub(crate) const NO_RESULTS_YET: &str = "The job has not reported any results yet.";
pub(crate) const NO_OUTPUT: &str = "There is nothing under this heading.";
pub(crate) const MORE_ROWS: &str = "These are not all. The files have more of them.";
pub(crate) const CSV: &str = "Download CSV";
pub(crate) const JSON: &str = "Download JSON";

pub(crate) const LOG: &str = "Log";
pub(crate) const WHOLE_LOG: &str = "Open the whole log";
pub(crate) const NO_LOG: &str = "Nothing was written yet.";
pub(crate) const LAST_LINES: &str = "The last lines:";

pub(crate) const STEPS: &str = "Steps";
pub(crate) const STEPS_TABLE: &str = "The steps as a table";
pub(crate) const STEP: &str = "Step";
pub(crate) const KIND: &str = "Kind";
pub(crate) const STATE: &str = "State";
pub(crate) const ELEMENTS: &str = "Elements";
pub(crate) const TIME: &str = "Time";
pub(crate) const TO: &str = "Goes to";
pub(crate) const OPEN_PICTURE: &str = "Open the picture by itself";
pub(crate) const NO_GRAPH: &str = "This job has no picture of its steps.";

pub(crate) const COUNTERS: &str = "Counted";
pub(crate) const NAME: &str = "Name";
pub(crate) const VALUE: &str = "Value";
pub(crate) const NO_VALUES: &str = "no values";

pub(crate) const FILES: &str = "Files";
pub(crate) const SIZE: &str = "Size";

pub(crate) const PARAMETERS: &str = "What it was run with";
pub(crate) const NO_PARAMETERS: &str = "Nothing: everything was left to the template.";
pub(crate) const WHOLE_VALUE: &str = "See the whole value";

pub(crate) const TIMELINE: &str = "What happened";
pub(crate) const ACCEPTED: &str = "Accepted";

pub(crate) const STOP_CANCEL: &str = "Cancel this job?";
pub(crate) const STOP_CANCEL_HELP: &str =
    "The job is ended at once. What it has not finished is lost, and what it has written stays as it is.";
pub(crate) const STOP_DRAIN: &str = "Let this job finish up?";
pub(crate) const STOP_DRAIN_HELP: &str =
    "The job takes in nothing new, finishes what it has, and then ends. That may take a while.";
pub(crate) const STOP_YES_CANCEL: &str = "Yes, cancel it";
pub(crate) const STOP_YES_DRAIN: &str = "Yes, let it finish up";
pub(crate) const STOP_NO: &str = "No, leave it alone";
pub(crate) const CANT_DRAIN: &str = "This job can't finish up early: it reads something that has an end, or it runs where that is not possible.";
pub(crate) const NOT_DRAINED: &str =
    "The job could not be asked to finish up, and goes on. You can ask again, or cancel it.";

pub(crate) fn in_step(step: &str) -> String {
    format!("in the step {step}")
}

pub(crate) fn native(state: &str) -> String {
    format!("The engine says: {state}")
}

pub(crate) fn more(count: usize) -> String {
    format!("… and {count} more.")
}

pub(crate) fn some_of(texts: &[&str], more: usize) -> String {
    let listed = texts.join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

pub(crate) fn spread(count: &str, min: &str, mean: &str, max: &str) -> String {
    format!("{count} values, from {min} to {max}, on average {mean}")
}

pub(crate) fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Done => "Done",
        StepState::Waiting => "Waiting",
        StepState::Cancelled => "Cancelled",
        StepState::Running => "Running",
        StepState::Failed => "Failed",
    }
}

/// Who asked for the end, and how.
pub(crate) fn stopped_by(who: &str, drains: bool) -> String {
    if drains {
        format!("{who} asked for it to finish up.")
    } else {
        format!("{who} asked for it to be cancelled.")
    }
}
