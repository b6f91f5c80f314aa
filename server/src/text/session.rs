//! The words of the page of somebody's sessions.

pub(crate) const TITLE: &str = "Where you are signed in";
pub(crate) const HELP: &str = "One that you don't know, or that you left open somewhere: sign it out. It may take five seconds until it is out everywhere. \
     What it has started goes on.";
pub(crate) const SINCE: &str = "Since";
pub(crate) const BROWSER: &str = "With";
pub(crate) const ADDRESS: &str = "From the address";
pub(crate) const ACTION: &str = "Sign out";
pub(crate) const THIS: &str = "The one you are using";
pub(crate) const END: &str = "Sign out";
pub(crate) const END_OTHERS: &str = "Sign out all others";
pub(crate) const NONE: &str = "Nobody signs in here: there are no sessions to be seen.";
pub(crate) const UNKNOWN_BROWSER: &str = "a program";

/// A browser and its system, in words.
pub(crate) fn browser_on(browser: &str, system: &str) -> String {
    format!("{browser} on {system}")
}
