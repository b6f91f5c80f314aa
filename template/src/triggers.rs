//! Conditional parameters: whether a parent's value asks for its child.

use std::collections::HashMap;

use crate::{Parameter, ParameterType, RawParameters};

/// How many parents of parents are asked: nobody's form is this deep, and each costs time.
pub(crate) const MOST_LINKS: usize = 100;

/// The declared parameters of a launch by name.
pub(crate) struct Triggers<'a> {
    parameters: HashMap<&'a str, &'a Parameter>,
    raw: &'a RawParameters,
}

impl<'a> Triggers<'a> {
    pub(crate) fn new(parameters: &'a [Parameter], raw: &'a RawParameters) -> Self {
        let mut by_name = HashMap::new();
        for parameter in parameters {
            // Of two declarations the first counts.
            by_name.entry(parameter.name.as_str()).or_insert(parameter);
        }
        Self { parameters: by_name, raw }
    }

    /// The child and its parent, from this parameter upwards, where the parent's value does not ask for the child;
    /// none if the parameter is asked for. A parent that does not exist asks for everything.
    pub(crate) fn broken_link(&self, parameter: &'a Parameter) -> Option<(&'a Parameter, &'a Parameter)> {
        let mut child = parameter;
        // Parents in a circle end here too.
        for _ in 0..MOST_LINKS {
            let parent = *self.parameters.get(child.parent_name.as_deref()?)?;
            if !asks_for(child, self.effective_value(parent)) {
                return Some((child, parent));
            }
            child = parent;
        }
        None
    }

    /// The value the program will work with: the given one, else the declared default, else the type's.
    fn effective_value(&self, parameter: &'a Parameter) -> Option<&'a str> {
        self.raw.get(&parameter.name).or_else(|| value_when_absent(parameter))
    }
}

/// Which of the parameters a launch is asked for, in their order: the others have a parent whose value does not ask for them.
///
/// A form hides what is not asked for, and does not send it.
pub fn asked_for(parameters: &[Parameter], raw: &RawParameters) -> Vec<bool> {
    let triggers = Triggers::new(parameters, raw);
    parameters.iter().map(|parameter| triggers.broken_link(parameter).is_none()).collect()
}

/// The value the program will work with when none is given: the declared default, else the type's.
pub fn value_when_absent(parameter: &Parameter) -> Option<&str> {
    let of_type = || (*parameter.parameter_type() == ParameterType::Boolean).then_some("false");
    parameter.default_value.as_deref().or_else(of_type)
}

/// Whether a value of its parent asks for a child.
pub(crate) fn asks_for(child: &Parameter, parent_value: Option<&str>) -> bool {
    match parent_value {
        None => false,
        Some(value) if child.parent_trigger_values.is_empty() => !value.is_empty(),
        Some(value) => child.parent_trigger_values.iter().any(|trigger| trigger == value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metadata;

    #[test]
    fn a_form_hides_what_no_value_asks_for() {
        let text = r#"{"name": "T", "parameters": [
            {"name": "grandchild", "label": "G", "helpText": "h", "parentName": "child"},
            {"name": "child", "label": "C", "helpText": "h", "parentName": "source", "parentTriggerValues": ["file", "table"]},
            {"name": "source", "label": "S", "helpText": "h", "defaultValue": "file"},
            {"name": "one", "label": "O", "helpText": "h", "parentName": "two"},
            {"name": "two", "label": "T", "helpText": "h", "parentName": "one"},
            {"name": "orphan", "label": "O", "helpText": "h", "parentName": "nobody"}
        ]}"#;
        let metadata = Metadata::parse(text).unwrap();
        for (given, expected) in [
            (&[][..], [false, true, true, false, false, true]),
            (&[("child", "x")], [true, true, true, false, false, true]),
            (&[("child", "x"), ("source", "none")], [false, false, true, false, false, true]),
            (&[("one", "x"), ("two", "y")], [false, true, true, true, true, true]),
        ] {
            let mut raw = RawParameters::new();
            for (name, value) in given {
                raw.insert(*name, *value).unwrap();
            }
            assert_eq!(asked_for(&metadata.parameters, &raw), expected, "{given:?}");
        }
    }
}
