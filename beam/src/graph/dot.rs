//! The graph for Graphviz.

use std::fmt::Write as _;

use super::{FoldedGraph, StepKind};
use crate::plain_text::{one_line, shortened};

/// Names are shown as far as this; the whole name is in the tooltip, as far as that.
const WIDEST: usize = 48;
const WIDEST_TOOLTIP: usize = 400;

/// What is to be written next.
enum Work {
    Step(usize),
    /// The end of a cluster.
    End,
}

impl FoldedGraph<'_> {
    /// A `digraph` in Graphviz's language: a node for each step that shows no parts, a cluster for each that does.
    pub fn to_dot(&self) -> String {
        let mut dot = String::from(
            "digraph pipeline {\n  rankdir=TB;\n  compound=true;\n  \
             node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica,Arial,sans-serif\", fontsize=11];\n  \
             edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9];\n  \
             graph [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, style=rounded, color=gray50];\n",
        );
        let roots = self.graph.roots.iter().filter_map(|root| self.place(*root));
        let mut waiting: Vec<Work> = roots.rev().map(Work::Step).collect();
        while let Some(work) = waiting.pop() {
            let Work::Step(place) = work else {
                dot.push_str("  }\n");
                continue;
            };
            let shown = &self.steps[place];
            let step = &self.graph.steps[shown.step];
            let tooltip = quoted(&step.name, WIDEST_TOOLTIP);
            if shown.is_open {
                let label = quoted(&step.label, WIDEST);
                let _ = writeln!(
                    dot,
                    "  subgraph cluster_{place} {{\n  label=\"{label}\"; tooltip=\"{tooltip}\";"
                );
                waiting.push(Work::End);
                let parts: Vec<usize> = self.parts(place).collect();
                waiting.extend(parts.into_iter().rev().map(Work::Step));
            } else if step.kind != StepKind::Empty {
                let mut label = quoted(&step.label, WIDEST);
                for line in [Some(self.details(place)), shown.status.in_words()].into_iter().flatten() {
                    if !line.is_empty() {
                        // Graphviz's own word for the next line.
                        let _ = write!(label, "\\n{}", quoted(&line, WIDEST));
                    }
                }
                let _ = writeln!(
                    dot,
                    "  s{place} [label=\"{label}\", tooltip=\"{tooltip}\"{}];",
                    attributes(step.kind)
                );
            }
        }
        for edge in &self.edges {
            let style = if edge.is_side { " [style=dashed, label=\"side input\"]" } else { "" };
            let _ = writeln!(dot, "  s{} -> s{}{style};", edge.from, edge.to);
        }
        dot.push_str("}\n");
        dot
    }
}

fn attributes(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Impulse | StepKind::Read | StepKind::TestStream => ", fillcolor=\"#dcefdc\"",
        StepKind::GroupByKey | StepKind::Combine | StepKind::Reshuffle => ", fillcolor=\"#dbe7f6\"",
        StepKind::Write => ", fillcolor=\"#f6e6d2\"",
        StepKind::Flatten | StepKind::Window => ", fillcolor=\"#eeeeee\"",
        _ => "",
    }
}

/// A text for between Graphviz's quotes: it stays one line, and nothing in it is a word of Graphviz's, of an escape or of HTML.
fn quoted(text: &str, most: usize) -> String {
    let mut quoted = String::new();
    for c in shortened(&one_line(text), most).chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            c => quoted.push(c),
        }
    }
    quoted
}
