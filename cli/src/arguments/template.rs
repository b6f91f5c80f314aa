//! What `tmpl template` can be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tmpl_template::{TemplateName, TemplateReference};

use crate::template_source::TemplateSource;

/// List, show, compare, check, promote and withdraw templates.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplateCommand {
    /// The templates of the bucket
    List {
        /// Only those with these words in name, title or description
        search: Vec<String>,
    },
    /// What a template does and asks for
    Show {
        /// The template: NAME, NAME@DIGEST, or the path or URL of a spec
        template: TemplateSource,
    },
    /// What was published under a name: when, by whom, from which revision
    Versions {
        /// The template
        name: TemplateName,
    },
    /// What changed between two versions, and whether launches that worked still work
    Diff(DiffArguments),
    /// Make an earlier version current again
    Rollback {
        /// The template: NAME for the version before this one, or NAME@DIGEST
        template: TemplateReference,
        /// Why, for the log
        #[arg(long, short, value_name = "TEXT")]
        message: Option<String>,
    },
    /// Withdraw a template; its versions stay and can come back
    Delete {
        /// The template
        name: TemplateName,
        /// Why, for the log
        #[arg(long, short, value_name = "TEXT")]
        message: Option<String>,
    },
    /// Copy a version to another bucket, with everything it needs, and publish it there
    Copy(CopyArguments),
    /// Check metadata files, specs and command specs
    Lint(LintArguments),
    /// Print a JSON Schema, for editors
    Schema {
        /// Of which file
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// What changed between two versions.
///
/// Exit code 0; with --exit-code 1 where launches that worked would be refused.
#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The older: NAME, NAME@DIGEST, or the path or URL of a spec
    pub(crate) old: TemplateSource,
    /// The newer
    pub(crate) new: TemplateSource,
    /// End with 1 if launches that worked would be refused
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Copy a version to another bucket: the same digest, nothing rebuilt, only what is missing there.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The template: NAME, or NAME@DIGEST for one version of it
    pub(crate) template: TemplateReference,
    /// The bucket it lies in [default: the bucket that is meant]
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// The bucket it goes to; one that is not there is made
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Its name there [default: the same]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<TemplateName>,
}

/// Check metadata files, specs and command specs.
///
/// Exit code 0 without errors, 1 with some. Every finding has a code; --explain CODE says more of it.
#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// The files; - is standard input
    #[arg(required_unless_present = "explain", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Mend what can be mended with certainty
    #[arg(long)]
    pub(crate) fix: bool,
    /// Warnings are errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print findings as annotations of GitHub Actions
    #[arg(long)]
    pub(crate) github: bool,
    /// What the files are [default: what they look like]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<LintKind>,
    /// Print what a code means
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
}

/// What a file to be checked is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintKind {
    /// A metadata.json
    Metadata,
    /// A template's spec
    Spec,
    /// A command spec, of an image
    CommandSpec,
}

/// The files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// metadata.json
    Metadata,
    /// A template's spec
    Spec,
    /// tmpl.toml
    Project,
}
