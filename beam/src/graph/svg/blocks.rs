//! Steps as boxes: those that show parts around what they show, each with its own rows.

use std::collections::BTreeMap;

use super::layers::{Boxes, Layers};
use super::positions::Positions;
use super::text;
use crate::graph::{FoldedGraph, StepKind};
use crate::plain_text::{one_line, shortened};

/// Texts are shown as far as this.
const WIDEST_NAME: usize = 36;
const WIDEST_DETAIL: usize = 44;
/// The size of names, and of what stands below them.
pub(super) const NAME_SIZE: f64 = 13.0;
pub(super) const DETAIL_SIZE: f64 = 11.0;
/// Names above parts are bold, and so wider.
pub(super) const HEAD_SIZE: f64 = NAME_SIZE * 1.15;
/// The height of a line of either.
pub(super) const LINE: f64 = 16.0;
/// Room around texts.
pub(super) const PADDING: f64 = 12.0;
/// The height of the name above parts.
pub(super) const HEADER: f64 = 30.0;
const NARROWEST: f64 = 96.0;

/// A box: a step, or the whole graph, which has no name.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Its place among the steps that are shown.
    pub(super) place: Option<usize>,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Name, and what stands below it: what the step does, and how it stands.
    pub(super) name: String,
    pub(super) lines: Vec<String>,
    /// What it shows of its parts.
    pub(super) inside: Option<Inside>,
}

/// Parts, in rows.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) blocks: Vec<Block>,
    pub(super) layers: Layers,
    pub(super) positions: Positions,
}

/// Arrows between the parts of one step, or between those that are part of none.
#[derive(Default)]
struct Arrows {
    /// Dashed where all that one stands for is read beside the elements.
    between: BTreeMap<(usize, usize), bool>,
    entries: BTreeMap<usize, bool>,
    exits: BTreeMap<usize, bool>,
}

/// The whole graph as one box without a name.
pub(super) fn whole(folded: &FoldedGraph<'_>) -> Block {
    let mut arrows: BTreeMap<Option<usize>, Arrows> = BTreeMap::new();
    for edge in &folded.edges {
        // The steps around each end, from the outside in.
        let [from, to] = [edge.from, edge.to].map(|place| path(folded, place));
        let shared = from.iter().zip(&to).take_while(|(one, two)| one == two).count();
        let (Some(&first), Some(&second)) = (from.get(shared), to.get(shared)) else { continue };
        let around = shared.checked_sub(1).map(|last| from[last]);
        let join = |held: &mut bool| *held &= edge.is_side;
        let between = &mut arrows.entry(around).or_default().between;
        between.entry((first, second)).and_modify(join).or_insert(edge.is_side);
        for pair in from[shared..].windows(2) {
            let exits = &mut arrows.entry(Some(pair[0])).or_default().exits;
            exits.entry(pair[1]).and_modify(join).or_insert(edge.is_side);
        }
        for pair in to[shared..].windows(2) {
            let entries = &mut arrows.entry(Some(pair[0])).or_default().entries;
            entries.entry(pair[1]).and_modify(join).or_insert(edge.is_side);
        }
    }
    let roots = folded.graph.roots.iter().filter_map(|root| folded.place(*root)).collect();
    let inside = inside(folded, roots, arrows.get(&None), &arrows);
    Block {
        width: inside.positions.width,
        height: inside.positions.height,
        inside: Some(inside),
        ..Block::default()
    }
}

/// The places of the steps around a step that is shown, the outermost first, and its own.
fn path(folded: &FoldedGraph<'_>, place: usize) -> Vec<usize> {
    let mut path = Vec::new();
    let mut step = Some(folded.steps[place].step);
    while let Some(at) = step {
        path.extend(folded.place(at));
        step = folded.graph.steps[at].parent;
    }
    path.reverse();
    path
}

/// No deeper than graphs are unfolded.
fn inside(
    folded: &FoldedGraph<'_>,
    parts: Vec<usize>,
    arrows: Option<&Arrows>,
    all: &BTreeMap<Option<usize>, Arrows>,
) -> Inside {
    let is_drawn = |place: &usize| folded.graph.steps[folded.steps[*place].step].kind != StepKind::Empty;
    let parts: Vec<usize> = parts.into_iter().filter(is_drawn).collect();
    let numbers: BTreeMap<usize, usize> =
        parts.iter().enumerate().map(|(number, place)| (*place, number)).collect();
    let blocks: Vec<Block> = parts.into_iter().map(|place| block(folded, place, all)).collect();
    let mut boxes =
        Boxes { sizes: blocks.iter().map(|block| (block.width, block.height)).collect(), ..Boxes::default() };
    if let Some(arrows) = arrows {
        let number = |place: &usize| numbers.get(place).copied();
        boxes.arrows = arrows
            .between
            .iter()
            .filter_map(|((from, to), dashed)| Some((number(from)?, number(to)?, *dashed)))
            .collect();
        boxes.entries =
            arrows.entries.iter().filter_map(|(to, dashed)| Some((number(to)?, *dashed))).collect();
        boxes.exits = arrows.exits.keys().filter_map(number).collect();
    }
    let layers = Layers::of(&boxes);
    let positions = Positions::of(&layers);
    Inside { blocks, layers, positions }
}

fn block(folded: &FoldedGraph<'_>, place: usize, all: &BTreeMap<Option<usize>, Arrows>) -> Block {
    let step = &folded.graph.steps[folded.steps[place].step];
    let name = shortened(&one_line(&step.label), WIDEST_NAME);
    let status = folded.steps[place].status.in_words();
    let lines: Vec<String> = [Some(folded.details(place)), status]
        .into_iter()
        .flatten()
        .filter(|line| !line.is_empty())
        .map(|line| shortened(&line, WIDEST_DETAIL))
        .collect();
    if folded.steps[place].is_open {
        let inside = inside(folded, folded.parts(place).collect(), all.get(&Some(place)), all);
        // Name and words stand in one line.
        let words = lines.join(" · ");
        let header = text::width(&name, HEAD_SIZE) + text::width(&words, DETAIL_SIZE) + 3.0 * PADDING;
        return Block {
            place: Some(place),
            width: (inside.positions.width + 2.0 * PADDING).max(header),
            height: HEADER + inside.positions.height + 2.0 * PADDING,
            name,
            lines: if words.is_empty() { Vec::new() } else { vec![words] },
            inside: Some(inside),
        };
    }
    let widest = lines.iter().map(|line| text::width(line, DETAIL_SIZE)).fold(0.0, f64::max);
    Block {
        place: Some(place),
        width: (widest.max(text::width(&name, NAME_SIZE)) + 2.0 * PADDING).max(NARROWEST),
        height: LINE * (1.0 + super::layers::as_f64(lines.len())) + PADDING,
        name,
        lines,
        inside: None,
    }
}
