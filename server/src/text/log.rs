//! The words of the page of a log.

use tmpl_bucket::LogLevel;

pub(crate) const TITLE: &str = "Log";
pub(crate) const SEARCH: &str = "Search in the log";
pub(crate) const IMPORTANCE: &str = "Show";
pub(crate) const ALL: &str = "Everything";
pub(crate) const WARNINGS: &str = "Warnings and errors";
pub(crate) const INFO: &str = "Info";
pub(crate) const ERRORS: &str = "Only errors";
pub(crate) const ATTEMPT: &str = "Attempt";
pub(crate) const APPLY: &str = "Apply";
pub(crate) const CLEAR: &str = "Show everything";
pub(crate) const DOWNLOAD: &str = "Download as text";
pub(crate) const BEGINNING: &str = "Beginning";
pub(crate) const EARLIER: &str = "Earlier";
pub(crate) const LATER: &str = "Later";
pub(crate) const END: &str = "End";
pub(crate) const GO: &str = "Go to line";
pub(crate) const SEARCH_ON: &str = "Search on";
pub(crate) const PAGES: &str = "Parts of the log";
pub(crate) const EMPTY: &str = "Nothing was written yet.";
pub(crate) const NONE_FOUND: &str = "No line is like that.";
pub(crate) const WRAP: &str = "Break long lines";
pub(crate) const AS_IS: &str = "Don't break long lines";
pub(crate) const FOLLOW: &str = "Follow";
pub(crate) const PAUSE: &str = "Pause";
pub(crate) const LINES: &str = "Lines of the log";
pub(crate) const ERROR: &str = "Error";
pub(crate) const WARNING: &str = "Warning";
pub(crate) const CUT: &str = "(cut; the download has all of it)";

/// What stands before an important line.
pub(crate) fn word(level: LogLevel) -> Option<&'static str> {
    match level {
        LogLevel::Error => Some(ERROR),
        LogLevel::Warning => Some(WARNING),
        LogLevel::Info | LogLevel::Debug => None,
    }
}

pub(crate) fn of(first: &str, last: &str, count: &str) -> String {
    format!("Lines {first} to {last} of {count}")
}

pub(crate) fn found(count: usize, more: bool) -> String {
    match (count, more) {
        (count, true) => format!("The first {count} lines like that"),
        (1, false) => "1 line like that".to_owned(),
        (count, false) => format!("{count} lines like that"),
    }
}
