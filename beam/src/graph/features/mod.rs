//! What a pipeline needs of an engine, and what engines will not do of that.
//!
//! ```text
//! Pipeline ─▶ needs: feature, steps ─▶ lacks of an engine: feature, steps, what will happen, a sentence
//! ```

mod engines;
mod needs;

use std::fmt;

pub use engines::{Consequence, Engine, Lack, lacks};
pub use needs::needs;

/// Something that a pipeline may need of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Functions that keep something between elements.
    State,
    /// State that is a map or an ordered list.
    KeyedState,
    /// State of a kind that is not known here.
    OtherState,
    /// Functions that ask to be called later.
    Timers,
    /// Functions that split what one element stands for.
    Splittable,
    /// Such functions whose work never ends.
    EndlessSplittable,
    /// Such functions that keep state, too.
    StatefulSplittable,
    /// Collections that never end.
    Unbounded,
    /// Collections that are read as a whole beside the elements.
    SideInputs,
    /// Side inputs that change while they are read.
    TriggeredSideInputs,
    /// Elements that are the same when they come once more.
    StableInput,
    /// Elements in the order of their times.
    SortedInput,
    /// Word that an engine has what was made.
    Finalization,
    /// A call when a window is over.
    WindowExpiration,
    /// Elements that are played for a test.
    TestStream,
    /// Several such plays.
    TestStreams,
    /// Windows that are merged and are no sessions.
    MergingWindows,
    /// Sessions whose triggers count or wait.
    SessionTriggers,
    /// Results that are taken back.
    Retractions,
    /// Triggers of a kind that is not known here.
    OtherTriggers,
    /// Workers of more than one kind, as with transforms of another language.
    SeveralWorkers,
    /// Steps without parts of a kind that is not known here.
    OtherSteps,
    /// Requirements that are not known here.
    OtherRequirements,
}

/// A feature that a pipeline needs, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The feature.
    pub feature: Feature,
    /// The full names of the steps that need it, in the pipeline's order; none where it is the whole pipeline.
    pub steps: Vec<String>,
    /// What exactly, where the feature alone does not say it: URNs, kinds of workers.
    pub details: Vec<String>,
}

impl Feature {
    /// Its name for programs: `endlessSplittable`.
    pub fn key(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::KeyedState => "keyedState",
            Self::OtherState => "otherState",
            Self::Timers => "timers",
            Self::Splittable => "splittable",
            Self::EndlessSplittable => "endlessSplittable",
            Self::StatefulSplittable => "statefulSplittable",
            Self::Unbounded => "unbounded",
            Self::SideInputs => "sideInputs",
            Self::TriggeredSideInputs => "triggeredSideInputs",
            Self::StableInput => "stableInput",
            Self::SortedInput => "sortedInput",
            Self::Finalization => "finalization",
            Self::WindowExpiration => "windowExpiration",
            Self::TestStream => "testStream",
            Self::TestStreams => "testStreams",
            Self::MergingWindows => "mergingWindows",
            Self::SessionTriggers => "sessionTriggers",
            Self::Retractions => "retractions",
            Self::OtherTriggers => "otherTriggers",
            Self::SeveralWorkers => "severalWorkers",
            Self::OtherSteps => "otherSteps",
            Self::OtherRequirements => "otherRequirements",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "state",
            Self::KeyedState => "map or ordered-list state",
            Self::OtherState => "state of another kind",
            Self::Timers => "timers",
            Self::Splittable => "splittable functions",
            Self::EndlessSplittable => "splittable functions without an end",
            Self::StatefulSplittable => "splittable functions with state",
            Self::Unbounded => "collections without an end",
            Self::SideInputs => "side inputs",
            Self::TriggeredSideInputs => "side inputs that change",
            Self::StableInput => "stable input",
            Self::SortedInput => "input sorted by time",
            Self::Finalization => "bundle finalization",
            Self::WindowExpiration => "calls at the end of windows",
            Self::TestStream => "a test stream",
            Self::TestStreams => "several test streams",
            Self::MergingWindows => "merging windows",
            Self::SessionTriggers => "sessions with triggers that count or wait",
            Self::Retractions => "retractions",
            Self::OtherTriggers => "triggers of another kind",
            Self::SeveralWorkers => "workers of several kinds",
            Self::OtherSteps => "steps of another kind",
            Self::OtherRequirements => "further requirements",
        })
    }
}
