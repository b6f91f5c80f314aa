//! What can be asked of cards.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tmpl_template::{CardName, DigestPrefix, JobId, TemplateName};

use super::job_id;
use super::runner::option;

#[derive(Debug, Subcommand)]
pub(crate) enum CardsCommand {
    /// The cards of the bucket
    List {
        /// Only those with these words in their name, title, template or owner
        #[arg(value_name = "WORD")]
        search: Vec<String>,
    },
    /// What a card launches, and what it leaves to whoever runs it
    Show {
        /// The card
        name: CardName,
        /// Who saved and deleted it
        #[arg(long)]
        history: bool,
    },
    Save(Box<SaveCardArguments>),
    /// Delete a card from the bucket; its history stays
    Delete {
        /// The card
        name: CardName,
    },
}

/// Save a card in the bucket: a launch prepared for others, who fill in what it leaves open.
///
/// With a file, the card is what the file says; with a job, it launches what the job was; without either, it is what it was. Flags stand above all
/// three. An empty text (--owner "") takes away what was there. Secrets are saved as references only.
#[derive(Debug, Args)]
pub(crate) struct SaveCardArguments {
    /// The card
    pub(crate) name: CardName,
    /// A JSON or YAML file with the whole card; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "from_job")]
    pub(crate) file: Option<PathBuf>,
    /// Take template, parameters and runner of this job; the parameters can be changed unless they are locked or hidden
    #[arg(long, value_name = "ID", value_parser = job_id)]
    pub(crate) from_job: Option<JobId>,
    /// What people get, in a few words
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// The template
    #[arg(long, value_name = "NAME")]
    pub(crate) template: Option<TemplateName>,
    /// Always launch this version of it; "newest" launches the current one [default: newest]
    #[arg(long, value_name = "DIGEST", value_parser = version)]
    pub(crate) version: Option<CardVersion>,
    /// A value that is filled in; whoever runs the card can change it unless it is locked or hidden (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = option, allow_hyphen_values = true)]
    pub(crate) value: Vec<(String, String)>,
    /// Show a value, and let nobody change it; without a value, the parameter can't be given (repeatable)
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = perhaps_value)]
    pub(crate) lock: Vec<(String, Option<String>)>,
    /// The same, and don't show it (repeatable)
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = perhaps_value)]
    pub(crate) hide: Vec<(String, Option<String>)>,
    /// Let a value be changed again (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) unlock: Vec<String>,
    /// Say nothing of a parameter any more (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Vec<String>,
    /// Where it runs; "" leaves that to whoever runs it
    #[arg(long, value_name = "NAME")]
    pub(crate) runner: Option<String>,
    /// Whom to ask about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) owner: Option<String>,
    /// Who may run it on the page: a person, or group:NAME (repeatable; all that were named before are forgotten)
    #[arg(long, value_name = "WHO")]
    pub(crate) may_run: Vec<String>,
    /// What people should know before they run it
    #[arg(long, value_name = "TEXT")]
    pub(crate) notes: Option<String>,
}

/// Which version of its template a card launches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CardVersion {
    /// The current one.
    Newest,
    /// Always this one.
    Pinned(DigestPrefix),
}

fn version(text: &str) -> Result<CardVersion, String> {
    if text == "newest" {
        return Ok(CardVersion::Newest);
    }
    let digest = text.parse().map_err(|error| format!("{error}; or write newest"))?;
    Ok(CardVersion::Pinned(digest))
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn perhaps_value(text: &str) -> Result<(String, Option<String>), String> {
    Ok(match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    })
}
