//! What a spec says to `tmpl` alone: the key `tmpl`, which Google's service ignores.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format_error::Problem;
use crate::{Digest, Entry, PlatformBuild, RunnerKind, RunnerName};

/// Entry point, lock and builds of a template.
///
/// Keys of ours that this version does not know are refused, not skipped: to run half of what a newer `tmpl` wrote
/// would be worse. A new key is therefore a new [`format`](Self::format).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The number of this format; [`Extension::FORMAT`] is the newest that is read.
    pub format: u32,
    /// Where the program begins.
    pub entry: Entry,
    /// Digest of the lock that the layers were made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Digest>,
    /// The build for each platform, like `linux/amd64`.
    pub platforms: BTreeMap<String, PlatformBuild>,
    /// Whether a job reports what it did in rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// Who is told of what happens to jobs of this template: URLs of webhooks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
    /// The runners that jobs may run on: engines, or names of profiles. All where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runners: Vec<RunnerName>,
    /// The runner that is meant where a launch names none; `direct` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "defaultRunner")]
    pub default_runner: Option<RunnerName>,
}

/// Whether a job reports rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Results {
    /// It must: one that reports none has failed.
    Required,
    /// It may.
    Optional,
}

impl Extension {
    /// The format that is written.
    ///
    /// | format | since then |
    /// |---|---|
    /// | 1 | Python programs; what is in a layer lies at its top |
    /// | 2 | every kind of program; what is in a layer lies below [`LAYER_ROOT`](Self::LAYER_ROOT), so that an image can have the same layers |
    /// | 3 | result rows, and who is told of jobs; written only where the template says something of them |
    /// | 4 | runners; written only where the template says something of them |
    pub const FORMAT: u32 = 4;
    /// What is written of a template that speaks of reports, and of nothing newer.
    const REPORTS_FORMAT: u32 = 3;
    /// What is written of a template that says nothing newer.
    const PLAIN_FORMAT: u32 = 2;

    /// The folder that holds everything in a layer, and so the program's folder in an image: `/template`, as gcloud's images
    /// have it.
    pub const LAYER_ROOT: &'static str = "template";

    /// An extension in the current format.
    pub fn new(entry: Entry, lock: Option<Digest>, platforms: BTreeMap<String, PlatformBuild>) -> Self {
        Self {
            format: Self::PLAIN_FORMAT,
            entry,
            lock,
            platforms,
            results: None,
            notify: Vec::new(),
            runners: Vec::new(),
            default_runner: None,
        }
    }

    /// The same, of a template that says whether its jobs report rows, and who is told of them.
    #[must_use]
    pub fn with_reports(mut self, results: Option<Results>, notify: Vec<String>) -> Self {
        if results.is_some() || !notify.is_empty() {
            self.format = self.format.max(Self::REPORTS_FORMAT);
        }
        (self.results, self.notify) = (results, notify);
        self
    }

    /// The same, of a template that says which runners its jobs may run on, and which is meant where a launch names none.
    #[must_use]
    pub fn with_runners(mut self, runners: Vec<RunnerName>, default_runner: Option<RunnerName>) -> Self {
        if !runners.is_empty() || default_runner.is_some() {
            self.format = Self::FORMAT;
        }
        (self.runners, self.default_runner) = (runners, default_runner);
        self
    }

    /// Whether jobs may run on the runner of that name, which is of that engine.
    pub fn allows(&self, runner: &RunnerName, engine: RunnerKind) -> bool {
        let is_it = |allowed: &RunnerName| allowed == runner || allowed.engine() == Some(engine);
        self.runners.is_empty() || self.runners.iter().any(is_it)
    }

    /// The folder of a layer that holds what is joined; nothing for the layer itself.
    pub fn layer_root(&self) -> &'static str {
        if self.format == 1 { "" } else { Self::LAYER_ROOT }
    }

    pub(crate) fn read(value: Value) -> Result<Self, Problem> {
        const UPDATE: &str = "update `tmpl`";
        // First of all: what a newer format has instead of our keys must not be reported as a mistake.
        let Some(format) = value.get("format").and_then(Value::as_u64) else {
            return Err(Problem::new("the number `format` is missing").hinted("build the template again"));
        };
        if format > u64::from(Self::FORMAT) {
            let message = format!("the template is in format {format}, newer than {}", Self::FORMAT);
            return Err(Problem::new(message).hinted(UPDATE).under_key("format"));
        }
        if format == 0 {
            let message = "no template has the format 0";
            return Err(Problem::new(message).hinted("build the template again").under_key("format"));
        }
        serde_json::from_value(value).map_err(|error| {
            Problem::new(error.to_string()).hinted(format!("{UPDATE}, or build the template again"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension() -> Extension {
        Extension::new(Entry::Binary { binary: "b".to_owned() }, None, BTreeMap::new())
    }

    #[test]
    fn a_format_is_no_newer_than_what_is_said() {
        let prod = || "prod".parse::<RunnerName>().unwrap();
        for (said, format) in [
            (extension().with_reports(None, Vec::new()).with_runners(Vec::new(), None), 2),
            (extension().with_reports(Some(Results::Optional), Vec::new()), 3),
            (extension().with_runners(vec![prod()], None), 4),
            (
                extension()
                    .with_runners(Vec::new(), Some(prod()))
                    .with_reports(Some(Results::Required), Vec::new()),
                4,
            ),
        ] {
            assert_eq!(said.format, format, "{said:?}");
            assert_eq!(Extension::read(serde_json::to_value(&said).unwrap()).unwrap(), said);
        }
    }

    #[test]
    fn a_template_allows_engines_and_profiles() {
        let name = |name: &str| name.parse::<RunnerName>().unwrap();
        let said = extension().with_runners(vec![name("flink"), name("nightly")], None);
        for (runner, engine, is) in [
            ("flink", RunnerKind::Flink, true),
            ("prod", RunnerKind::Flink, true),
            ("nightly", RunnerKind::Spark, true),
            ("prod", RunnerKind::Spark, false),
            ("direct", RunnerKind::Direct, false),
        ] {
            assert_eq!(said.allows(&name(runner), engine), is, "{runner}");
            assert!(extension().allows(&name(runner), engine));
        }
    }
}
