//! `tmpl.toml` as it is written: keys, types and the place of everything, not yet whether it makes sense.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::SpecOptions;
use crate::manifest_keys::{IMAGE, Key, PYTHON, TEMPLATE};
use crate::project_error::{Position, ProjectError};
use crate::reports::Reports;
use crate::runners::Runners;

/// The file's name.
pub(crate) const FILE: &str = "tmpl.toml";

const TABLES: &[&str] = &["python", "image", "template"];

#[derive(Deserialize)]
pub(crate) struct Manifest {
    pub(crate) python: Option<PythonTable>,
    #[serde(default)]
    pub(crate) image: ImageTable,
    #[serde(default, rename = "template")]
    pub(crate) templates: Vec<TemplateTable>,
    /// The options of each template.
    #[serde(skip)]
    pub(crate) options: Vec<SpecOptions>,
    /// What each template says of the reports of its jobs.
    #[serde(skip)]
    pub(crate) reports: Vec<Reports>,
    /// What each template says of runners.
    #[serde(skip)]
    pub(crate) runners: Vec<Runners>,
}

#[derive(Deserialize)]
pub(crate) struct PythonTable {
    pub(crate) version: Spanned<String>,
    #[serde(default)]
    pub(crate) requirements: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) packages: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) files: Vec<Spanned<String>>,
    pub(crate) platform: Option<Spanned<String>>,
    pub(crate) libc: Option<Spanned<String>>,
}

/// What images are made of, and which.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ImageTable {
    pub(crate) base: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) platforms: Vec<Spanned<String>>,
    pub(crate) user: Option<Spanned<String>>,
    pub(crate) compression: Option<Spanned<String>>,
    pub(crate) python: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(crate) struct TemplateTable {
    pub(crate) name: Spanned<String>,
    pub(crate) main: Option<Spanned<String>>,
    pub(crate) binary: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) jars: Vec<Spanned<String>>,
    pub(crate) main_class: Option<Spanned<String>>,
    pub(crate) beam: Option<bool>,
    pub(crate) metadata_file: Option<Spanned<String>>,
    pub(crate) yaml_pipeline_path: Option<Spanned<String>>,
    pub(crate) results: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) notify: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) runners: Vec<Spanned<String>>,
    pub(crate) default_runner: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) default_environment: toml::Table,
}

/// The same tables a second time: what they say of the spec. One reading cannot both flatten and know the places.
#[derive(Deserialize)]
struct OptionTables {
    #[serde(default, rename = "template")]
    templates: Vec<SpecOptions>,
}

/// A manifest's text, which errors point into.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    pub(crate) fn position<T>(&self, value: &Spanned<T>) -> Position {
        Position::of(self.text, value.span().start)
    }

    /// An error at a place.
    pub(crate) fn problem(&self, position: Position, message: String, remedy: String) -> ProjectError {
        ProjectError::Manifest { file: self.file.to_owned(), position, message, remedy: Some(remedy) }
    }

    /// An error at a value.
    pub(crate) fn error<T>(
        &self,
        value: &Spanned<T>,
        message: impl Into<String>,
        remedy: &str,
    ) -> ProjectError {
        ProjectError::Manifest {
            file: self.file.to_owned(),
            position: self.position(value),
            message: message.into(),
            remedy: Some(remedy.to_owned()),
        }
    }

    fn toml_error(&self, error: &toml::de::Error) -> ProjectError {
        let remedy = match error.message() {
            message if message.contains("missing field `version`") => {
                Some("write `version = \"3.11\"` under [python]")
            }
            message if message.contains("missing field `name`") => {
                Some("write `name = \"…\"` under [[template]]")
            }
            _ => None,
        };
        ProjectError::Manifest {
            file: self.file.to_owned(),
            position: Position::of(self.text, error.span().map_or(0, |span| span.start)),
            message: error.message().replace("missing field", "the key is missing:"),
            remedy: remedy.map(str::to_owned),
        }
    }
}

impl Manifest {
    pub(crate) fn parse(source: Source<'_>) -> Result<Self, ProjectError> {
        let tree = DeTable::parse(source.text).map_err(|error| source.toml_error(&error))?;
        check_keys(source, &tree)?;
        let mut manifest: Self = toml::from_str(source.text).map_err(|error| source.toml_error(&error))?;
        let options: OptionTables = toml::from_str(source.text).map_err(|error| source.toml_error(&error))?;
        for (index, options) in options.templates.iter().enumerate() {
            options.check().map_err(|problem| {
                let position = place(source, &tree, index, problem.key);
                source.problem(position, problem.message, problem.remedy)
            })?;
        }
        manifest.options = options.templates;
        let reports = manifest.templates.iter().map(|table| Reports::read(table, source));
        manifest.reports = reports.collect::<Result<_, _>>()?;
        let runners = manifest.templates.iter().map(|table| Runners::read(table, source));
        manifest.runners = runners.collect::<Result<_, _>>()?;
        Ok(manifest)
    }
}

/// Whether a text is a `tmpl.toml`, as far as the text alone tells: keys, types and options, not the files that it names.
pub fn check_manifest(text: &str) -> Result<(), ProjectError> {
    Manifest::parse(Source { file: FILE, text }).map(|_| ())
}

/// Where a key of the n-th template has its value.
fn place(source: Source<'_>, tree: &Spanned<DeTable<'_>>, index: usize, key: &str) -> Position {
    let templates = tree.get_ref().get("template").and_then(|templates| templates.get_ref().as_array());
    let table = templates.and_then(|templates| templates.get(index)?.get_ref().as_table());
    let value = table.and_then(|table| table.get(key));
    Position::of(source.text, value.map_or(0, |value| value.span().start))
}

/// Keys that mean nothing are errors before types are looked at: a misspelt `requirements` must not read as none.
fn check_keys(source: Source<'_>, tree: &Spanned<DeTable<'_>>) -> Result<(), ProjectError> {
    check_table(source, tree.get_ref(), "tmpl.toml", TABLES)?;
    for (key, value) in tree.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("python", DeValue::Table(table)) => check_table(source, table, "[python]", &names(PYTHON))?,
            ("image", DeValue::Table(table)) => check_table(source, table, "[image]", &names(IMAGE))?,
            ("template", DeValue::Array(templates)) => {
                for template in templates {
                    if let DeValue::Table(table) = template.get_ref() {
                        check_table(source, table, "[[template]]", &names(TEMPLATE))?;
                    }
                }
            }
            ("template", DeValue::Table(_)) => {
                let remedy = "a project can hold many templates: write [[template]], with two brackets";
                return Err(source.error(value, "[template] is not a list", remedy));
            }
            _ => {}
        }
    }
    Ok(())
}

fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

fn check_table(
    source: Source<'_>,
    table: &DeTable<'_>,
    name: &'static str,
    known: &[&'static str],
) -> Result<(), ProjectError> {
    let mut unknown: Vec<_> = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
    unknown.sort_by_key(|key| key.span().start);
    let Some(key) = unknown.first() else { return Ok(()) };
    let near = tmpl_template::nearest(key.get_ref(), known.iter().copied());
    // The name of this key before it was gcloud's.
    let near = if key.get_ref() == "metadata" { Some("metadata_file") } else { near };
    let near = near.and_then(|near| known.iter().copied().find(|known| *known == near));
    Err(ProjectError::UnknownKey {
        file: source.file.to_owned(),
        position: source.position(key),
        key: key.get_ref().to_string(),
        table: name,
        known: near.map_or_else(|| known.to_vec(), |near| vec![near]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, ProjectError> {
        Manifest::parse(Source { file: FILE, text })
    }

    #[test]
    fn errors_name_the_place_and_the_remedy() {
        let template = "[[template]]\nname = \"a\"\nmain = \"a\"\n";
        for (text, message, hint) in [
            (
                "[python]\nversion = \"3.11\"\nrequirments = []\n".to_owned(),
                "tmpl.toml:3:1: there is no key `requirments` in [python]",
                "did you mean `requirements`?",
            ),
            (
                "[python]\nversion = \"3.11\"\n[wheels]\n".to_owned(),
                "tmpl.toml:3:2: there is no key `wheels` in tmpl.toml",
                "the keys there are `python`, `image`, `template`",
            ),
            (
                format!("[python]\nversion = \"3.11\"\n{template}mian = 3"),
                "tmpl.toml:6:1: there is no key `mian` in [[template]]",
                "did you mean `main`?",
            ),
            (
                "[python]\nversion = 3.11\n".to_owned(),
                "tmpl.toml:2:11: invalid type: floating point `3.11`, expected a string",
                "",
            ),
            (
                "[python]\nversion = \"3.11\"\npackages = \".\"\n".to_owned(),
                "tmpl.toml:3:12: invalid type: string \".\", expected a sequence",
                "",
            ),
            ("[python]\nversion = \n".to_owned(), "tmpl.toml:2:11: ", ""),
            (
                "[python]\n".to_owned(),
                "tmpl.toml:1:1: the key is missing: `version`",
                "write `version = \"3.11\"` under [python]",
            ),
            (
                "[python]\nversion = \"3.11\"\n[template]\nname = \"a\"\n".to_owned(),
                "tmpl.toml:3:1: [template] is not a list",
                "a project can hold many templates: write [[template]], with two brackets",
            ),
            (
                format!("{template}metadata = \"m.json\"\n"),
                "tmpl.toml:4:1: there is no key `metadata` in [[template]]",
                "did you mean `metadata_file`?",
            ),
            (
                format!("{template}max_workers = 3\nsdk_language = \"python\"\n"),
                "tmpl.toml:5:16: \"python\" is no language of a template",
                "write `PYTHON`, `JAVA`, `GO`, `YAML` or `BINARY`",
            ),
        ] {
            let error = parse(&text).err().unwrap();
            assert!(error.to_string().starts_with(message), "{text}: {error}");
            assert_eq!(error.hint().unwrap_or_default(), hint, "{text}");
        }
    }

    #[test]
    fn a_whole_manifest_is_read() {
        let manifest = parse(
            "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\n\n[[template]]\nname = \"a\"\nmain = \"m\"\n\
             default_environment = { maxWorkers = 3 }\nmax_workers = 4\nadditional_user_labels = { a = \"b\" }\n",
        )
        .unwrap();
        assert_eq!(manifest.python.unwrap().version.get_ref(), "3.11");
        assert_eq!(manifest.templates.len(), 1);
        assert_eq!(manifest.templates[0].default_environment["maxWorkers"].as_integer(), Some(3));
        assert_eq!(manifest.options[0].max_workers, Some(4));
        assert_eq!(manifest.options[0].additional_user_labels["a"], "b");
    }
}
