//! A pipeline's graph, to be looked at: its steps as a tree with the names that people know, and what flows between them.
//!
//! ```text
//! bytes of a Pipeline ─▶ Graph ─▶ folded to a depth: FoldedGraph ─▶ tree | dot | svg | json
//!                                        ▲
//!                                Overlay: what each step does now
//! ```
//!
//! Whatever the bytes hold, nothing here fails beyond saying that they are no pipeline: parts that are missing, twice there or in a
//! circle are left out and noted ([`Graph::notes`]). Names are as the pipeline has them; each renderer makes them harmless.

mod dot;
pub mod features;
mod folded;
mod json;
mod kind;
mod overlay;
mod read;
mod svg;
mod tree;

pub use folded::{FoldedEdge, FoldedGraph, FoldedStep};
pub use kind::StepKind;
pub use overlay::{Overlay, StepState, StepStatus};

use crate::metrics::Names;

/// Deeper than this no graph is unfolded.
pub const DEEPEST: usize = 64;

/// The bytes are no pipeline.
#[derive(Debug, thiserror::Error)]
#[error("these bytes are no Beam pipeline: {reason}")]
pub struct NotAPipeline {
    /// What the decoder says.
    pub reason: String,
}

/// A pipeline's graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    steps: Vec<Step>,
    roots: Vec<usize>,
    collections: Vec<Collection>,
    environments: Vec<Workers>,
    requirements: Vec<String>,
    notes: Vec<String>,
}

/// A step: one that does something, or several under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its id in the pipeline.
    pub id: String,
    /// Its full name: `Write/WriteImpl/Pair`.
    pub name: String,
    /// Its own part of that name: `Pair`.
    pub label: String,
    /// What it does.
    pub kind: StepKind,
    /// What it does in Beam's words; often empty for several under one name.
    pub urn: String,
    /// The step that it is a part of.
    pub parent: Option<usize>,
    /// How many steps it lies in.
    pub depth: usize,
    /// Its parts, in the pipeline's order.
    pub parts: Vec<usize>,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// What it makes.
    pub outputs: Vec<Output>,
    /// The id of the environment that its functions run in, where it has any.
    pub environment: Option<String>,
    /// What it asks of an engine beside plain elements: `stateful`, `timers`, `splittable`.
    pub traits: Vec<&'static str>,
}

/// What a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The collection.
    pub collection: usize,
    /// Whether it is read as a whole beside the elements.
    pub is_side: bool,
}

/// What a step makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The collection.
    pub collection: usize,
    /// What the step calls it: `output` where it makes only one.
    pub name: String,
}

/// What flows between steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its id in the pipeline.
    pub id: String,
    /// Its name in the pipeline.
    pub name: String,
    /// Whether it ends some time; nothing where the pipeline does not say.
    pub is_bounded: Option<bool>,
    /// The step without parts that makes it.
    pub producer: Option<usize>,
    /// The steps without parts that read it.
    pub consumers: Vec<usize>,
}

/// Where functions of steps run: an environment of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workers {
    /// Its id in the pipeline.
    pub id: String,
    /// Its kind, in Beam's words.
    pub urn: String,
    /// An image or an address, where the kind has one.
    pub detail: Option<String>,
}

impl Graph {
    /// All steps, each before its parts, in the pipeline's order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps that are part of no other.
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// All collections.
    pub fn collections(&self) -> &[Collection] {
        &self.collections
    }

    /// Where functions run.
    pub fn environments(&self) -> &[Workers] {
        &self.environments
    }

    /// What the pipeline says that an engine must be able to do, in Beam's words.
    pub fn requirements(&self) -> &[String] {
        &self.requirements
    }

    /// What is not as it should be in the pipeline, and was left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether any collection never ends.
    pub fn is_unbounded(&self) -> bool {
        self.collections.iter().any(|collection| collection.is_bounded == Some(false))
    }

    /// Whether any output of a step never ends.
    pub fn is_step_unbounded(&self, step: usize) -> bool {
        self.steps[step]
            .outputs
            .iter()
            .any(|output| self.collections[output.collection].is_bounded == Some(false))
    }

    /// The names that people know, for figures that an engine gives under ids.
    pub fn names(&self) -> Names {
        let mut names = Names::default();
        for step in &self.steps {
            names.add_step(&step.id, &step.name);
            if step.parts.is_empty() {
                for output in &step.outputs {
                    let collection = &self.collections[output.collection];
                    names.add_collection(&collection.id, &step.name, &output.name);
                }
            }
        }
        names
    }

    /// The graph in one line: `27 steps in 8 groups, bounded`.
    pub fn summary(&self) -> String {
        let groups = self.steps.iter().filter(|step| !step.parts.is_empty()).count();
        let steps = counted(self.steps.len() - groups, "step");
        let within = if groups == 0 { String::new() } else { format!(" in {}", counted(groups, "group")) };
        let bounds = if self.is_unbounded() { "unbounded" } else { "bounded" };
        format!("{steps}{within}, {bounds}")
    }
}

/// `1 step`, `2 steps`.
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
