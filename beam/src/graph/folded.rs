//! A graph as it is drawn: steps down to a depth, what lies deeper folded into the step around it.

use std::collections::{BTreeMap, BTreeSet};

use super::{DEEPEST, Graph, Overlay, StepKind, StepStatus};

/// A graph, folded to a depth.
#[derive(Clone, Debug)]
pub struct FoldedGraph<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The steps that are shown, each before its parts.
    pub steps: Vec<FoldedStep>,
    /// What flows between those that show no parts, in their order.
    pub edges: Vec<FoldedEdge>,
    /// The place in [`steps`](Self::steps) of each step of the graph that is shown.
    places: Vec<Option<usize>>,
}

/// A step that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedStep {
    /// The step, in the graph.
    pub step: usize,
    /// Whether its parts are shown too.
    pub is_open: bool,
    /// How many steps without parts it stands for; 0 where it has none itself.
    pub folded: usize,
    /// What it does now.
    pub status: StepStatus,
}

/// What flows from one step to another; both are places in [`FoldedGraph::steps`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedEdge {
    /// From which step.
    pub from: usize,
    /// To which step.
    pub to: usize,
    /// The collections.
    pub collections: Vec<usize>,
    /// Whether all of it is read beside the elements.
    pub is_side: bool,
}

impl Graph {
    /// The graph down to a depth: 1 shows what is part of nothing else. Nothing is folded without a depth.
    pub fn folded(&self, depth: Option<usize>, overlay: &Overlay) -> FoldedGraph<'_> {
        let depth = depth.unwrap_or(DEEPEST).clamp(1, DEEPEST);
        let mut steps: Vec<FoldedStep> = Vec::new();
        let mut places = vec![None; self.steps.len()];
        // For each step, the one that is drawn for it.
        let mut shown_by = vec![0; self.steps.len()];
        for (index, step) in self.steps.iter().enumerate() {
            let is_leaf = step.parts.is_empty();
            if step.depth < depth {
                places[index] = Some(steps.len());
                shown_by[index] = steps.len();
                let is_open = !is_leaf && step.depth + 1 < depth;
                steps.push(FoldedStep {
                    step: index,
                    is_open,
                    folded: 0,
                    status: overlay.of_step(&step.name),
                });
                continue;
            }
            // A part comes after the step around it.
            let around = step.parent.map_or(0, |parent| shown_by[parent]);
            shown_by[index] = around;
            if is_leaf {
                steps[around].folded += 1;
                let part = overlay.of_step(&step.name);
                steps[around].status = steps[around].status.with_part(part);
            }
        }
        self.add_up(&mut steps, &places, &shown_by, overlay);
        let edges = self.edges_between(&shown_by);
        FoldedGraph { graph: self, steps, edges, places }
    }

    /// What groups have made: what their parts have made for others.
    fn add_up(
        &self,
        steps: &mut [FoldedStep],
        places: &[Option<usize>],
        shown_by: &[usize],
        overlay: &Overlay,
    ) {
        for (index, step) in self.steps.iter().enumerate().filter(|(_, step)| step.parts.is_empty()) {
            let Some(made) = overlay.of_step(&step.name).elements else { continue };
            let leaves = step.outputs.iter().any(|output| {
                let consumers = &self.collections[output.collection].consumers;
                consumers.is_empty() || consumers.iter().any(|to| shown_by[*to] != shown_by[index])
            });
            let shown = &mut steps[shown_by[index]];
            if places[index].is_none() && leaves {
                shown.status.elements = Some(shown.status.elements.unwrap_or_default().saturating_add(made));
            }
        }
        // From the parts up: an open group stands where its parts stand.
        for place in (0..steps.len()).rev() {
            let status = steps[place].status;
            let parent = self.steps[steps[place].step].parent;
            if let Some(around) = parent.and_then(|parent| places[parent]) {
                let part = StepStatus { elements: None, ..status };
                steps[around].status = steps[around].status.with_part(part);
            }
        }
    }

    fn edges_between(&self, shown_by: &[usize]) -> Vec<FoldedEdge> {
        let mut edges: BTreeMap<(usize, usize), (BTreeSet<usize>, bool)> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if !step.parts.is_empty() || step.kind == StepKind::Empty {
                continue;
            }
            for input in &step.inputs {
                let Some(producer) = self.collections[input.collection].producer else { continue };
                let (from, to) = (shown_by[producer], shown_by[index]);
                if from == to {
                    continue;
                }
                let (collections, is_side) = edges.entry((from, to)).or_insert((BTreeSet::new(), true));
                *is_side &= input.is_side;
                collections.insert(input.collection);
            }
        }
        edges
            .into_iter()
            .map(|((from, to), (collections, is_side))| FoldedEdge {
                from,
                to,
                collections: collections.into_iter().collect(),
                is_side,
            })
            .collect()
    }
}

impl FoldedGraph<'_> {
    /// The place of a step of the graph, where it is shown.
    pub fn place(&self, step: usize) -> Option<usize> {
        self.places[step]
    }

    /// The places of a shown step's parts.
    pub(super) fn parts(&self, place: usize) -> impl Iterator<Item = usize> {
        let shown = &self.steps[place];
        let parts = if shown.is_open { self.graph.steps[shown.step].parts.as_slice() } else { &[] };
        parts.iter().filter_map(|part| self.places[*part])
    }

    /// The words beside a step: what it does and asks for, what is folded, how it stands.
    pub(super) fn details(&self, place: usize) -> String {
        let shown = &self.steps[place];
        let step = &self.graph.steps[shown.step];
        let mut words = Vec::new();
        if step.kind != StepKind::Group {
            words.push(step.kind.word().to_owned());
        }
        if shown.folded > 0 {
            words.push(super::counted(shown.folded, "step"));
        }
        words.extend(step.traits.iter().map(|word| (*word).to_owned()));
        if !shown.is_open && self.graph.is_step_unbounded(shown.step) {
            words.push("unbounded".to_owned());
        }
        words.join(", ")
    }
}
