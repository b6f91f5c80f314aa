//! The words around every page.

pub(crate) const NAME: &str = "tmpl";
pub(crate) const SKIP: &str = "Skip to the content";
pub(crate) const MAIN_MENU: &str = "Main menu";
pub(crate) const RUN: &str = "Run";
pub(crate) const JOBS: &str = "Jobs";
pub(crate) const SIGNED_IN: &str = "You are";
pub(crate) const SIGN_OUT: &str = "Sign out";
pub(crate) const READ_ONLY: &str = "For reading only";
pub(crate) const TIMES: &str = "Times are in UTC unless they say otherwise.";
pub(crate) const OWN_TIMES: &str = "Times are those of your own clock. Point at one to see it in UTC.";
pub(crate) const ERROR: &str = "Error: ";
pub(crate) const ERRORS: &str = "There is something to mend";
pub(crate) const COPY: &str = "Copy";
pub(crate) const COPIED: &str = "Copied";
