//! What `[[template]]` says of runners: which its jobs may run on, and which is meant where a launch names none.

use tmpl_template::{Extension, RunnerName};
use toml::Spanned;

use crate::manifest::{Source, TemplateTable};
use crate::project_error::{Position, ProjectError};

/// The runners of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Runners {
    allowed: Vec<RunnerName>,
    usual: Option<RunnerName>,
    /// Where the first of them is said.
    place: Option<Position>,
}

impl Runners {
    pub(crate) fn read(table: &TemplateTable, source: Source<'_>) -> Result<Self, ProjectError> {
        let name = |text: &Spanned<String>| {
            let read = text.get_ref().parse::<RunnerName>();
            let remedy = "write an engine (direct, prism, flink, spark, portable, dataflow), or the name of a runner's profile";
            read.map_err(|error| source.error(text, error.to_string(), remedy))
        };
        let allowed = table.runners.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let usual = table.default_runner.as_ref().map(name).transpose()?;
        if let (Some(usual), Some(text)) = (&usual, &table.default_runner) {
            // Of which engine a profile is, nobody knows here.
            let may_be = |allowed: &RunnerName| {
                allowed == usual || (allowed.engine().is_some() && usual.engine().is_none())
            };
            if !allowed.is_empty() && !allowed.iter().any(may_be) {
                let message = format!("the runner `{usual}` is not among `runners`");
                return Err(source.error(text, message, "add it there, or choose one of them"));
            }
        }
        let places = table.runners.iter().chain(&table.default_runner).map(|text| source.position(text));
        Ok(Self { allowed, usual, place: places.min() })
    }

    /// An image alone has no place for them: what `tmpl` says of a template is said of its program.
    pub(crate) fn refuse(&self, source: Source<'_>) -> Result<(), ProjectError> {
        let Some(place) = self.place else { return Ok(()) };
        let message = "a template of an image alone says nothing of runners".to_owned();
        let remedy = "leave `runners` and `default_runner` out, or give a program".to_owned();
        Err(source.problem(place, message, remedy))
    }

    /// Says them in a spec.
    pub(crate) fn write(&self, extension: Extension) -> Extension {
        extension.with_runners(self.allowed.clone(), self.usual.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::manifest::{FILE, Manifest};

    fn read(lines: &str) -> Result<Runners, ProjectError> {
        let text = format!("[[template]]\nname = \"a\"\nmain = \"a\"\n{lines}\n");
        let manifest = Manifest::parse(Source { file: FILE, text: &text })?;
        Ok(manifest.runners[0].clone())
    }

    #[test]
    fn what_is_said_is_in_the_spec() {
        let written = |lines: &str| {
            let entry = tmpl_template::Entry::Binary { binary: "b".to_owned() };
            let extension = Extension::new(entry, None, BTreeMap::new());
            serde_json::to_value(read(lines).unwrap().write(extension)).unwrap()
        };
        let plain = written("");
        assert_eq!((plain.get("runners"), plain.get("defaultRunner")), (None, None));
        let both = written("runners = [\"direct\", \"prod-flink\"]\ndefault_runner = \"prod-flink\"");
        assert_eq!(both["runners"], json!(["direct", "prod-flink"]));
        assert_eq!(both["defaultRunner"], "prod-flink");
        assert!(both["format"].as_u64() > plain["format"].as_u64(), "older programs must not take it");
        // A profile may be of an engine that is allowed.
        assert_eq!(written("runners = [\"flink\"]\ndefault_runner = \"prod\"")["defaultRunner"], "prod");
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_place() {
        for (line, message, hint) in [
            (
                "runners = [\"direct\", \"Flink\"]",
                "tmpl.toml:4:22: the runner name \"Flink\" has 'F'",
                "write an engine",
            ),
            ("default_runner = \"\"", "tmpl.toml:4:18: the runner name is empty", "write an engine"),
            (
                "runners = [\"flink\"]\ndefault_runner = \"direct\"",
                "tmpl.toml:5:18: the runner `direct` is not among `runners`",
                "add it there",
            ),
            (
                "runners = [\"prod\"]\ndefault_runner = \"dev\"",
                "tmpl.toml:5:18: the runner `dev` is not among `runners`",
                "add it there",
            ),
            ("runner = \"direct\"", "tmpl.toml:4:1: there is no key `runner`", "did you mean `runners`?"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.to_string().starts_with(message), "{line}: {error}");
            assert!(error.hint().unwrap_or_default().starts_with(hint), "{line}: {:?}", error.hint());
        }
    }
}
