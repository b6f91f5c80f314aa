//! The words of the list of jobs, and of the page that compares two.

pub(crate) const TITLE: &str = "Jobs";
pub(crate) const FILTERS: &str = "Show only some jobs";
pub(crate) const TEMPLATE: &str = "Template";
pub(crate) const ANY: &str = "Any";
pub(crate) const STATE: &str = "State";
pub(crate) const WHO: &str = "Started by";
pub(crate) const NAME: &str = "Name has";
pub(crate) const SINCE: &str = "From day";
pub(crate) const UNTIL: &str = "To day";
pub(crate) const APPLY: &str = "Show";
pub(crate) const CLEAR: &str = "Show all";
pub(crate) const JOB: &str = "Job";
pub(crate) const STARTED: &str = "Started";
pub(crate) const TOOK: &str = "Took";
pub(crate) const CHOOSE: &str = "Choose";
pub(crate) const COMPARE: &str = "Compare the two that are chosen";
pub(crate) const COMPARE_TWO: &str = "Choose two jobs to compare.";
pub(crate) const NEWER: &str = "Newest";
pub(crate) const OLDER: &str = "Older";
pub(crate) const PAGES: &str = "Parts of the list";
pub(crate) const NONE: &str = "No job has run yet";
pub(crate) const NONE_HELP: &str = "Whatever anybody runs, here or in a terminal, appears here and stays.";
pub(crate) const FIND: &str = "Find something to run";
pub(crate) const NONE_FOUND: &str = "No job is like that";
pub(crate) const ONGOING: &str = "Not ended yet";
pub(crate) const WRONG_DAY: &str = "A day is written like 2026-11-21. What you entered was left out:";

pub(crate) const COMPARE_TITLE: &str = "What differs";
pub(crate) const BEFORE: &str = "First";
pub(crate) const AFTER: &str = "Second";
pub(crate) const FACT: &str = "What";
pub(crate) const SAME: &str = "Nothing differs.";
pub(crate) const SHOW_SAME: &str = "Show what is the same too";
pub(crate) const HIDE_SAME: &str = "Show only what differs";
pub(crate) const SWAP: &str = "Exchange the two";
pub(crate) const PARAMETERS: &str = "What they were run with";
pub(crate) const LAUNCH: &str = "How they ran";
pub(crate) const COUNTED: &str = "What they counted";
pub(crate) const ROWS: &str = "Results";
pub(crate) const ONLY_FIRST: &str = "Only in the first";
pub(crate) const ONLY_SECOND: &str = "Only in the second";
pub(crate) const SAME_ROWS: &str = "Both reported the same.";
pub(crate) const CUT_ROWS: &str =
    "There were too many results to compare all of them: these are from the first ones.";
pub(crate) const NOT_GIVEN: &str = "(not given)";
pub(crate) const DIFFERS: &str = "differs";
pub(crate) const DURATION: &str = "Took";
pub(crate) const VERSION: &str = "Version";
pub(crate) const RUNNER: &str = "Where";
pub(crate) const REASON: &str = "How it ended";
pub(crate) const CHOOSE_JOBS: &str = "Choose two jobs from the list first.";

pub(crate) fn choose(name: &str) -> String {
    format!("Choose {name}")
}

pub(crate) fn more(count: usize) -> String {
    format!("… and {count} more")
}
