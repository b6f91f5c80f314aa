//! The pipeline's own figures as lines for a terminal.

use super::{Distribution, Gauge, Metrics, StringSet};
use crate::plain_text::{one_line, shortened};

/// Names and steps are shown as far as this.
const WIDEST_NAME: usize = 60;
const WIDEST_STEP: usize = 60;
/// Of a set so many texts are shown, each as far as this.
const SHOWN_TEXTS: usize = 5;
const WIDEST_TEXT: usize = 40;

impl Metrics {
    /// A line for each figure of the pipeline's own: name, value, step. Nothing in a line moves a cursor.
    ///
    /// ```text
    /// words/empty lines  3  (Split)
    /// words/lengths      2 values: sum 7, min 3, mean 3.50, max 4  (Split)
    /// ```
    pub fn summary(&self) -> Vec<String> {
        let mut rows: Vec<(String, String, &str)> = Vec::new();
        let mut row = |namespace: &str, name: &str, value: String, step| {
            let name = if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") };
            rows.push((shortened(&one_line(&name), WIDEST_NAME), value, step));
        };
        for one in &self.counters {
            row(&one.namespace, &one.name, one.value.to_string(), &one.step);
        }
        for one in &self.distributions {
            row(&one.namespace, &one.name, one.in_words(), &one.step);
        }
        for one in &self.gauges {
            row(&one.namespace, &one.name, one.in_words(), &one.step);
        }
        for one in &self.string_sets {
            row(&one.namespace, &one.name, one.in_words(), &one.step);
        }
        let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
        let line = |(name, value, step): &(String, String, &str)| {
            let step = shortened(&one_line(step), WIDEST_STEP);
            let step = if step.is_empty() { step } else { format!("  ({step})") };
            format!("{name:width$}  {value}{step}")
        };
        rows.iter().map(line).collect()
    }
}

impl Distribution {
    fn in_words(&self) -> String {
        let (Some(min), Some(max), Some(mean)) = (self.min, self.max, self.mean()) else {
            return "no values".to_owned();
        };
        let plural = if self.count == 1 { "value" } else { "values" };
        format!("{} {plural}: sum {}, min {min}, mean {mean:.2}, max {max}", self.count, self.sum)
    }
}

impl Gauge {
    fn in_words(&self) -> String {
        self.value.to_string()
    }
}

impl StringSet {
    fn in_words(&self) -> String {
        let shown = self.values.iter().take(SHOWN_TEXTS);
        let mut words: Vec<String> = shown.map(|text| shortened(&one_line(text), WIDEST_TEXT)).collect();
        if self.values.len() > SHOWN_TEXTS {
            words.push(format!("… ({} in all)", self.values.len()));
        }
        if words.is_empty() { "empty".to_owned() } else { words.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Counter, Number};

    #[test]
    fn figures_are_lines_with_their_steps() {
        let text = r#"{
            "counters": [
                {"step": "Split", "namespace": "words", "name": "empty lines", "value": 3},
                {"step": "", "namespace": "", "name": "x", "value": 0.5}
            ],
            "distributions": [
                {"step": "Split", "namespace": "words", "name": "lengths", "count": 2, "sum": 7, "min": 3, "max": 4},
                {"step": "Split", "namespace": "words", "name": "none", "count": 0, "sum": 0, "min": null, "max": null}
            ],
            "gauges": [{"step": "Poll", "namespace": "s", "name": "lag", "value": 2}],
            "stringSets": [
                {"step": "Read", "namespace": "s", "name": "t", "values": ["a", "b\nc", "d", "e", "f", "g"]},
                {"step": "Read", "namespace": "s", "name": "u", "values": []}
            ]
        }"#;
        let metrics: Metrics = serde_json::from_str(text).unwrap();
        assert_eq!(
            metrics.summary(),
            [
                "words/empty lines  3  (Split)",
                "x                  0.5",
                "words/lengths      2 values: sum 7, min 3, mean 3.50, max 4  (Split)",
                "words/none         no values  (Split)",
                "s/lag              2  (Poll)",
                "s/t                a, b�c, d, e, f, … (6 in all)  (Read)",
                "s/u                empty  (Read)",
            ]
        );
    }

    #[test]
    fn hostile_names_are_one_line_of_bounded_width() {
        let counter = Counter {
            step: "s\n".repeat(10_000),
            namespace: "\x1b[2J".to_owned(),
            name: "n".repeat(10_000),
            value: Number::Whole(1),
        };
        let lines = Metrics { counters: vec![counter], ..Metrics::default() }.summary();
        assert!(lines[0].chars().count() < 140 && !lines[0].chars().any(char::is_control), "{lines:?}");
    }
}
