//! What went wrong with a job: the first cause in a sentence, and what to do.

use tmpl_bucket::{FinalRecord, JobSummary};
use tmpl_template::JobState;

use crate::text::job as text;
use crate::text::plain::Plain;

/// How much is shown.
const LONGEST_CAUSE: usize = 600;
const LONGEST_DETAIL: usize = 300;
const LONGEST_ADVICE: usize = 4000;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The first cause, in a sentence.
    pub(crate) cause: Plain,
    /// In the program's own words: the kind of error, the step.
    pub(crate) detail: Option<Plain>,
    /// How the job ended, in our words.
    pub(crate) reason: Plain,
    /// What to do about it in general.
    pub(crate) hint: Option<Plain>,
    /// What the template's author says to do.
    pub(crate) advice: Option<Plain>,
}

impl Failure {
    /// Of a job that failed, or that somebody ended; the latter only has what its author says to do.
    pub(crate) fn of(summary: &JobSummary, advice: Option<&str>) -> Option<Self> {
        let advice = advice.map(|advice| Plain::lines(advice.trim(), LONGEST_ADVICE));
        if summary.presumed_lost {
            let (cause, reason) = (Plain::own(text::PRESUMED_LOST), Plain::own(text::PRESUMED_LOST_DETAIL));
            return Some(Self { cause, detail: None, reason, hint: None, advice });
        }
        let ended = summary.ended.as_ref()?;
        match ended.state {
            JobState::Failed => Some(Self::of_end(ended, advice)),
            JobState::Cancelled if advice.is_some() => Some(Self::of_end(ended, advice)),
            _ => None,
        }
    }

    fn of_end(ended: &FinalRecord, advice: Option<Plain>) -> Self {
        let cause = ended.cause.as_ref();
        let message = cause.map(|cause| cause.message.trim()).filter(|message| !message.is_empty());
        let exception = cause.and_then(|cause| cause.exception.as_deref());
        let step = cause.and_then(|cause| cause.step.as_deref());
        let said = match (message, exception) {
            (Some(message), _) => message,
            (None, Some(exception)) => exception,
            (None, None) => &ended.reason,
        };
        let detail = match (exception.filter(|_| message.is_some()), step) {
            (Some(exception), Some(step)) => Some(format!("{exception}, {}", text::in_step(step))),
            (Some(exception), None) => Some(exception.to_owned()),
            (None, Some(step)) => Some(text::in_step(step)),
            (None, None) => None,
        };
        Self {
            cause: Plain::lines(said, LONGEST_CAUSE),
            detail: detail.map(|detail| Plain::line(&detail, LONGEST_DETAIL)),
            reason: Plain::line(&ended.reason, LONGEST_DETAIL),
            hint: ended.hint.as_deref().map(|hint| Plain::lines(hint, LONGEST_CAUSE)),
            advice,
        }
    }
}

#[cfg(test)]
mod tests {
    use tmpl_bucket::Cause;

    use super::*;

    fn failure(cause: Option<Cause>) -> Failure {
        let ended = FinalRecord { cause, ..FinalRecord::new(JobState::Failed, "exit code 1".to_owned(), 1) };
        Failure::of_end(&ended, None)
    }

    #[test]
    fn the_cause_is_a_sentence_and_the_rest_stands_beside() {
        let cause = |exception: Option<&str>, message: &str, step: Option<&str>| Cause {
            exception: exception.map(str::to_owned),
            message: message.to_owned(),
            step: step.map(str::to_owned),
        };
        for (cause, said, detail) in [
            (
                Some(cause(Some("ValueError"), "no month\x1b", Some("Read"))),
                "no month␛",
                Some("ValueError, in the step Read"),
            ),
            (Some(cause(Some("KeyError"), "", None)), "KeyError", None),
            (Some(cause(None, "bad line", Some("Parse"))), "bad line", Some("in the step Parse")),
            (None, "exit code 1", None),
        ] {
            let failure = failure(cause);
            assert_eq!(failure.cause.as_str(), said);
            assert_eq!(failure.detail.as_ref().map(Plain::as_str), detail);
        }
    }
}
