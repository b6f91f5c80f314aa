//! The graph as a picture: SVG, drawn here, with the same bytes for the same graph.
//!
//! Steps stand in rows, so that what flows flows down. A step that shows its parts is a frame around them, with rows of its own;
//! arrows end at frames, and go on within.

mod blocks;
mod layers;
mod positions;
mod style;
mod text;

use std::fmt::Write as _;

use self::blocks::{Block, DETAIL_SIZE, HEAD_SIZE, HEADER, Inside, LINE, NAME_SIZE, PADDING};
use super::{FoldedGraph, StepKind, StepState};

/// Room around the picture.
const MARGIN: f64 = 16.0;
/// The title above it.
const TITLE: f64 = 30.0;
/// Whole names, for those who point at a step, are shown as far as this.
const WIDEST_NAME: usize = 400;
/// The picture in words has so many flows.
const SAID_FLOWS: usize = 60;
const WIDEST_SAID: usize = 80;

impl FoldedGraph<'_> {
    /// A picture with a title. It has no script and refers to nothing outside.
    pub fn to_svg(&self, title: &str) -> String {
        let whole = blocks::whole(self);
        let title = text::escaped(title, WIDEST_SAID);
        let title_width = text::width(&title, NAME_SIZE + 2.0);
        let width = (whole.width.max(title_width) + 2.0 * MARGIN).ceil();
        let height = (whole.height + TITLE + 2.0 * MARGIN).ceil();
        let mut svg = Svg { text: String::new(), folded: self };
        let _ = write!(
            svg.text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tmpl-graph\" role=\"img\" aria-labelledby=\"tmpl-title tmpl-words\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <title id=\"tmpl-title\">{title}</title>\n<desc id=\"tmpl-words\">{}</desc>\n<style>{}</style>\n\
             <defs><marker id=\"tmpl-arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto-start-reverse\"><path d=\"M0 0L10 5L0 10z\"/></marker></defs>\n\
             <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n\
             <text class=\"head\" x=\"{MARGIN}\" y=\"{}\" style=\"font-size:15px\">{title}</text>\n",
            self.in_words(),
            style::sheet(),
            MARGIN + 14.0,
        );
        if let Some(inside) = &whole.inside {
            svg.inside(inside, (width - whole.width) / 2.0, MARGIN + TITLE, 0.0);
        }
        svg.text.push_str("</svg>\n");
        svg.text
    }

    /// The picture for those who do not see it.
    fn in_words(&self) -> String {
        let name = |place: usize| text::escaped(&self.graph.steps[self.steps[place].step].name, WIDEST_SAID);
        let mut words = format!("{}.", self.graph.summary());
        for edge in self.edges.iter().take(SAID_FLOWS) {
            let side = if edge.is_side { ", as a side input" } else { "" };
            let _ = write!(words, " {} flows to {}{side}.", name(edge.from), name(edge.to));
        }
        if self.edges.len() > SAID_FLOWS {
            let _ = write!(words, " And {} more.", self.edges.len() - SAID_FLOWS);
        }
        words
    }
}

struct Svg<'a> {
    text: String,
    folded: &'a FoldedGraph<'a>,
}

impl Svg<'_> {
    /// Draws parts with their left upper corner there. What comes from above comes from the frame's edge, or from below its words,
    /// which end at `words_end`.
    fn inside(&mut self, inside: &Inside, left: f64, top: f64, words_end: f64) {
        self.arrows(inside, left, top, words_end);
        for (number, block) in inside.blocks.iter().enumerate() {
            let middle = left + inside.positions.middles[number];
            let (row_top, row_height) = inside.positions.rows[inside.layers.items[number].row];
            let y = top + row_top + (row_height - block.height) / 2.0;
            self.block(block, middle - block.width / 2.0, y);
        }
    }

    fn block(&mut self, block: &Block, left: f64, top: f64) {
        let Some(place) = block.place else { return };
        let shown = &self.folded.steps[place];
        let step = &self.folded.graph.steps[shown.step];
        let name = text::escaped(&step.name, WIDEST_NAME);
        let (width, height) = (block.width, block.height);
        let class = if shown.is_open { "frame" } else { class(step.kind) };
        let _ = writeln!(self.text, "<g><title>{name}</title>");
        let _ = writeln!(
            self.text,
            "<rect class=\"box {class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
            n(left),
            n(top),
            n(width),
            n(height)
        );
        if let Some(state) = shown.status.state {
            self.bar(state, left, top, height);
        }
        if let Some(inside) = &block.inside {
            let mut words_end = left + 2.0 * PADDING + text::width(&block.name, HEAD_SIZE);
            self.words("head", &block.name, left + PADDING, top + 20.0, "start");
            for line in &block.lines {
                self.words("soft", line, words_end, top + 20.0, "start");
                words_end += PADDING + text::width(line, DETAIL_SIZE);
            }
            let inner_left = left + (width - inside.positions.width) / 2.0;
            self.inside(inside, inner_left, top + HEADER + PADDING, words_end);
        } else {
            let middle = left + width / 2.0;
            self.words("name", &block.name, middle, top + LINE + 3.0, "middle");
            let mut y = top + 2.0 * LINE + 2.0;
            for line in &block.lines {
                self.words("soft", line, middle, y, "middle");
                y += LINE;
            }
        }
        self.text.push_str("</g>\n");
    }

    fn words(&mut self, class: &str, words: &str, x: f64, y: f64, anchor: &str) {
        let words = text::escaped(words, usize::MAX);
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{words}</text>",
            n(x),
            n(y)
        );
    }

    /// The state in its colour, at the left; in words it stands in the box.
    fn bar(&mut self, state: StepState, left: f64, top: f64, height: f64) {
        let _ = writeln!(
            self.text,
            "<rect class=\"bar {}\" x=\"{}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"/>",
            state.word(),
            n(left + 2.0),
            n(top + 4.0),
            n(height - 8.0)
        );
    }

    fn arrows(&mut self, inside: &Inside, left: f64, top: f64, words_end: f64) {
        let Inside { layers, positions, blocks } = inside;
        for route in &layers.routes {
            let mut way = String::new();
            for pair in route.items.windows(2) {
                let [upper, lower] = *pair else { continue };
                let (x1, x2) = (left + positions.middles[upper], left + positions.middles[lower]);
                let [(top1, height1), (top2, height2)] =
                    [upper, lower].map(|item| positions.rows[layers.items[item].row]);
                // The sides of the rows that look at each other.
                let (y1, y2) = (top + top1 + height1, top + top2);
                let mut at = y1;
                if way.is_empty() {
                    at = match blocks.get(upper) {
                        Some(block) => top + top1 + f64::midpoint(height1, block.height),
                        None if x1 > words_end => top - PADDING - HEADER,
                        None => top - PADDING,
                    };
                    let _ = write!(way, "M{} {}", n(x1), n(at));
                }
                let end = match blocks.get(lower) {
                    Some(block) => top + top2 + (height2 - block.height) / 2.0,
                    None if Some(&lower) == route.items.last() => top + positions.height + PADDING,
                    None => top + top2 + height2,
                };
                down(&mut way, at, y1);
                let turn = (y2 - y1) / 2.0;
                let _ =
                    write!(way, "C{0} {1} {2} {3} {2} {4}", n(x1), n(y1 + turn), n(x2), n(y2 - turn), n(y2));
                down(&mut way, y2, end);
            }
            let class = if route.is_dashed { " class=\"side\"" } else { "" };
            let end = if route.is_reversed { "start" } else { "end" };
            let _ = writeln!(self.text, "<path{class} d=\"{way}\" marker-{end}=\"url(#tmpl-arrow)\"/>");
        }
    }
}

/// Straight down. A line without length would leave an arrow's head without a direction.
fn down(way: &mut String, from: f64, to: f64) {
    if (to - from).abs() > 0.1 {
        let _ = write!(way, "V{}", n(to));
    }
}

fn class(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Impulse | StepKind::Read | StepKind::TestStream => "begin",
        StepKind::GroupByKey | StepKind::Combine | StepKind::Reshuffle => "join",
        StepKind::Write => "end",
        StepKind::Flatten | StepKind::Window => "pass",
        _ => "step",
    }
}

/// A number with one digit behind the point at most: the same on every machine.
fn n(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    // There is no -0.
    format!("{}", tenths + 0.0)
}
