//! What `[[template]]` says of the reports of its jobs: whether they report rows, and who is told of them.

use tmpl_bucket::NoticeTarget;
use tmpl_template::{Extension, Results};

use crate::manifest::{Source, TemplateTable};
use crate::project_error::{Position, ProjectError};

/// The reports of a template's jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reports {
    results: Option<Results>,
    /// Webhooks, as the author spells them.
    notify: Vec<String>,
    /// Where the first of them is said.
    place: Option<Position>,
}

impl Reports {
    pub(crate) fn read(table: &TemplateTable, source: Source<'_>) -> Result<Self, ProjectError> {
        let results = match &table.results {
            None => None,
            Some(text) => Some(match text.get_ref().as_str() {
                "required" => Results::Required,
                "optional" => Results::Optional,
                other => {
                    let message = format!("results are not `{other}`");
                    return Err(source.error(text, message, "write `required` or `optional`"));
                }
            }),
        };
        let mut notify = Vec::new();
        for text in &table.notify {
            let refuse = |message: String, remedy| Err(source.error(text, message, remedy));
            match text.get_ref().parse::<NoticeTarget>() {
                Ok(target) if target.is_web() => notify.push(target.to_string()),
                // Who can write a template gains no right on the machines that launch it.
                Ok(_) => {
                    let message = format!("`{}` is a program, and a template can't name one", text.get_ref());
                    return refuse(
                        message,
                        "programs are named in the operator's own configuration; here may be https://…",
                    );
                }
                Err(_) => {
                    let message = format!("`{}` is no webhook", text.get_ref());
                    let remedy = "write its URL, `https://…`, and before it, if you like, what it is told of: \
                                  `failure,slow=https://…`; there is failure, success, retry and slow";
                    return refuse(message, remedy);
                }
            }
        }
        let places = table.results.iter().chain(&table.notify).map(|text| source.position(text));
        Ok(Self { results, notify, place: places.min() })
    }

    /// An image alone has no place for them: what `tmpl` says of a template is said of its program.
    pub(crate) fn refuse(&self, source: Source<'_>) -> Result<(), ProjectError> {
        let Some(place) = self.place else { return Ok(()) };
        let message = "a template of an image alone says nothing of results and notices".to_owned();
        Err(source.problem(place, message, "leave `results` and `notify` out, or give a program".to_owned()))
    }

    /// Says them in a spec.
    pub(crate) fn write(&self, extension: Extension) -> Extension {
        extension.with_reports(self.results, self.notify.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{FILE, Manifest};

    fn read(lines: &str) -> Result<Reports, ProjectError> {
        let text = format!("[[template]]\nname = \"a\"\nmain = \"a\"\n{lines}\n");
        let manifest = Manifest::parse(Source { file: FILE, text: &text })?;
        Ok(manifest.reports[0].clone())
    }

    #[test]
    fn what_is_said_is_in_the_spec() {
        let entry = || tmpl_template::Entry::Binary { binary: "b".to_owned() };
        let written = |lines: &str| {
            let extension = Extension::new(entry(), None, std::collections::BTreeMap::new());
            serde_json::to_value(read(lines).unwrap().write(extension)).unwrap()
        };
        let plain = written("");
        assert_eq!((plain.get("results"), plain.get("notify")), (None, None));
        assert_eq!(written("results = \"optional\"")["results"], "optional");
        let both = written("results = \"required\"\nnotify = [\"failure,slow=https://h/x\", \"http://h\"]");
        assert_eq!(both["results"], "required");
        assert_eq!(both["notify"], serde_json::json!(["failure,slow=https://h/x", "http://h"]));
        assert!(both["format"].as_u64() > plain["format"].as_u64(), "older programs must not take it");
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_place() {
        for (line, message, hint) in [
            (
                "results = \"always\"",
                "tmpl.toml:4:11: results are not `always`",
                "write `required` or `optional`",
            ),
            (
                "notify = [\"https://h\", \"exec:/bin/page\"]",
                "tmpl.toml:4:24: `exec:/bin/page` is a program, and a template can't name one",
                "programs are named in the operator's own configuration; here may be https://…",
            ),
            (
                "notify = [\"never=https://h\"]",
                "tmpl.toml:4:11: `never=https://h` is no webhook",
                "write its URL, ",
            ),
            ("notify = \"https://h\"", "tmpl.toml:4:10: invalid type: string", ""),
            (
                "result = \"required\"",
                "tmpl.toml:4:1: there is no key `result` in [[template]]",
                "did you mean `results`?",
            ),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.to_string().starts_with(message), "{line}: {error}");
            assert!(error.hint().unwrap_or_default().starts_with(hint), "{line}: {:?}", error.hint());
        }
    }
}
