//! What a spec says to `tmpl` alone: the key `tmpl`, which Google's service ignores.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format_error::Problem;
use crate::{Digest, Entry, PlatformBuild};

/// Entry point, lock and builds of a template.
///
/// Keys of ours that this version does not know are refused, not skipped: to run half of what a newer `tmpl` wrote
/// would be worse. A new key is therefore a new [`format`](Self::format).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The number of this format; [`Extension::FORMAT`] is the newest that is read.
    pub format: u32,
    /// Where the program begins.
    pub entry: Entry,
    /// Digest of the lock that the layers were made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Digest>,
    /// The build for each platform, like `linux/amd64`.
    pub platforms: BTreeMap<String, PlatformBuild>,
    /// Whether a job reports what it did in rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// Who is told of what happens to jobs of this template: URLs of webhooks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
}

/// Whether a job reports rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Results {
    /// It must: one that reports none has failed.
    Required,
    /// It may.
    Optional,
}

impl Extension {
    /// The format that is written.
    ///
    /// | format | since then |
    /// |---|---|
    /// | 1 | Python programs; what is in a layer lies at its top |
    /// | 2 | every kind of program; what is in a layer lies below [`LAYER_ROOT`](Self::LAYER_ROOT), so that an image can have the same layers |
    /// | 3 | result rows, and who is told of jobs; written only where the template says something of them |
    pub const FORMAT: u32 = 3;
    /// What is written of a template that says nothing newer.
    const PLAIN_FORMAT: u32 = 2;

    /// The folder that holds everything in a layer, and so the program's folder in an image: `/template`, as gcloud's images
    /// have it.
    pub const LAYER_ROOT: &'static str = "template";

    /// An extension in the current format.
    pub fn new(entry: Entry, lock: Option<Digest>, platforms: BTreeMap<String, PlatformBuild>) -> Self {
        let (results, notify) = (None, Vec::new());
        Self { format: Self::PLAIN_FORMAT, entry, lock, platforms, results, notify }
    }

    /// The same, of a template that says whether its jobs report rows, and who is told of them.
    #[must_use]
    pub fn with_reports(mut self, results: Option<Results>, notify: Vec<String>) -> Self {
        if results.is_some() || !notify.is_empty() {
            self.format = Self::FORMAT;
        }
        (self.results, self.notify) = (results, notify);
        self
    }

    /// The folder of a layer that holds what is joined; nothing for the layer itself.
    pub fn layer_root(&self) -> &'static str {
        if self.format == 1 { "" } else { Self::LAYER_ROOT }
    }

    pub(crate) fn read(value: Value) -> Result<Self, Problem> {
        const UPDATE: &str = "update `tmpl`";
        // First of all: what a newer format has instead of our keys must not be reported as a mistake.
        let Some(format) = value.get("format").and_then(Value::as_u64) else {
            return Err(Problem::new("the number `format` is missing").hinted("build the template again"));
        };
        if format > u64::from(Self::FORMAT) {
            let message = format!("the template is in format {format}, newer than {}", Self::FORMAT);
            return Err(Problem::new(message).hinted(UPDATE).under_key("format"));
        }
        if format == 0 {
            let message = "no template has the format 0";
            return Err(Problem::new(message).hinted("build the template again").under_key("format"));
        }
        serde_json::from_value(value).map_err(|error| {
            Problem::new(error.to_string()).hinted(format!("{UPDATE}, or build the template again"))
        })
    }
}
