//! Findings in the form in which GitHub Actions shows them beside a change.

use crate::lint::{Finding, Severity};

impl Finding {
    /// The workflow command that makes GitHub Actions show the finding in a file, by its path in the repository.
    ///
    /// ```
    /// let report = tmpl_template::lint::lint("{\"name\": \"\"}", None);
    /// assert_eq!(
    ///     report.findings[0].github_annotation("a,b.json"),
    ///     "::error file=a%2Cb.json,line=1,endLine=1,col=10,endColumn=12,title=format::name: the text is empty%0A\
    ///      hint: give the template a `name` that people understand"
    /// );
    /// ```
    pub fn github_annotation(&self, file: &str) -> String {
        let command = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        // GitHub refuses columns of a mark over several lines.
        let columns = if self.line == self.end_line {
            format!(",col={},endColumn={}", self.column, self.end_column)
        } else {
            String::new()
        };
        let place = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        let hint = self.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let message = data(&format!("{place}{}{hint}", self.message));
        format!(
            "::{command} file={},line={},endLine={}{columns},title={}::{message}",
            property(file),
            self.line,
            self.end_line,
            property(self.code.name())
        )
    }
}

/// A message as the runner's own toolkit escapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value as the runner's own toolkit escapes it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::lint::{Code, Finding, Severity};

    #[test]
    fn what_ends_a_command_or_a_property_is_escaped() {
        let finding = Finding {
            code: Code::EmptyText,
            severity: Severity::Warning,
            line: 2,
            column: 3,
            end_line: 4,
            end_column: 1,
            path: String::new(),
            message: "100% of a, b:\r\nc".to_owned(),
            hint: None,
            fix: None,
        };
        assert_eq!(
            finding.github_annotation("C:\\a,b%.json"),
            "::warning file=C%3A\\a%2Cb%25.json,line=2,endLine=4,title=empty-text::100%25 of a, b:%0D%0Ac"
        );
    }
}
