//! The words of the list of what can be launched.

pub(crate) const TITLE: &str = "What would you like to run?";
pub(crate) const SEARCH_LABEL: &str = "Find something to run";
pub(crate) const SEARCH: &str = "Search";
pub(crate) const SEARCH_HELP: &str = "Type some letters of its name, of what it does, or of its owner.";
pub(crate) const DAMAGED: &str = "This template can't be read, so it can't be run. Tell its owner.";
pub(crate) const NO_TEMPLATE: &str = "Its template is gone, so it can't be run.";
pub(crate) const CARDS: &str = "Saved launches";
pub(crate) const TEMPLATES: &str = "Templates";
pub(crate) const FOUND: &str = "Found";
pub(crate) const CHANGES_DATA: &str = "Changes data";
pub(crate) const OWNER: &str = "Owner:";
pub(crate) const LAST_SUCCESS: &str = "Last success:";
pub(crate) const NO_SUCCESS: &str = "Has not succeeded yet";
pub(crate) const USUALLY: &str = "Usually takes";
pub(crate) const MORE: &str = "Show more";
pub(crate) const SHOW_ALL: &str = "Show all";
pub(crate) const NOTHING: &str = "There is nothing to run yet";
pub(crate) const NOTHING_HELP: &str =
    "Templates appear here as soon as somebody publishes one. For those who write pipelines:";
pub(crate) const NONE_FOUND_HELP: &str = "Try fewer letters, or another word.";

pub(crate) fn none_found(query: &str) -> String {
    format!("Nothing is called “{query}”")
}

/// What is said to those who can't see the list.
pub(crate) fn count(count: usize) -> String {
    match count {
        0 => "Nothing was found.".to_owned(),
        1 => "1 found.".to_owned(),
        count => format!("{count} found."),
    }
}
