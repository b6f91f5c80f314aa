//! The same launch as a command line.

use tmpl_template::RawParameters;

/// The command line that makes a launch, fit for a shell. Long lines are broken where a shell goes on.
pub(crate) fn command(parts: &Parts<'_>) -> String {
    let subject: Vec<String> = parts.subject.iter().map(|word| quoted(word)).collect();
    let mut lines = vec![format!("tmpl run {}", subject.join(" "))];
    lines.push(format!("--bucket {}", quoted(parts.bucket)));
    for (name, value) in parts.parameters.iter() {
        lines.push(format!("--param {}", quoted(&format!("{name}={value}"))));
    }
    if !parts.runner.is_empty() {
        lines.push(format!("--runner {}", quoted(parts.runner)));
    }
    if !parts.job_name.is_empty() {
        lines.push(format!("--job-name {}", quoted(parts.job_name)));
    }
    if parts.overwrite {
        lines.push("--overwrite".to_owned());
    }
    lines.join(" \\\n  ")
}

/// What a command line says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    /// The template and its version, or the saved launch.
    pub(crate) subject: &'a [&'a str],
    /// The bucket's address.
    pub(crate) bucket: &'a str,
    /// The parameters.
    pub(crate) parameters: &'a RawParameters,
    /// The runner; empty for the template's own.
    pub(crate) runner: &'a str,
    /// The job's name; empty for one that is made.
    pub(crate) job_name: &'a str,
    /// Whether an output that exists is written over.
    pub(crate) overwrite: bool,
}

/// A word that a shell reads as it is.
fn quoted(word: &str) -> String {
    // What has a NUL is refused before it comes here; no shell could be given it.
    shlex::try_quote(word).map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_entered() {
        let values = [
            "plain",
            "two words",
            "",
            "it's $HOME `id` \"x\" \\ !",
            "a\nb",
            "*.csv; rm -rf / #",
            "--flag",
            "ä\u{202e}",
            "{\"k\": 1}",
        ];
        let mut parameters = RawParameters::new();
        for (at, value) in values.iter().enumerate() {
            parameters.insert(format!("p{at}"), *value).unwrap();
        }
        let command = command(&Parts {
            subject: &["--card", "report"],
            bucket: "s3://data/x?endpoint=http://a&b=1",
            parameters: &parameters,
            runner: "prod",
            job_name: "nightly",
            overwrite: true,
        });
        let script = format!("tmpl() {{ for a; do printf '%s\\0' \"$a\"; done; }}\n{command}\n");
        let output = Command::new("sh").arg("-c").arg(&script).output().unwrap();
        let words: Vec<String> =
            String::from_utf8(output.stdout).unwrap().split('\0').map(str::to_owned).collect();
        let mut expected = vec!["run", "--card", "report", "--bucket", "s3://data/x?endpoint=http://a&b=1"];
        let given: Vec<String> =
            values.iter().enumerate().map(|(at, value)| format!("p{at}={value}")).collect();
        for word in &given {
            expected.extend(["--param", word]);
        }
        expected.extend(["--runner", "prod", "--job-name", "nightly", "--overwrite", ""]);
        assert_eq!(words, expected);
    }
}
