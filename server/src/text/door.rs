//! What is said at the door, in words.

pub(crate) const NO_ENTRY: &str = "You can't do that here";
pub(crate) const NO_ROLE: &str = "Nobody has given you the right to use this page yet.";
pub(crate) const ASK_OPERATOR: &str =
    "Whoever looks after this page can give it to you: the table [serve.roles] of its configuration.";
pub(crate) const READ_ONLY: &str = "This page is for reading only: nothing can be launched or changed here.";
pub(crate) const NOT_YOURS: &str = "You may look at this, but not do what you asked for.";
