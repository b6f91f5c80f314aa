//! The text of a new `tmpl.toml`: every value with a comment saying where it was found.

use std::fmt::Write as _;

use super::Finding;

/// What goes into a new `tmpl.toml`.
#[derive(Debug, Default)]
pub(super) struct ManifestText {
    python: Vec<Finding>,
    template: Vec<Finding>,
}

impl ManifestText {
    /// Adds a value of `[python]`.
    pub(super) fn python(&mut self, key: &'static str, value: String, origin: impl Into<String>) {
        self.python.push(Finding { key, value, origin: origin.into() });
    }

    /// Adds a value of `[[template]]`.
    pub(super) fn template(&mut self, key: &'static str, value: String, origin: impl Into<String>) {
        self.template.push(Finding { key, value, origin: origin.into() });
    }

    pub(super) fn render(&self) -> String {
        let mut text =
            "# What `tmpl build` makes templates of. Paths are relative to this file.\n".to_owned();
        for (table, findings) in [("[python]", &self.python), ("[[template]]", &self.template)] {
            let _ = writeln!(text, "\n{table}");
            for Finding { key, value, origin } in findings {
                let _ = writeln!(text, "# from {origin}\n{key} = {value}");
            }
        }
        text
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.python.into_iter().chain(self.template).collect()
    }
}

/// A TOML string.
pub(super) fn string(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A TOML list of strings.
pub(super) fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| string(item)).collect();
    format!("[{}]", items.join(", "))
}
