//! The graph as a tree for a terminal.

use super::{FoldedEdge, FoldedGraph};
use crate::plain_text::{one_line, shortened};

/// A step's own name is shown as far as this.
const WIDEST_NAME: usize = 72;
/// Names of what a step reads are shown as far as this, and so many of them.
const WIDEST_INPUT: usize = 48;
const SHOWN_INPUTS: usize = 4;
/// Details begin in one column unless names are longer.
const WIDEST_COLUMN: usize = 56;

impl FoldedGraph<'_> {
    /// A line for each step that is shown, below the step that it is a part of: name, what it does, what it reads, how it stands.
    ///
    /// ```text
    /// Read             read, 4 steps
    /// Split            ParDo ← Read
    /// Write
    /// ├─ Pair          ParDo ← Split
    /// └─ GroupByKey    GroupByKey ← Pair
    /// ```
    pub fn to_tree(&self) -> String {
        let mut inputs: Vec<Vec<&FoldedEdge>> = vec![Vec::new(); self.steps.len()];
        for edge in &self.edges {
            inputs[edge.to].push(edge);
        }
        let rows: Vec<(String, String)> = self
            .guides()
            .into_iter()
            .map(|(place, guide)| {
                let name = one_line(&self.graph.steps[self.steps[place].step].label);
                (format!("{guide}{}", shortened(&name, WIDEST_NAME)), self.words(place, &inputs[place]))
            })
            .collect();
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let width = width.min(WIDEST_COLUMN);
        let mut text = String::new();
        for (name, words) in rows {
            let line = format!("{name:width$}  {words}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The steps that are shown, in order, each with the lines that lead to it.
    fn guides(&self) -> Vec<(usize, String)> {
        let mut rows = Vec::with_capacity(self.steps.len());
        // A step, and what stands before its parts.
        let roots = self.graph.roots.iter().filter_map(|root| self.place(*root));
        let mut waiting: Vec<(usize, String, String)> =
            roots.rev().map(|place| (place, String::new(), String::new())).collect();
        while let Some((place, guide, before_parts)) = waiting.pop() {
            let parts: Vec<usize> = self.parts(place).collect();
            for (number, part) in parts.iter().enumerate().rev() {
                let (turn, further) =
                    if number + 1 == parts.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                waiting.push((*part, format!("{before_parts}{turn}"), format!("{before_parts}{further}")));
            }
            rows.push((place, guide));
        }
        rows
    }

    fn words(&self, place: usize, inputs: &[&FoldedEdge]) -> String {
        let mut words = self.details(place);
        if !inputs.is_empty() && !self.steps[place].is_open {
            let mut names: Vec<String> = inputs
                .iter()
                .take(SHOWN_INPUTS)
                .map(|edge| {
                    let side = if edge.is_side { " (side input)" } else { "" };
                    format!("{}{side}", self.name_seen_from(edge.from, place))
                })
                .collect();
            if inputs.len() > SHOWN_INPUTS {
                names.push(format!("{} more", inputs.len() - SHOWN_INPUTS));
            }
            words = format!("{words} ← {}", names.join(", "));
        }
        match self.steps[place].status.in_words() {
            Some(status) if words.is_empty() => format!("[{status}]"),
            Some(status) => format!("{words}  [{status}]"),
            None => words,
        }
    }

    /// A step's name for whoever looks from another step: without what both lie in.
    fn name_seen_from(&self, place: usize, from: usize) -> String {
        let steps = &self.graph.steps;
        let mut around = steps[self.steps[from].step].parent;
        let name = &steps[self.steps[place].step].name;
        let seen = loop {
            match around {
                None => break name.as_str(),
                Some(step) => {
                    match name.strip_prefix(&steps[step].name).and_then(|rest| rest.strip_prefix('/')) {
                        Some(rest) if !rest.is_empty() => break rest,
                        _ => around = steps[step].parent,
                    }
                }
            }
        };
        shortened(&one_line(seen), WIDEST_INPUT)
    }
}
