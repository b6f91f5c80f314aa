//! What a pipeline counted: Beam's `MonitoringInfo`s, decoded, with names that people know.
//!
//! [`Metrics`] is what a job's `metrics.json` holds:
//!
//! ```json
//! {
//!   "time": "2026-11-21T08:00:00Z",
//!   "counters": [{ "step": "Split", "namespace": "words", "name": "empty lines", "value": 3 }],
//!   "distributions": [{ "step": "Split", "namespace": "words", "name": "lengths", "count": 2, "sum": 7, "min": 3, "max": 4 }],
//!   "gauges": [{ "step": "Poll", "namespace": "source", "name": "lag", "value": 2.5, "time": "2026-11-21T07:59:58Z" }],
//!   "stringSets": [{ "step": "Read", "namespace": "source", "name": "tables", "values": ["a", "b"] }],
//!   "elements": [{ "step": "Split", "collection": "Split.None", "count": 12 }],
//!   "milliseconds": [{ "step": "Split", "start": 0, "process": 41, "finish": 2 }],
//!   "states": [{ "step": "Split", "state": "running" }],
//!   "unreadable": [{ "urn": "beam:metric:of:tomorrow:v1", "reason": "the type beam:metrics:x:v1 is not known" }]
//! }
//! ```
//!
//! The first four are the pipeline's own figures, the next three the engine's. A state is one of waiting, running, done, failed,
//! cancelled; engines that tell no states have none. Lists are sorted by step, namespace and name. A figure
//! that belongs to no step has an empty one. Whole numbers are those of 64 bits; other numbers are JSON's, and `"NaN"`,
//! `"Infinity"` and `"-Infinity"` where JSON has none. Of a distribution of nothing, `min` and `max` are null.

mod decode;
mod gathered;
mod names;
mod number;
mod payload;
mod summary;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use names::Names;
pub use number::Number;

use crate::graph::StepState;

/// What a pipeline has counted until a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metrics {
    /// When the figures were asked for.
    pub time: Timestamp,
    /// Sums.
    pub counters: Vec<Counter>,
    /// How values are distributed.
    pub distributions: Vec<Distribution>,
    /// Latest values.
    pub gauges: Vec<Gauge>,
    /// Sets of texts; of a trie of names, its paths.
    pub string_sets: Vec<StringSet>,
    /// How many elements each collection has.
    pub elements: Vec<ElementCount>,
    /// How long steps have worked.
    pub milliseconds: Vec<StepTime>,
    /// Where steps stand, as far as the engine says so.
    pub states: Vec<StepStanding>,
    /// What was sent and could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// A sum that the pipeline keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// The step's full name.
    #[serde(default)]
    pub step: String,
    /// Who counts: often a module or a class.
    #[serde(default)]
    pub namespace: String,
    /// What is counted.
    pub name: String,
    /// The sum.
    pub value: Number,
}

/// How values are distributed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The step's full name.
    #[serde(default)]
    pub step: String,
    /// Who measures.
    #[serde(default)]
    pub namespace: String,
    /// What is measured.
    pub name: String,
    /// How many values there were.
    pub count: i64,
    /// All of them together.
    pub sum: Number,
    /// The least, where there was any.
    pub min: Option<Number>,
    /// The greatest, where there was any.
    pub max: Option<Number>,
}

impl Distribution {
    /// The mean, where there was any value.
    pub fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a mean is not exact")]
        (self.count > 0).then(|| self.sum.as_f64() / self.count as f64)
    }
}

/// A latest value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gauge {
    /// The step's full name.
    #[serde(default)]
    pub step: String,
    /// Who measures.
    #[serde(default)]
    pub namespace: String,
    /// What is measured.
    pub name: String,
    /// The value.
    pub value: Number,
    /// When it was so, where that is known.
    #[serde(default)]
    pub time: Option<Timestamp>,
}

/// A set of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringSet {
    /// The step's full name.
    #[serde(default)]
    pub step: String,
    /// Who collects.
    #[serde(default)]
    pub namespace: String,
    /// What is collected.
    pub name: String,
    /// The texts, in order. One that ends with `*` stands for several that were too many.
    pub values: Vec<String>,
}

/// How many elements a collection has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementCount {
    /// The full name of the step that makes it.
    #[serde(default)]
    pub step: String,
    /// The collection's name.
    pub collection: String,
    /// How many.
    pub count: i64,
}

/// How long a step has worked on all machines together, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepTime {
    /// The step's full name.
    pub step: String,
    /// At the beginning of bundles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// On elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<i64>,
    /// At the end of bundles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish: Option<i64>,
    /// In all, where the engine says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepStanding {
    /// The step's full name.
    pub step: String,
    /// Where it stands.
    pub state: StepState,
}

/// A figure that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unreadable {
    /// What it was to be.
    pub urn: String,
    /// Why it could not be read.
    pub reason: String,
}
