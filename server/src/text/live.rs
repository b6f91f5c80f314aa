//! What is said of watching jobs, in words.

pub(crate) const WRONG_POSITION: &str =
    "Where the log is to be read from is written ATTEMPT:OFFSET: `?from=1:0` is its beginning.";
pub(crate) const TOO_MANY: &str = "Too many pages watch jobs";
pub(crate) const TOO_MANY_DETAIL: &str =
    "Close some that you don't need. The page itself shows the job without being live.";
