//! What goes wrong, in words.

use tmpl_template::{JobId, TemplateName};

pub(crate) const NOTHING_HERE: &str = "There is nothing here";
pub(crate) const NOTHING_HERE_DETAIL: &str =
    "This address leads nowhere. It may have been mistyped, or what it led to was removed.";
pub(crate) const REFERENCE: &str = "In the log this is request";
pub(crate) const START_PAGE: &str = "Go to the start page";
pub(crate) const WRONG_METHOD: &str = "This can't be done here";
pub(crate) const WRONG_METHOD_DETAIL: &str = "The address is right, but not for this kind of request.";
pub(crate) const BUCKET_AWAY: &str = "The bucket does not answer";
pub(crate) const BUCKET_AWAY_DETAIL: &str =
    "What you asked for can't be read or written just now. Nothing was lost.";
pub(crate) const TRY_AGAIN: &str =
    "Try again in a moment. If it stays so, tell whoever looks after this page.";
pub(crate) const BUCKET_REFUSES: &str = "The bucket can't be used as it is";
pub(crate) const BUCKET_REFUSES_DETAIL: &str =
    "Something in the bucket is damaged, or it does not let this server do what you asked for.";
pub(crate) const TELL_OPERATOR: &str =
    "Repeating won't help. Tell whoever looks after this page; the reason is in its log.";
pub(crate) const UNREADABLE_DETAIL: &str = "Something in the address or in what was sent can't be read. The link may have been cut off, or typed wrongly.";
pub(crate) const OUR_MISTAKE: &str = "Something went wrong here";
pub(crate) const OUR_MISTAKE_DETAIL: &str = "This is a mistake of the program, not of yours. If you were launching a job, look for it among the jobs before you try again.";
pub(crate) const NOT_ENDED: &str = "The job has not ended";
pub(crate) const ENDED: &str = "The job has already ended";
pub(crate) const NOT_STARTED: &str = "Nothing was started";
pub(crate) const IN_USE: &str = "Another job stands in the way";
pub(crate) const WRONG_REQUEST: &str = "This can't be done as it was asked for";

pub(crate) fn no_template(name: &TemplateName) -> String {
    format!("There is no template “{name}”, or it is not for you.")
}

pub(crate) fn no_job(id: &JobId) -> String {
    format!("There is no job {id}, or it is not for you.")
}
