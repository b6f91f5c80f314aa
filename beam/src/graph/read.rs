//! From a `Pipeline`'s bytes to a [`Graph`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use prost::Message;

use super::{Collection, DEEPEST, Graph, Input, NotAPipeline, Output, Step, StepKind, Workers};
use crate::messages::{
    Components, DockerPayload, Environment, ExternalPayload, ParDoPayload, Pipeline, Transform,
};
use crate::plain_text::{one_line, shortened};

/// More notes than this are not kept: one broken pipeline is told of, not every place in it.
const MOST_NOTES: usize = 20;
/// Names in notes are shown as far as this.
const WIDEST: usize = 80;
const PAR_DO: &str = "beam:transform:pardo:v1";

impl Graph {
    /// The graph of a pipeline, from its bytes.
    pub fn read(pipeline: impl Into<Bytes>) -> Result<Self, NotAPipeline> {
        let pipeline =
            Pipeline::decode(pipeline.into()).map_err(|error| NotAPipeline { reason: error.to_string() })?;
        Ok(Self::of(&pipeline))
    }

    /// The graph of a pipeline.
    pub fn of(pipeline: &Pipeline) -> Self {
        let nothing = Components::default();
        let components = pipeline.components.as_ref().unwrap_or(&nothing);
        let mut reader = Reader { components, graph: Self::default(), collections: HashMap::new() };
        reader.steps(&pipeline.root_transform_ids);
        reader.flows();
        let mut graph = reader.graph;
        graph.environments = components.environments.iter().map(|(id, found)| workers(id, found)).collect();
        graph.requirements.clone_from(&pipeline.requirements);
        graph
    }
}

struct Reader<'a> {
    components: &'a Components,
    graph: Graph,
    /// From the ids of collections to their places.
    collections: HashMap<&'a str, usize>,
}

impl<'a> Reader<'a> {
    /// Finds the steps, each once, from the roots down; then those that no root leads to.
    fn steps(&mut self, roots: &'a [String]) {
        let transforms = &self.components.transforms;
        let (wrapper, roots) = without_wrapper(roots, transforms);
        let mut placed: BTreeSet<&'a str> = wrapper.into_iter().collect();
        self.place(roots.iter().map(String::as_str), &mut placed);
        let lost: Vec<&'a str> =
            transforms.keys().map(String::as_str).filter(|id| !placed.contains(id)).collect();
        if lost.is_empty() {
            return;
        }
        self.note(format!("no root leads to {} of the steps", lost.len()));
        let parts: BTreeSet<&str> =
            lost.iter().flat_map(|id| &transforms[*id].subtransforms).map(String::as_str).collect();
        let (inner, outer): (Vec<&'a str>, Vec<&'a str>) =
            lost.into_iter().partition(|id| parts.contains(id));
        self.place(outer.into_iter(), &mut placed);
        // What is left is in a circle.
        self.place(inner.into_iter(), &mut placed);
    }

    /// Adds steps and what is below them.
    fn place(&mut self, roots: impl DoubleEndedIterator<Item = &'a str>, placed: &mut BTreeSet<&'a str>) {
        let mut waiting: Vec<(&'a str, Option<usize>)> = roots.rev().map(|id| (id, None)).collect();
        while let Some((id, parent)) = waiting.pop() {
            let Some(transform) = self.components.transforms.get(id) else {
                self.note(format!("the step {} is named and not there", shown(id)));
                continue;
            };
            if !placed.insert(id) {
                // Of what no root leads to, the order is anybody's.
                if parent.is_some() {
                    self.note(format!("the step {} is part of more than one other, or of itself", shown(id)));
                }
                continue;
            }
            let place = self.graph.steps.len();
            let step = self.step(id, transform, parent);
            match parent {
                Some(parent) => self.graph.steps[parent].parts.push(place),
                None => self.graph.roots.push(place),
            }
            self.graph.steps.push(step);
            waiting.extend(transform.subtransforms.iter().rev().map(|part| (part.as_str(), Some(place))));
        }
    }

    fn step(&mut self, id: &str, transform: &'a Transform, parent: Option<usize>) -> Step {
        let parent_step = parent.map(|parent| &self.graph.steps[parent]);
        let name = if transform.unique_name.is_empty() { id } else { &transform.unique_name };
        let label = parent_step
            .and_then(|parent| name.strip_prefix(&parent.name)?.strip_prefix('/'))
            .filter(|label| !label.is_empty())
            .unwrap_or(name);
        let depth = parent_step.map_or(0, |parent| parent.depth + 1);
        let urn = transform.spec.as_ref().map_or("", |spec| &spec.urn);
        let do_fn = transform
            .spec
            .as_ref()
            .filter(|spec| spec.urn == PAR_DO)
            .and_then(|spec| ParDoPayload::decode(spec.payload.clone()).ok())
            .unwrap_or_default();
        let inputs = transform
            .inputs
            .iter()
            .map(|(name, id)| Input {
                collection: self.collection(id),
                is_side: do_fn.side_inputs.contains_key(name),
            })
            .collect();
        let outputs = transform
            .outputs
            .iter()
            .map(|(local, id)| {
                let name = output_name(local, id, transform, self.components);
                Output { collection: self.collection(id), name }
            })
            .collect();
        Step {
            id: id.to_owned(),
            name: name.to_owned(),
            label: label.to_owned(),
            kind: StepKind::of(urn, !transform.subtransforms.is_empty()),
            urn: urn.to_owned(),
            parent,
            depth,
            parts: Vec::new(),
            inputs,
            outputs,
            environment: (!transform.environment_id.is_empty()).then(|| transform.environment_id.clone()),
            traits: traits(&do_fn),
        }
    }

    fn collection(&mut self, id: &'a str) -> usize {
        if let Some(place) = self.collections.get(id) {
            return *place;
        }
        let found = self.components.pcollections.get(id);
        if found.is_none() {
            self.note(format!("the collection {} is named and not there", shown(id)));
        }
        let is_bounded = found.and_then(|found| match found.is_bounded {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        });
        let name = found.map_or(id, |found| found.unique_name.as_str()).to_owned();
        let place = self.graph.collections.len();
        self.collections.insert(id, place);
        self.graph.collections.push(Collection {
            id: id.to_owned(),
            name,
            is_bounded,
            producer: None,
            consumers: Vec::new(),
        });
        place
    }

    /// Says which steps without parts make and read each collection.
    fn flows(&mut self) {
        let mut notes = Vec::new();
        let Graph { steps, collections, .. } = &mut self.graph;
        for (place, step) in steps.iter_mut().enumerate().filter(|(_, step)| step.parts.is_empty()) {
            let read: BTreeSet<usize> = step.inputs.iter().map(|input| input.collection).collect();
            let made = step.outputs.iter().filter(|output| !read.contains(&output.collection));
            let mut makes_any = false;
            for output in made {
                makes_any = true;
                let collection = &mut collections[output.collection];
                match collection.producer {
                    None => collection.producer = Some(place),
                    Some(_) => notes.push(format!(
                        "the collection {} is made by more than one step",
                        shown(&collection.id)
                    )),
                }
            }
            // A name around nothing, as Python's SDK makes for what an option turned off: it passes on what it gets.
            let passes_on = !makes_any && !step.outputs.is_empty();
            step.kind = match step.kind {
                StepKind::Group | StepKind::Other if passes_on => StepKind::Empty,
                // Its parts are missing.
                StepKind::Group => StepKind::Other,
                kind => kind,
            };
            for collection in read {
                if step.kind != StepKind::Empty {
                    collections[collection].consumers.push(place);
                }
            }
        }
        for note in notes {
            self.note(note);
        }
        if self.graph.steps.iter().any(|step| step.depth > DEEPEST) {
            self.note(format!("steps lie in each other more than {DEEPEST} deep"));
        }
    }

    fn note(&mut self, note: String) {
        let notes = &mut self.graph.notes;
        match notes.len() {
            0..MOST_NOTES if !notes.contains(&note) => notes.push(note),
            MOST_NOTES => notes.push("and more of that kind".to_owned()),
            _ => {}
        }
    }
}

/// The one step around all others that Python's SDK makes and nobody has named, where there is one; and the roots without it.
fn without_wrapper<'a>(
    roots: &'a [String],
    transforms: &'a BTreeMap<String, Transform>,
) -> (Option<&'a str>, &'a [String]) {
    match roots {
        [only] => match transforms.get(only) {
            Some(root)
                if (root.unique_name.is_empty() || root.unique_name == *only)
                    && !root.subtransforms.is_empty() =>
            {
                (Some(only), &root.subtransforms)
            }
            _ => (None, roots),
        },
        _ => (None, roots),
    }
}

/// What people call an output: the step's own word for it, unless it has only one, or the word is the SDK's.
fn output_name(local: &str, id: &str, transform: &Transform, components: &Components) -> String {
    const MAIN: &str = "output";
    if transform.outputs.len() == 1 || local == "None" {
        return MAIN.to_owned();
    }
    if !local.contains("<init>") {
        return local.to_owned();
    }
    // Java's own word for it says where in the SDK it was made; the collection's name says what it is called.
    let name = components.pcollections.get(id).map_or(id, |found| &found.unique_name);
    name.strip_prefix(&transform.unique_name)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(name)
        .to_owned()
}

fn traits(do_fn: &ParDoPayload) -> Vec<&'static str> {
    [
        (!do_fn.restriction_coder_id.is_empty(), "splittable"),
        (!do_fn.state_specs.is_empty(), "stateful"),
        (!do_fn.timer_family_specs.is_empty(), "timers"),
    ]
    .into_iter()
    .filter_map(|(is_so, word)| is_so.then_some(word))
    .collect()
}

fn workers(id: &str, environment: &Environment) -> Workers {
    let payload = environment.payload.clone();
    let detail = match environment.urn.as_str() {
        Environment::DOCKER => DockerPayload::decode(payload).ok().map(|docker| docker.container_image),
        Environment::EXTERNAL => {
            ExternalPayload::decode(payload).ok().and_then(|pool| Some(pool.endpoint?.url))
        }
        _ => None,
    };
    Workers {
        id: id.to_owned(),
        urn: environment.urn.clone(),
        detail: detail.filter(|text| !text.is_empty()),
    }
}

fn shown(id: &str) -> String {
    format!("`{}`", shortened(&one_line(id), WIDEST))
}
