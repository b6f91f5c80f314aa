//! The rules of the linter, each with a name that stays and a page of its own.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::lint::Severity;

macro_rules! codes {
    ($($(#[doc = $help:literal])+ $code:ident = $name:literal $severity:ident,)+) => {
        /// Which rule a finding comes from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $help])+ $code,)+
        }

        impl Code {
            /// Every rule, errors first.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The name in kebab case, like `unanchored-regex`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// Whether a finding of the rule is an error or a warning.
            pub fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// The rule's page, in Markdown: what it is, why it matters, and how a file looks that is mended.
            pub fn documentation(self) -> &'static str {
                match self {
                    $(Self::$code => include_str!(concat!("../../../docs/lint/", $name, ".md")),)+
                }
            }
        }
    };
}

codes! {
    /// The text is not JSON.
    Syntax = "syntax" Error,
    /// A key is missing or holds something of another kind.
    Format = "format" Error,
    /// A regular expression cannot be used.
    InvalidRegex = "invalid-regex" Error,
    /// A key of `tmpl` in `customMetadata` means nothing.
    TmplKey = "tmpl-key" Error,
    /// A key of Google's in the other spelling, which gcloud does not check.
    SnakeCaseKey = "snake-case-key" Warning,
    /// A key that nobody knows, and that looks like one that is missing.
    MisspeltKey = "misspelt-key" Warning,
    /// A key of metadata that stands beside `metadata`.
    MisplacedKey = "misplaced-key" Warning,
    /// A key written twice; the earlier one is ignored.
    DuplicateKey = "duplicate-key" Warning,
    /// Two parameters of one name.
    DuplicateName = "duplicate-name" Warning,
    /// A parameter whose name no option can have.
    ParameterName = "parameter-name" Warning,
    /// A parameter that every pipeline has already.
    BuiltinOption = "builtin-option" Warning,
    /// A regex that accepts a value of which it matches a part.
    UnanchoredRegex = "unanchored-regex" Warning,
    /// A regex that refuses nothing.
    RegexMatchesAll = "regex-matches-all" Warning,
    /// A regex that other readers read otherwise.
    RegexDialect = "regex-dialect" Warning,
    /// A range of characters that has more in it than it seems.
    RegexRange = "regex-range" Warning,
    /// A type that Google does not know.
    UnknownType = "unknown-type" Warning,
    /// A default that the parameter's own rules refuse.
    DefaultFails = "default-fails" Warning,
    /// An example that the parameter's own rules refuse.
    ExampleFails = "example-fails" Warning,
    /// A value to choose that the parameter's own regexes refuse.
    EnumOptionFails = "enum-option-fails" Warning,
    /// An ENUM without values to choose.
    EnumWithoutOptions = "enum-without-options" Warning,
    /// Values to choose for a parameter that is no ENUM.
    EnumOptionsUnused = "enum-options-unused" Warning,
    /// One value to choose twice.
    EnumOptionTwice = "enum-option-twice" Warning,
    /// A parent that is not declared.
    UnknownParent = "unknown-parent" Warning,
    /// A value of the parent that it can never have.
    ParentNeverTriggers = "parent-never-triggers" Warning,
    /// Parameters that are each other's parents.
    ParentCycle = "parent-cycle" Warning,
    /// Values of a parent, and no parent.
    TriggersWithoutParent = "triggers-without-parent" Warning,
    /// A group that is not shown because there is a parent.
    GroupBesideParent = "group-beside-parent" Warning,
    /// A child that is required even when its parent does not ask for it.
    RequiredChild = "required-child" Warning,
    /// Label and help text in each other's place.
    SwappedTexts = "swapped-texts" Warning,
    /// A text for people that says nothing.
    EmptyText = "empty-text" Warning,
    /// A template that does not say what it does.
    DescriptionMissing = "description-missing" Warning,
    /// A secret that would be seen by everybody.
    SecretInClear = "secret-in-clear" Warning,
    /// A text that was to be replaced by something real.
    Placeholder = "placeholder" Warning,
    /// A spec without the language of its pipeline.
    NoLanguage = "no-language" Warning,
    /// A spec with nothing to start.
    NothingToRun = "no-image-no-layers" Warning,
    /// Modes of streaming that contradict each other.
    StreamingModes = "streaming-modes" Warning,
}

impl Code {
    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    pub(super) fn is_warning(self) -> bool {
        self.severity() == Severity::Warning
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
