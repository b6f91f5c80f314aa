//! One field of a form.

use tmpl_template::{Parameter, value_when_absent};

use super::condition::Condition;
use super::{Control, Entered, FIELD};
use crate::text::form as text;
use crate::text::plain::{Plain, first_unseen};

/// How much is shown of what authors write.
const LONGEST_LABEL: usize = 300;
const LONGEST_HELP: usize = 4000;
const LONGEST_EXAMPLE: usize = 300;
const LONGEST_UNIT: usize = 40;
/// Fields below parents below parents are not indented for ever.
const DEEPEST: usize = 4;

/// A field.
#[expect(clippy::struct_excessive_bools, reason = "none of them follows from another")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its id in the page.
    pub(crate) id: String,
    /// What it is sent as.
    pub(crate) name: String,
    /// The author's title.
    pub(crate) label: Plain,
    /// What a person should know to fill it in.
    pub(crate) help: Plain,
    /// The same in our words: what kind of value it is, and from where to where.
    pub(crate) kind: Option<String>,
    /// A value as one may look.
    pub(crate) example: Option<Plain>,
    /// What a number counts.
    pub(crate) unit: Option<Plain>,
    /// Whether it can be left out.
    pub(crate) optional: bool,
    /// What it is filled in with.
    pub(crate) control: Control,
    /// What is in it.
    pub(crate) value: String,
    /// What is odd about that.
    pub(crate) remark: Option<String>,
    /// What is wrong with it.
    pub(crate) problems: Vec<Plain>,
    /// When it is asked for, if not always.
    pub(crate) condition: Option<Condition>,
    /// Whether it is asked for with the values as they are.
    pub(crate) asked: bool,
    /// The value that counts where it is empty: what decides about its children then.
    pub(crate) when_empty: String,
    /// How far it stands below its parents.
    pub(crate) depth: usize,
    /// Whether its value can't be changed here.
    pub(crate) locked: bool,
    /// Whether it has another value than the author's default.
    pub(crate) changed: bool,
}

/// The id of the field of parameter number `index`: names of parameters are not fit to be ids.
pub(super) fn id(index: usize) -> String {
    format!("p-{index}")
}

impl Field {
    pub(super) fn of(index: usize, parameter: &Parameter, entered: &Entered, problems: &[Plain]) -> Self {
        let value = entered.shown(parameter);
        let control = Control::of(parameter, value);
        let example = parameter.example().filter(|example| !example.is_empty());
        let said = |text: &str, most: usize| Some(Plain::line(text, most)).filter(|text| !text.is_empty());
        Self {
            id: id(index),
            name: format!("{FIELD}{}", parameter.name),
            label: said(&parameter.label, LONGEST_LABEL)
                .unwrap_or_else(|| Plain::line(&parameter.name, LONGEST_LABEL)),
            help: Plain::lines(parameter.help_text.trim(), LONGEST_HELP),
            kind: kind(parameter, &control),
            example: example.map(|example| Plain::lines(example, LONGEST_EXAMPLE)),
            unit: parameter.unit().and_then(|unit| said(unit, LONGEST_UNIT)),
            optional: parameter.is_optional(),
            value: match &control {
                Control::DateTime { value } => value.clone(),
                _ => value.unwrap_or_default().to_owned(),
            },
            control,
            remark: value.and_then(first_unseen).map(text::unseen),
            problems: problems.to_vec(),
            condition: None,
            asked: true,
            when_empty: value_when_absent(parameter).unwrap_or_default().to_owned(),
            depth: 0,
            locked: false,
            changed: value != parameter.default_value.as_deref().filter(|default| !default.is_empty()),
        }
    }

    pub(super) fn at_depth(mut self, depth: usize) -> Self {
        self.depth = depth.min(DEEPEST);
        self
    }

    /// The ids of what describes it.
    pub(crate) fn described_by(&self) -> String {
        let mut ids = vec![format!("{}-help", self.id)];
        if !self.problems.is_empty() {
            ids.insert(0, format!("{}-error", self.id));
        }
        ids.join(" ")
    }

    /// The value with a line end before it: the first one in a text area does not count.
    pub(crate) fn value_in_lines(&self) -> String {
        format!("\n{}", self.value)
    }

    /// The help in parts: what stands between backticks is written as it is typed.
    pub(crate) fn help_in_parts(&self) -> Vec<(bool, &str)> {
        in_parts(self.help.as_str())
    }

    /// The value to be read, of a field that can't be changed.
    pub(crate) fn value_to_read(&self) -> Plain {
        said(&self.control, &self.value, LONGEST_HELP)
    }
}

/// A value as its parameter's field calls it.
pub(crate) fn value_to_read(parameter: Option<&Parameter>, value: &str, most: usize) -> Plain {
    let control = parameter.map(|parameter| Control::of(parameter, Some(value)));
    said(&control.unwrap_or(Control::Text { mode: "text" }), value, most)
}

fn said(control: &Control, value: &str, most: usize) -> Plain {
    let chosen = control.choices().iter().filter(|choice| choice.chosen && !choice.value.is_empty());
    let chosen: Vec<&str> = chosen.map(|choice| choice.label.as_str()).collect();
    match chosen.as_slice() {
        [] if value.is_empty() => Plain::own(text::NO_VALUE),
        [] => Plain::lines(value, most),
        chosen => Plain::own(chosen.join(", ")),
    }
}

/// What kind of value it is, where the author's help may not say it.
fn kind(parameter: &Parameter, control: &Control) -> Option<String> {
    use tmpl_template::ValueFormat;
    let bounds = text::bounds(parameter.min(), parameter.max(), parameter.unit());
    let kind = match (control, parameter.format()) {
        (Control::Secret, _) => return Some(text::SECRET.to_owned()),
        (Control::Checkboxes(_), _) => Some(text::CHOOSE_SEVERAL),
        (Control::DateTime { .. }, _) => Some(text::DATE_TIME),
        (_, Some(ValueFormat::Date)) => Some(text::DATE),
        (_, Some(ValueFormat::Duration)) => Some(text::DURATION),
        (_, Some(ValueFormat::Json)) => Some(text::JSON),
        _ => None,
    };
    match (kind, bounds) {
        (Some(kind), Some(bounds)) => Some(format!("{kind} {bounds}")),
        (None, bounds) => bounds,
        (kind, None) => kind.map(str::to_owned),
    }
}

/// A text in parts: whether it stood between backticks, and what it is. One backtick alone is nothing but itself.
fn in_parts(text: &str) -> Vec<(bool, &str)> {
    if !text.matches('`').count().is_multiple_of(2) {
        return vec![(false, text)];
    }
    let parts = text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part));
    parts.filter(|(_, part)| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_write_code_between_backticks() {
        for (text, parts) in [
            ("plain", vec![(false, "plain")]),
            ("For example, `gs://a/*`.", vec![(false, "For example, "), (true, "gs://a/*"), (false, ".")]),
            ("`a``b`", vec![(true, "a"), (true, "b")]),
            ("it`s", vec![(false, "it`s")]),
            ("", vec![]),
        ] {
            assert_eq!(in_parts(text), parts, "{text}");
        }
    }
}
