//! What is said of the server's own state, in words.

pub(crate) const ADDRESS_TOO_LONG: &str = "This address is too long";
pub(crate) const ADDRESS_TOO_LONG_DETAIL: &str =
    "Addresses have at most 8,192 characters. Open the form without its values, and enter them there.";
pub(crate) const TOO_SLOW: &str = "This took too long";
pub(crate) const TOO_SLOW_DETAIL: &str = "It was given up. If you were launching a job, look for it among the jobs first; sending the form again does not launch a second one.";
pub(crate) const NOT_READY: &str = "Not ready";
pub(crate) const STOPPING: &str = "The server is about to end.";
pub(crate) const NO_METRICS: &str = "Figures are for whoever looks after this page";
pub(crate) const NO_METRICS_DETAIL: &str = "They are shown to admins, to this machine where the page is for one person, and to whoever has the token.";
