//! What each step of a graph does now, to be drawn beside it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;

/// What the steps of a graph do now, by their full names. What is said of a step without parts counts for those around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    steps: HashMap<String, StepStatus>,
}

/// What a step does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepStatus {
    /// Where it stands.
    pub state: Option<StepState>,
    /// How many elements it has made.
    pub elements: Option<i64>,
    /// How long it has worked on all machines together, in milliseconds.
    pub milliseconds: Option<i64>,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It has ended well.
    Done,
    /// It has not begun.
    Waiting,
    /// It was stopped.
    Cancelled,
    /// It works.
    Running,
    /// It failed.
    Failed,
}

impl StepState {
    /// Its word: `running`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Cancelled => "cancelled",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

impl Overlay {
    /// The states, counts and times among a job's figures.
    pub fn of_metrics(metrics: &Metrics) -> Self {
        let mut overlay = Self::default();
        for one in &metrics.elements {
            let elements = &mut overlay.status(&one.step).elements;
            *elements = Some(elements.unwrap_or_default().saturating_add(one.count));
        }
        for one in &metrics.milliseconds {
            let parts = [one.start, one.process, one.finish];
            let worked = parts.into_iter().flatten().reduce(i64::saturating_add);
            overlay.status(&one.step).milliseconds = one.total.or(worked);
        }
        for one in &metrics.states {
            overlay.set_state(&one.step, one.state);
        }
        overlay
    }

    /// Says what a step does, by its full name.
    pub fn set(&mut self, step: &str, status: StepStatus) {
        *self.status(step) = status;
    }

    /// Says where a step stands, and leaves its figures.
    pub fn set_state(&mut self, step: &str, state: StepState) {
        self.status(step).state = Some(state);
    }

    /// What is said of a step.
    pub(super) fn of_step(&self, name: &str) -> StepStatus {
        self.steps.get(name).copied().unwrap_or_default()
    }

    fn status(&mut self, step: &str) -> &mut StepStatus {
        self.steps.entry(step.to_owned()).or_default()
    }
}

impl StepStatus {
    /// What two parts of a step say of the whole: failed if one failed, running while one runs. Elements are not added up, since
    /// one part's are the next one's.
    pub(super) fn with_part(self, part: Self) -> Self {
        Self {
            state: match (self.state, part.state) {
                // What has begun and not ended runs.
                (Some(StepState::Done), Some(StepState::Waiting))
                | (Some(StepState::Waiting), Some(StepState::Done)) => Some(StepState::Running),
                (one, two) => one.max(two),
            },
            elements: self.elements,
            milliseconds: match (self.milliseconds, part.milliseconds) {
                (Some(one), Some(two)) => Some(one.saturating_add(two)),
                (one, two) => one.or(two),
            },
        }
    }

    /// In words: `running, 1,234 elements, 2.1 s`. Nothing where nothing is known.
    pub(super) fn in_words(self) -> Option<String> {
        let state = self.state.map(|state| state.word().to_owned());
        let elements = self
            .elements
            .map(|count| format!("{} {}", grouped(count), if count == 1 { "element" } else { "elements" }));
        // Less than a digit is worth no word.
        let time = self.milliseconds.filter(|time| *time >= 50);
        #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
        let time = time.map(|time| format!("{:.1} s", time as f64 / 1000.0));
        let words: Vec<String> = [state, elements, time].into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// A number with its thousands apart.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_stands_where_its_parts_stand() {
        use StepState::{Cancelled, Done, Failed, Running, Waiting};
        for (one, two, whole) in [
            (Done, Done, Done),
            (Done, Waiting, Running),
            (Waiting, Running, Running),
            (Running, Failed, Failed),
            (Done, Cancelled, Cancelled),
        ] {
            let status = |state| StepStatus { state: Some(state), ..StepStatus::default() };
            assert_eq!(status(one).with_part(status(two)).state, Some(whole));
            assert_eq!(status(two).with_part(status(one)).state, Some(whole));
        }
    }

    #[test]
    fn a_status_is_a_few_words() {
        let status = StepStatus {
            state: Some(StepState::Running),
            elements: Some(1_234_567),
            milliseconds: Some(2_149),
        };
        assert_eq!(status.in_words().unwrap(), "running, 1,234,567 elements, 2.1 s");
        let one = StepStatus { elements: Some(1), ..StepStatus::default() };
        assert_eq!(one.in_words().unwrap(), "1 element");
        let short = StepStatus { milliseconds: Some(49), ..StepStatus::default() };
        assert_eq!(short.in_words(), None);
        assert_eq!(StepStatus::default().in_words(), None);
        assert_eq!(grouped(-1_000), "-1,000");
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
    }
}
