//! The words of the page of runners.

pub(crate) const TITLE: &str = "Where jobs can run";
pub(crate) const HELP: &str = "Each form offers those of these places that its template can run at.";
pub(crate) const NAME: &str = "Name";
pub(crate) const ENGINE: &str = "Kind";
pub(crate) const SAVED: &str = "Kept";
pub(crate) const HERE: &str = "By this server";
pub(crate) const BUCKET: &str = "In the bucket";
pub(crate) const OPERATOR: &str = "By whoever looks after this page";
pub(crate) const LEFT_OUT: &str = "Some are left out, because they can't be read.";
