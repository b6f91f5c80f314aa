//! The linter: all that is wrong with a metadata file, a spec or a command spec, and all that is doubtful, each with its place.
//!
//! Errors are what the reader refuses, word for word: a file without errors is one that
//! [`Metadata::parse`](crate::Metadata::parse), [`TemplateSpec::parse`](crate::TemplateSpec::parse) or
//! [`CommandSpec::parse`](crate::CommandSpec::parse) reads. Warnings are what it reads and Google's service, gcloud or a form
//! take for something else than the author meant. Every rule has a [`Code`] and a page that explains it.
//!
//! ```
//! use tmpl_template::lint::{Code, Severity, fix, lint};
//!
//! let text = r#"{"name": "Word count", "description": "Counts.", "parameters": [
//!   {"name": "input", "label": "Input", "helpText": "Files to read.", "is_optional": true}]}"#;
//! let report = lint(text, None);
//! let finding = &report.findings[0];
//! assert_eq!((finding.code, finding.severity), (Code::SnakeCaseKey, Severity::Warning));
//! assert_eq!((finding.line, finding.column), (2, 69));
//! let (mended, report) = fix(text, None);
//! assert_eq!(mended, text.replace("is_optional", "isOptional"));
//! assert!(report.findings.is_empty());
//! ```

mod annotation;
mod code;
mod context;
mod dialects;
mod duplicates;
mod enums;
mod errors;
mod findings;
mod fixes;
mod keys;
mod names;
mod parents;
mod place;
mod placeholders;
mod regexes;
mod report;
mod secrets;
mod specs;
mod streaming;
mod texts;
mod values;

#[cfg(test)]
mod pages;

pub use code::Code;
pub use fixes::{apply_fixes, fix};
pub use report::{Edit, FileKind, Finding, Fix, Report, Severity};

use crate::reader::{Dialect, Reader};
use crate::spans::Spans;
use crate::{CommandSpec, FormatError, Metadata, TemplateSpec};

use context::{Context, File};
use findings::Findings;
use place::Place;

/// Looks a file over. What the file is for is guessed from its keys if it is not said.
pub fn lint(text: &str, kind: Option<FileKind>) -> Report {
    let mut findings = Findings::default();
    let value = match FormatError::read_json(text) {
        Ok(value) => value,
        Err(error) => {
            errors::syntax(&error, text, &mut findings);
            let kind = kind.unwrap_or(FileKind::Metadata);
            return Report { kind, findings: findings.finish(text) };
        }
    };
    let spans = Spans::new(text);
    let root = Place::root(&spans);
    let kind = kind.unwrap_or_else(|| guess(&root));
    let mut reader = Reader::new(match kind {
        FileKind::Metadata => Dialect::Author,
        FileKind::Spec | FileKind::CommandSpec => Dialect::Service,
    });
    let file = match kind {
        FileKind::Metadata => File::Metadata(Metadata::read(value, &mut reader)),
        FileKind::Spec => File::Spec(Box::new(TemplateSpec::read(value, &mut reader))),
        FileKind::CommandSpec => File::CommandSpec(CommandSpec::read(value, &mut reader)),
    };
    errors::format(reader.into_problems(), kind, &root, &mut findings);
    let context = Context::new(&file, root);
    for rule in RULES {
        rule(&context, &mut findings);
    }
    Report { kind, findings: findings.finish(text) }
}

/// Characters of somebody's text that a message shows.
const SHOWN: usize = 100;

/// One family of rules.
type Rule = fn(&Context<'_>, &mut Findings);

const RULES: [Rule; 13] = [
    keys::check,
    duplicates::check,
    names::check,
    regexes::check,
    values::check,
    enums::check,
    parents::check,
    texts::check,
    secrets::check,
    placeholders::check,
    specs::check,
    streaming::check,
    dialects::check,
];

/// What a file is by its outermost keys.
fn guess(root: &Place<'_>) -> FileKind {
    const OF_SPECS: [&str; 4] = ["image", "sdkInfo", "defaultEnvironment", "tmpl"];
    let has = |key| root.get(key).is_some();
    if OF_SPECS.into_iter().any(has) || root.get("metadata").is_some_and(|metadata| metadata.is_object()) {
        FileKind::Spec
    } else if (has("mainClass") || has("pyFile")) && !has("name") && !has("parameters") {
        // Google's own build tool writes the class into metadata, too.
        FileKind::CommandSpec
    } else {
        FileKind::Metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_guessed_by_its_keys() {
        for (text, kind) in [
            ("{}", FileKind::Metadata),
            ("[]", FileKind::Metadata),
            ("{\"name\": \"T\", \"parameters\": []}", FileKind::Metadata),
            ("{\"metadata\": \"x\"}", FileKind::Metadata),
            ("{\"metadata\": {}}", FileKind::Spec),
            ("{\"image\": null}", FileKind::Spec),
            ("{\"sdk_info\": {}}", FileKind::Spec),
            ("{\"name\": \"T\", \"default_environment\": {}}", FileKind::Spec),
            ("{\"tmpl\": {}}", FileKind::Spec),
            ("{\"mainClass\": \"A\"}", FileKind::CommandSpec),
            ("{\"pyFile\": \"m.py\"}", FileKind::CommandSpec),
            ("{\"mainClass\": \"A\", \"name\": \"T\"}", FileKind::Metadata),
            ("{", FileKind::Metadata),
        ] {
            assert_eq!(lint(text, None).kind, kind, "{text}");
            assert_eq!(lint(text, Some(FileKind::Spec)).kind, FileKind::Spec);
        }
    }
}
