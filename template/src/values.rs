//! The parameters of a launch after the check: what the launcher may rely on.

use crate::Pass;

/// One value and its way into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterValue {
    /// The parameter's name.
    pub name: String,
    /// Its value; a reference (`env:…`, `file:…`) if it is a secret.
    pub value: String,
    /// How the value reaches the program.
    pub pass: Pass,
    /// Whether the value is a reference to a secret.
    pub secret: bool,
}

/// Values that satisfy every rule of a template. Only [`check`](crate::check()) makes them; what is stored is the
/// [`RawParameters`](crate::RawParameters), which are checked again where they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterValues {
    values: Vec<ParameterValue>,
    warnings: Vec<String>,
}

impl ParameterValues {
    pub(crate) fn new(values: Vec<ParameterValue>, warnings: Vec<String>) -> Self {
        Self { values, warnings }
    }

    /// Options that were not given as parameters; what was given as one counts.
    pub(crate) fn add(&mut self, options: Vec<ParameterValue>) {
        let options =
            options.into_iter().filter(|option| self.get(&option.name).is_none()).collect::<Vec<_>>();
        self.values.extend(options);
    }

    pub(crate) fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// The given values in the order of the metadata; without metadata, in the order of the request.
    pub fn as_slice(&self) -> &[ParameterValue] {
        &self.values
    }

    /// The values, one after another.
    pub fn iter(&self) -> std::slice::Iter<'_, ParameterValue> {
        self.values.iter()
    }

    /// The value of a parameter, if it was given.
    pub fn get(&self, name: &str) -> Option<&ParameterValue> {
        self.values.iter().find(|value| value.name == name)
    }

    /// What is allowed and probably not meant, as sentences without a period.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl<'a> IntoIterator for &'a ParameterValues {
    type Item = &'a ParameterValue;
    type IntoIter = std::slice::Iter<'a, ParameterValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
