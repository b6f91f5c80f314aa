//! What engines will not do.
//!
//! Prism: the checks of its own Job service, Beam 2.77. Flink, Spark: what the portable translators, functions and state handlers
//! of Beam's runners for them (1.19 and 3, Beam 2.62) have and have not. A pipeline without an end runs on Spark's streaming
//! translator, any other on the batch one; Flink likewise.

use super::{Feature, Need};
use crate::plain_text::{one_line, shortened};

/// A kind of engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Beam's Prism.
    Prism,
    /// Apache Flink, with Beam's portable runner.
    Flink,
    /// Apache Spark, with Beam's portable runner.
    Spark,
    /// Whatever is behind an endpoint of Beam's Job API.
    Portable,
}

/// What will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consequence {
    /// The engine does not take the pipeline.
    Refused,
    /// The job fails when it comes to that.
    Fails,
    /// The job goes on, as if it had not been asked for.
    Ignored,
    /// It works, in a way that one should know of.
    Note,
}

/// Something that a pipeline needs and an engine has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What is needed, and where.
    pub need: Need,
    /// What will happen.
    pub consequence: Consequence,
    /// That in a sentence.
    pub sentence: String,
}

impl Engine {
    /// Its name for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prism => "Prism",
            Self::Flink => "Flink",
            Self::Spark => "Spark",
            Self::Portable => "the engine",
        }
    }
}

impl Consequence {
    /// Its word for programs: `refused`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Fails => "fails",
            Self::Ignored => "ignored",
            Self::Note => "note",
        }
    }
}

impl Lack {
    /// The sentence, and where the pipeline needs what it is about: at most a few names, one line.
    pub fn in_words(&self) -> String {
        const SHOWN: usize = 3;
        const WIDEST: usize = 60;
        let name = |text: &String| format!("`{}`", shortened(&one_line(text), WIDEST));
        let mut places: Vec<String> = self.need.steps.iter().take(SHOWN).map(name).collect();
        if places.is_empty() {
            places = self.need.details.iter().take(SHOWN).map(name).collect();
        }
        let all = if self.need.steps.is_empty() { self.need.details.len() } else { self.need.steps.len() };
        if all > SHOWN {
            places.push(format!("{} more", all - SHOWN));
        }
        if places.is_empty() {
            self.sentence.clone()
        } else {
            format!("{} ({})", self.sentence, places.join(", "))
        }
    }
}

/// What an engine will not do of what a pipeline needs, the worst first.
pub fn lacks(engine: Engine, needs: &[Need]) -> Vec<Lack> {
    let has = |feature: Feature| needs.iter().any(|need| need.feature == feature);
    let is_unbounded = has(Feature::Unbounded);
    let lack = |need: &Need| {
        let (consequence, sentence) = match engine {
            Engine::Prism => prism(need.feature),
            Engine::Flink => flink(need.feature, is_unbounded),
            Engine::Spark => spark(need.feature, is_unbounded),
            Engine::Portable => None,
        }
        .or_else(|| any(need.feature))?;
        Some(Lack { need: need.clone(), consequence, sentence: sentence.to_owned() })
    };
    let mut lacks: Vec<Lack> = needs.iter().filter_map(lack).collect();
    lacks.sort_by_key(|lack| lack.consequence);
    lacks
}

type Verdict = Option<(Consequence, &'static str)>;

/// What no engine does that is started through this program, or none is known to do.
fn any(feature: Feature) -> Verdict {
    use Consequence::{Fails, Note, Refused};
    Some(match feature {
        Feature::SeveralWorkers => (
            Fails,
            "the pipeline has functions in more than one language, and workers are started for the template's own alone",
        ),
        Feature::OtherSteps => (Refused, "a step is of a kind that only other engines know"),
        Feature::OtherRequirements => {
            (Refused, "the pipeline requires something that is not known of any engine")
        }
        Feature::OtherState => (Fails, "state is of a kind that no engine is known to keep"),
        Feature::OtherTriggers => (Refused, "a trigger is of a kind that no engine is known to have"),
        Feature::Retractions => (Refused, "no engine takes results back"),
        Feature::TestStream => (Note, "a test stream is for tests: not every engine plays it"),
        _ => return None,
    })
}

fn prism(feature: Feature) -> Verdict {
    use Consequence::{Note, Refused};
    Some(match feature {
        Feature::StableInput => (Refused, "Prism gives no stable input"),
        Feature::StatefulSplittable => (Refused, "Prism has no splittable functions with state"),
        Feature::TriggeredSideInputs => {
            (Refused, "Prism has a side input only when its window is over, and this one's never is")
        }
        Feature::MergingWindows => (Refused, "Prism merges no windows but sessions"),
        Feature::SessionTriggers => (Refused, "Prism has no triggers that count or wait in sessions"),
        Feature::TestStreams => (Refused, "Prism plays one test stream in a pipeline"),
        Feature::Unbounded => {
            (Note, "Prism holds everything in the memory of one machine, for as long as the job runs")
        }
        Feature::TestStream => return None,
        _ => return any(feature),
    })
}

fn flink(feature: Feature, is_unbounded: bool) -> Verdict {
    use Consequence::Fails;
    Some(match feature {
        Feature::KeyedState => (Fails, "Flink keeps no map or ordered-list state of portable pipelines"),
        Feature::Finalization if !is_unbounded => {
            (Fails, "Flink finalizes no bundles of pipelines that have an end (--streaming makes it do so)")
        }
        Feature::Retractions => (Fails, "Flink takes no results back"),
        Feature::TestStream => return None,
        _ => return any(feature),
    })
}

fn spark(feature: Feature, is_unbounded: bool) -> Verdict {
    use Consequence::{Fails, Ignored, Note, Refused};
    Some(match feature {
        Feature::SideInputs if is_unbounded => {
            (Refused, "Spark reads no side inputs in pipelines without an end")
        }
        Feature::State | Feature::Timers if is_unbounded => {
            (Fails, "Spark keeps no state and sets no timers in pipelines without an end")
        }
        Feature::EndlessSplittable => {
            (Fails, "Spark can't go on with a splittable function where it left off")
        }
        Feature::TestStream => (Refused, "Spark plays no test streams"),
        Feature::KeyedState => (Fails, "Spark keeps no map or ordered-list state of portable pipelines"),
        Feature::Finalization => (Fails, "Spark finalizes no bundles"),
        Feature::StableInput => (Ignored, "Spark may compute a step's input once more, and differently"),
        Feature::SortedInput => (Ignored, "Spark does not sort a step's input by time"),
        Feature::Unbounded => {
            (Note, "Spark runs pipelines without an end as small batches, and few of Beam's sources in them")
        }
        _ => return any(feature),
    })
}
