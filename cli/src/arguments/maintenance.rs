//! Looking after a bucket.

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use tmpl_bucket::NoticeTarget;

use super::jobs::duration;

/// Try a bucket: every right that is needed, one by one.
///
/// Also whether its store keeps several writers from harming each other. What is tried lies in tmp/ and is removed. Exit code 0 where all is well, 3 where something is missing.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Write the index of jobs anew from their own records
    #[arg(long)]
    pub(crate) rebuild_index: bool,
    /// Say that one writer at a time uses this bucket: then a store that does not enforce create-only writes will do
    #[arg(long)]
    pub(crate) single_writer: bool,
}

/// Remove from a bucket what nobody needs any more.
///
/// Layers that no version of a template names, temporary files of jobs that have ended, what builds and launches left behind that
/// were killed; and old jobs and logs, where flags or the bucket's settings say so. Safe while builds and jobs run.
#[derive(Debug, Args)]
pub(crate) struct GcArguments {
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Remove jobs that ended and are older than this (90d, 12h) [default: the bucket's settings]
    #[arg(long, value_name = "DURATION", value_parser = age)]
    pub(crate) jobs_older_than: Option<SignedDuration>,
    /// Remove logs of jobs that ended and are older than this [default: the bucket's settings]
    #[arg(long, value_name = "DURATION", value_parser = age)]
    pub(crate) logs_older_than: Option<SignedDuration>,
    /// Leave layers alone that were written later than so long ago
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = grace)]
    pub(crate) grace: SignedDuration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BucketCommand {
    /// Show what a bucket's people have agreed upon, or change it
    Settings(SettingsArguments),
}

/// Show what a bucket's people have agreed upon, or change it.
#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// Tell this webhook of every job; failure,slow=URL of these events alone (repeatable; replaces those that were there)
    #[arg(long, value_name = "[EVENTS=]URL")]
    pub(crate) notify: Vec<NoticeTarget>,
    /// Tell nobody any more
    #[arg(long, conflicts_with = "notify")]
    pub(crate) notify_nobody: bool,
    /// tmpl gc removes jobs that are older (90d); "for-ever" keeps them
    #[arg(long, value_name = "DURATION", value_parser = keep)]
    pub(crate) keep_jobs: Option<Keep>,
    /// tmpl gc removes logs of jobs that are older
    #[arg(long, value_name = "DURATION", value_parser = keep)]
    pub(crate) keep_logs: Option<Keep>,
}

/// How long something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    ForEver,
    For(SignedDuration),
}

impl Keep {
    pub(crate) fn limit(self) -> Option<SignedDuration> {
        match self {
            Self::ForEver => None,
            Self::For(limit) => Some(limit),
        }
    }
}

fn keep(text: &str) -> Result<Keep, String> {
    if text == "for-ever" { Ok(Keep::ForEver) } else { age(text).map(Keep::For) }
}

fn age(text: &str) -> Result<SignedDuration, String> {
    duration(text).ok_or_else(|| "write it as 12h or 90d".to_owned())
}

fn grace(text: &str) -> Result<SignedDuration, String> {
    if matches!(text, "0" | "0s") { Ok(SignedDuration::ZERO) } else { age(text) }
}
