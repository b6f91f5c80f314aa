//! The rules that a launch parameter can break, and Google's words for each.

use serde::Serialize;

use crate::ValueFormat;

/// What a parameter should have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Rule {
    /// It must be given.
    Required,
    /// The template must declare it.
    Recognized {
        /// The declared name most like it.
        nearest: Option<String>,
        /// The first declared names, in the order of the metadata.
        declared: Vec<String>,
    },
    /// Its name must be fit for an option: `[A-Za-z_][A-Za-z0-9_.-]*`.
    NameShape,
    /// The value cannot hold the character NUL: neither arguments nor environment can.
    NoNul,
    /// The value must match this regex.
    Regex {
        /// The expression.
        regex: String,
        /// Whether from end to end.
        whole: bool,
    },
    /// The value must be one of these.
    Enumeration {
        /// The values, in the order of the metadata.
        options: Vec<String>,
    },
    /// The value must be `true` or `false`.
    Boolean,
    /// The value must be a whole or decimal number.
    Number,
    /// The value must be what its type says: the name of a topic, a region, …
    Type {
        /// What it must be, with an article.
        expected: String,
        /// One such value.
        example: String,
        /// The regex of Google's templates for the type.
        regex: String,
    },
    /// The value must be a path of storage.
    StoragePath,
    /// The value must have this form.
    Format {
        /// The form.
        format: ValueFormat,
    },
    /// The value must not be less or more.
    Range {
        /// The least value.
        #[serde(skip_serializing_if = "Option::is_none")]
        min: Option<String>,
        /// The greatest value.
        #[serde(skip_serializing_if = "Option::is_none")]
        max: Option<String>,
        /// What it counts.
        #[serde(skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// An option of the pipeline must be given once: here, not under its other name or in the launch environment too.
    Once {
        /// Where else it is given.
        also: OtherPlace,
    },
    /// A parameter must be given as one, not among the pipeline options of the launch environment, where nothing checks it.
    NotAsOption,
    /// All arguments and variables together must fit into what Linux passes to a program.
    Together {
        /// What they take, in bytes.
        bytes: usize,
        /// What there is, in bytes.
        limit: usize,
    },
    /// Name and value must fit into one argument or environment variable of Linux.
    Length {
        /// What they take, in bytes.
        bytes: usize,
        /// What there is, in bytes.
        limit: usize,
    },
    /// The value must be a reference to a secret, not the secret.
    SecretReference,
    /// The card that is launched says the value, or that there is none.
    SetByCard,
}

/// Where else an option was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherPlace {
    /// In the launch environment, as this field.
    Environment(String),
    /// Among the parameters, under this name.
    Parameter(String),
}

impl Rule {
    /// Linux's `MAX_ARG_STRLEN`: bytes of one argument or environment variable with its final NUL.
    pub(crate) const LONGEST_ARGUMENT: usize = 131_072;

    /// Whether it is about what a value is, so that an author can say better what is wrong with it.
    pub(crate) fn is_of_value(&self) -> bool {
        matches!(
            self,
            Self::Regex { .. }
                | Self::Enumeration { .. }
                | Self::Boolean
                | Self::Number
                | Self::Type { .. }
                | Self::StoragePath
                | Self::Format { .. }
                | Self::Range { .. }
        )
    }

    /// Google's text for a violation of the rule; for rules of ours, a text in its manner.
    pub fn wire(&self) -> String {
        let mismatch = |regex: &str| format!("Parameter didn't match regex '{regex}'");
        match self {
            Self::Required => "Missing required parameter".to_owned(),
            Self::Recognized { .. } | Self::NameShape => "Unrecognized parameter".to_owned(),
            Self::Regex { regex, .. } | Self::Type { regex, .. } => mismatch(regex),
            // Google's own templates have these regexes for the types, so these are the texts that clients know.
            Self::Enumeration { options } => mismatch(&format!("^({})$", options.join("|"))),
            Self::Boolean => mismatch("^(true|false)$"),
            Self::Number => mismatch(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"),
            Self::StoragePath => mismatch(r"^gs:\/\/[^\n\r]+$"),
            Self::Format { format: ValueFormat::Integer } => mismatch("^-?[0-9]+$"),
            Self::Format { format } => format!("Parameter is not {format}"),
            Self::Range { min, max, .. } => match (min, max) {
                (Some(min), Some(max)) => format!("Parameter is not between {min} and {max}"),
                (Some(min), None) => format!("Parameter is less than {min}"),
                (None, max) => format!("Parameter is more than {}", max.as_deref().unwrap_or_default()),
            },
            Self::Once { also: OtherPlace::Parameter(name) } => format!("Parameter is also given as {name}"),
            Self::Once { also: OtherPlace::Environment(_) } => {
                "should not be specified in both parameters field and environment field. \
                 Specifying runtime parameters in environment field is recommended."
                    .to_owned()
            }
            Self::NotAsOption => "Parameter is given among the pipeline options".to_owned(),
            Self::Together { limit, .. } => format!("Parameters are longer than {limit} bytes together"),
            Self::NoNul => "Parameter has a NUL character".to_owned(),
            Self::Length { limit, .. } => format!("Parameter is longer than {limit} bytes"),
            Self::SecretReference => "Parameter must be a reference to a secret".to_owned(),
            Self::SetByCard => "Parameter is set by the card".to_owned(),
        }
    }
}
