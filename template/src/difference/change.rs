//! One thing that is different between two versions of a template.

use std::fmt;

use serde::Serialize;

use crate::shorten::shorten;

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Subject {
    /// The template as a whole.
    Template,
    /// A parameter that one of the versions declares.
    Parameter {
        /// Its name.
        name: String,
    },
    /// A key of the metadata beside the parameters.
    Metadata {
        /// As Google spells it.
        key: String,
    },
    /// A field of the default environment.
    Environment {
        /// As Google spells it.
        field: String,
    },
    /// The launcher image.
    Image,
    /// How a private registry is reached.
    Registry {
        /// The key of the spec.
        key: String,
    },
    /// The language of the pipeline.
    Language,
    /// Where the program begins.
    EntryPoint,
    /// The runners that jobs may run on, or the one that is meant where a launch names none.
    Runners,
    /// The version of Apache Beam, or whether the program uses it.
    Beam,
    /// The lock that the layers were made from.
    Lock,
    /// The build for a platform.
    Platform {
        /// Like `linux/amd64`.
        name: String,
    },
    /// The interpreter that a platform's layers were made for.
    Interpreter {
        /// The platform.
        platform: String,
    },
    /// The oldest C library that a platform's layers work with.
    #[serde(rename = "c-library")]
    CLibrary {
        /// The platform.
        platform: String,
    },
    /// A layer.
    Layer {
        /// The platform it was built for.
        platform: String,
        /// What is in it.
        title: String,
    },
}

/// What happened to the subject. Whether that breaks launches is said by [`Change::breaking`]: most kinds do so in one
/// direction only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// It is another one.
    Changed,
    /// The template declares parameters and did not: what it does not declare is refused.
    Declared,
    /// The template no longer declares parameters: everything is accepted.
    Undeclared,
    /// A parameter must be given and could be left out.
    Required,
    /// A parameter can be left out and had to be given.
    Optional,
    /// A required parameter is asked for in more launches, or in fewer: its parents or their defaults changed.
    AskedFor,
    /// The type of a parameter (`paramType`).
    Type,
    /// The form of a value (`tmpl.type`).
    Format,
    /// A regex that a value must match.
    RegexAdded,
    /// A regex that a value had to match.
    RegexRemoved,
    /// Whether regexes must match from end to end (`tmpl.match`).
    Match,
    /// A value that can be chosen.
    OptionAdded,
    /// A value that can no longer be chosen.
    OptionRemoved,
    /// The least value (`tmpl.min`).
    Minimum,
    /// The greatest value (`tmpl.max`).
    Maximum,
    /// Whether the empty text is a value.
    Empty,
    /// Whether only a reference to a secret is accepted (`tmpl.secret`).
    Secret,
    /// How a value reaches the program (`tmpl.pass`).
    Pass,
    /// Whether an output that exists is written over without being asked (`tmpl.existing`).
    Existing,
    /// The parent, or its values that ask for the parameter.
    Parent,
    /// What forms are filled in with.
    Default,
    /// What people see: label, help, group, example, message, unit, names of options.
    Presentation,
    /// Keys that mean nothing to `tmpl`.
    Other,
    /// The order of parameters or layers.
    Order,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Whether a launch that worked with the old version may be refused with the new one.
    pub breaking: bool,
    /// The change in a sentence without a period.
    pub text: String,
    /// What it was, if it was something that can be shown; cut after 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is, if it is something that can be shown; cut after 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Change {
    const LONGEST_VALUE: usize = 200;

    /// A change that breaks nothing.
    pub(super) fn new(subject: Subject, kind: ChangeKind, text: String) -> Self {
        Self { subject, kind, breaking: false, text, old: None, new: None }
    }

    /// A change of something from one text to another: `what was A and is B`.
    pub(super) fn of(
        subject: Subject,
        kind: ChangeKind,
        what: &str,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Self {
        let tick = |text: &str| format!("`{}`", shorten(text, 80).escape_debug());
        let text = match (old, new) {
            (Some(old), Some(new)) => format!("{what} was {} and is {}", tick(old), tick(new)),
            (None, Some(new)) => format!("{what} is now {}", tick(new)),
            (Some(old), None) => format!("{what} was {} and is gone", tick(old)),
            (None, None) => format!("{what} changed"),
        };
        Self::new(subject, kind, text).with_values(old, new)
    }

    pub(super) fn with_values(mut self, old: Option<&str>, new: Option<&str>) -> Self {
        let cut = |text: &str| shorten(text, Self::LONGEST_VALUE);
        (self.old, self.new) = (old.map(cut), new.map(cut));
        self
    }

    pub(super) fn breaking_if(mut self, breaking: bool) -> Self {
        self.breaking = breaking;
        self
    }

    /// Adds to the sentence.
    pub(super) fn say(&mut self, more: &str) {
        self.text.push_str(more);
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
