//! What a job has counted, as a table.

use tmpl_beam::metrics::{Distribution, Metrics, Number};

use crate::page::measure::grouped;
use crate::text::job as text;
use crate::text::plain::Plain;

/// So many figures are shown.
const SHOWN: usize = 100;
/// Names are shown as far as this.
const LONGEST_NAME: usize = 120;
/// Of a set, so many texts.
const SHOWN_TEXTS: usize = 8;

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What is counted.
    pub(crate) name: Plain,
    /// How much.
    pub(crate) value: Plain,
    /// Where; empty for the whole job.
    pub(crate) step: Plain,
}

/// The pipeline's own figures, and how many more there are.
pub(crate) fn figures(metrics: &Metrics) -> (Vec<Figure>, usize) {
    let mut figures = Vec::new();
    let mut add = |namespace: &str, name: &str, value: String, step: &str| {
        let name = if namespace.is_empty() { name.to_owned() } else { format!("{name} ({namespace})") };
        figures.push(Figure {
            name: Plain::line(&name, LONGEST_NAME),
            value: Plain::line(&value, LONGEST_NAME * 4),
            step: Plain::line(step, LONGEST_NAME),
        });
    };
    for one in &metrics.counters {
        add(&one.namespace, &one.name, number(one.value), &one.step);
    }
    for one in &metrics.distributions {
        add(&one.namespace, &one.name, spread(one), &one.step);
    }
    for one in &metrics.gauges {
        add(&one.namespace, &one.name, number(one.value), &one.step);
    }
    for one in &metrics.string_sets {
        let shown: Vec<&str> = one.values.iter().take(SHOWN_TEXTS).map(String::as_str).collect();
        let more = one.values.len().saturating_sub(SHOWN_TEXTS);
        add(&one.namespace, &one.name, text::some_of(&shown, more), &one.step);
    }
    let more = figures.len().saturating_sub(SHOWN);
    figures.truncate(SHOWN);
    (figures, more)
}

fn number(value: Number) -> String {
    match value {
        Number::Whole(whole) if whole >= 0 => grouped(whole.unsigned_abs()),
        value => value.to_string(),
    }
}

fn spread(one: &Distribution) -> String {
    match (one.min, one.mean(), one.max) {
        (Some(min), Some(mean), Some(max)) => text::spread(
            &grouped(one.count.unsigned_abs()),
            &number(min),
            &format!("{mean:.2}"),
            &number(max),
        ),
        _ => text::NO_VALUES.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_with_their_steps() {
        let metrics: Metrics = serde_json::from_str(
            r#"{"counters": [{"step": "Split\u001b", "namespace": "words", "name": "lines", "value": 12345}],
                "distributions": [{"step": "S", "name": "lengths", "count": 2, "sum": 7, "min": 3, "max": 4},
                                  {"step": "S", "name": "none", "count": 0, "sum": 0, "min": null, "max": null}],
                "gauges": [{"name": "lag", "value": 2.5}],
                "stringSets": [{"name": "tables", "values": ["a", "b"]}]}"#,
        )
        .unwrap();
        let (figures, more) = figures(&metrics);
        let said: Vec<String> =
            figures.iter().map(|one| format!("{}: {} / {}", one.name, one.value, one.step)).collect();
        assert_eq!(
            said,
            [
                "lines (words): 12,345 / Split␛",
                "lengths: 2 values, from 3 to 4, on average 3.50 / S",
                "none: no values / S",
                "lag: 2.5 / ",
                "tables: a, b / "
            ]
        );
        assert_eq!(more, 0);
    }
}
