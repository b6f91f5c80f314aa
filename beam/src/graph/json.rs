//! The graph for programs.
//!
//! ```json
//! {
//!   "format": 1,
//!   "unbounded": false,
//!   "steps": [{
//!     "id": "ref_5", "name": "Write/Pair", "label": "Pair", "kind": "parDo", "urn": "beam:transform:pardo:v1",
//!     "parent": "ref_3", "parts": [], "folded": 0, "traits": ["stateful"], "environment": "env_1",
//!     "inputs": [{ "collection": "pc_4", "side": false }],
//!     "outputs": [{ "collection": "pc_5", "name": "output" }],
//!     "status": { "state": "running", "elements": 12, "milliseconds": 40 }
//!   }],
//!   "collections": [{ "id": "pc_4", "name": "Split.None", "bounded": true, "producer": "ref_4", "consumers": ["ref_5"] }],
//!   "edges": [{ "from": "ref_4", "to": "ref_5", "collections": ["pc_4"], "side": false }],
//!   "environments": [{ "id": "env_1", "urn": "beam:env:docker:v1", "detail": "image:tag" }],
//!   "requirements": ["beam:requirement:pardo:stateful:v1"],
//!   "notes": ["the step `x` is named and not there"]
//! }
//! ```
//!
//! Steps are in the pipeline's order, each before its parts. `kind` is one of impulse, read, write, parDo, groupByKey, combine,
//! flatten, window, reshuffle, testStream, group, empty, other. Where the graph is folded, deeper steps are left out of `steps` and
//! `parts`, `folded` says how many there are, and `edges` are between the steps that are there; `collections` are always all of
//! them. `bounded` is null where the pipeline does not say.

use std::fmt::Write as _;

use serde::Serialize;

use super::{FoldedGraph, StepState, StepStatus};
use crate::plain_text::is_harmless;

#[derive(Serialize)]
struct GraphJson<'a> {
    format: u32,
    unbounded: bool,
    steps: Vec<StepJson<'a>>,
    collections: Vec<CollectionJson<'a>>,
    edges: Vec<EdgeJson<'a>>,
    environments: Vec<EnvironmentJson<'a>>,
    requirements: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct StepJson<'a> {
    id: &'a str,
    name: &'a str,
    label: &'a str,
    kind: &'static str,
    urn: &'a str,
    parent: Option<&'a str>,
    parts: Vec<&'a str>,
    folded: usize,
    traits: &'a [&'static str],
    environment: Option<&'a str>,
    inputs: Vec<InputJson<'a>>,
    outputs: Vec<OutputJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusJson>,
}

#[derive(Serialize)]
struct InputJson<'a> {
    collection: &'a str,
    side: bool,
}

#[derive(Serialize)]
struct OutputJson<'a> {
    collection: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct StatusJson {
    state: Option<&'static str>,
    elements: Option<i64>,
    milliseconds: Option<i64>,
}

#[derive(Serialize)]
struct CollectionJson<'a> {
    id: &'a str,
    name: &'a str,
    bounded: Option<bool>,
    producer: Option<&'a str>,
    consumers: Vec<&'a str>,
}

#[derive(Serialize)]
struct EdgeJson<'a> {
    from: &'a str,
    to: &'a str,
    collections: Vec<&'a str>,
    side: bool,
}

#[derive(Serialize)]
struct EnvironmentJson<'a> {
    id: &'a str,
    urn: &'a str,
    detail: Option<&'a str>,
}

impl FoldedGraph<'_> {
    /// The graph as JSON, in the shape above. Names are whole; characters that would move a terminal's cursor are escaped.
    pub fn to_json(&self) -> String {
        let graph = self.graph;
        let id = |step: usize| graph.steps[step].id.as_str();
        let collection = |place: usize| graph.collections[place].id.as_str();
        let shown_id = |place: usize| id(self.steps[place].step);
        let steps = self.steps.iter().map(|shown| {
            let step = &graph.steps[shown.step];
            StepJson {
                id: &step.id,
                name: &step.name,
                label: &step.label,
                kind: step.kind.key(),
                urn: &step.urn,
                parent: step.parent.map(id),
                parts: step
                    .parts
                    .iter()
                    .filter(|part| self.place(**part).is_some())
                    .map(|part| id(*part))
                    .collect(),
                folded: shown.folded,
                traits: &step.traits,
                environment: step.environment.as_deref(),
                inputs: step
                    .inputs
                    .iter()
                    .map(|input| InputJson { collection: collection(input.collection), side: input.is_side })
                    .collect(),
                outputs: step
                    .outputs
                    .iter()
                    .map(|output| OutputJson {
                        collection: collection(output.collection),
                        name: &output.name,
                    })
                    .collect(),
                status: status(shown.status),
            }
        });
        let collections = graph.collections.iter().map(|found| CollectionJson {
            id: &found.id,
            name: &found.name,
            bounded: found.is_bounded,
            producer: found.producer.map(id),
            consumers: found.consumers.iter().map(|step| id(*step)).collect(),
        });
        let edges = self.edges.iter().map(|edge| EdgeJson {
            from: shown_id(edge.from),
            to: shown_id(edge.to),
            collections: edge.collections.iter().map(|place| collection(*place)).collect(),
            side: edge.is_side,
        });
        let environments = graph.environments.iter().map(|workers| EnvironmentJson {
            id: &workers.id,
            urn: &workers.urn,
            detail: workers.detail.as_deref(),
        });
        let json = GraphJson {
            format: 1,
            unbounded: graph.is_unbounded(),
            steps: steps.collect(),
            collections: collections.collect(),
            edges: edges.collect(),
            environments: environments.collect(),
            requirements: &graph.requirements,
            notes: &graph.notes,
        };
        // Texts and numbers can always be written.
        let mut text = escaped(&serde_json::to_string_pretty(&json).unwrap_or_default());
        text.push('\n');
        text
    }
}

fn status(status: StepStatus) -> Option<StatusJson> {
    (status != StepStatus::default()).then(|| StatusJson {
        state: status.state.map(StepState::word),
        elements: status.elements,
        milliseconds: status.milliseconds,
    })
}

/// JSON in which no character moves a cursor or turns a direction: outside texts there is none, and in texts there is an escape.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_harmless(c) {
            text.push(c);
        } else {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        }
    }
    text
}
