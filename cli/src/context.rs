//! What every command is given: settings, the bucket that is named, the printer.

use crate::printer::Printer;
use crate::report::Failure;
use crate::settings::Settings;

/// What every command is given.
pub(crate) struct Context<'a> {
    pub(crate) settings: Settings,
    /// The bucket that the command line names.
    pub(crate) bucket: Option<String>,
    pub(crate) printer: &'a Printer,
}

impl Context<'_> {
    /// Whether a bucket is meant at all.
    pub(crate) fn names_a_bucket(&self) -> bool {
        self.settings.bucket_url(self.bucket.as_deref()).is_ok()
    }

    /// The bucket that is meant, which must exist.
    pub(crate) fn open_bucket(&self) -> Result<tmpl_bucket::Bucket, Failure> {
        self.settings.bucket(self.bucket.as_deref())
    }
}
