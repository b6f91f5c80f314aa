//! The bucket: `templates/`, `staging/` and `tmp/` under one URL, and the only state there is.
//!
//! | module | holds |
//! |---|---|
//! | [`url`](BucketUrl) | which bucket: a plain path or a `file://` URL |
//! | `store` | the few atomic operations everything else is made of, over `object_store` |
//! | [`layout`] | where everything lies: pure functions from names to object paths |
//! | `blob` | content-addressed blobs: present, put, open, verify |
//! | `templates` | reading a template: the current spec, or any version |
//! | `publish_log`, `publishing` | the numbered log of what became current, and everything that writes it: publish, rollback, delete |
//! | `copy` | promotion from bucket to bucket |
//! | `template_list`, `list_cache` | every template at a glance, and what a machine remembers of that |
//! | `job_record`, `jobs` | jobs: the accepted launch, attempts, events, the end |
//! | `lease` | who still holds a job, by the store's clock |
//! | `logs` | log segments named by byte offset |
//!
//! Invariants: everything is written once with *create* except projections, leases and `tmp/`; a reader never sees half an
//! object; nothing here knows what a pipeline is or how one is started.

mod blob;
mod bucket;
mod copy;
mod error;
mod job_record;
mod jobs;
pub mod layout;
mod lease;
mod list_cache;
mod logs;
mod publish_log;
mod publishing;
#[cfg(test)]
mod slow_store;
mod store;
mod template_list;
mod templates;
mod url;

pub use blob::BlobReader;
pub use bucket::Bucket;
pub use copy::{CopiedBlobs, CopyReport};
pub use error::{BucketError, BucketErrorKind};
pub use job_record::{
    Attempt, Cause, Event, EventKind, ExitStatus, FinalRecord, JobRecord, JobTemplate, StopMode, StopRequest,
    Submitter,
};
pub use jobs::{JobList, JobSummary, JobView};
pub use lease::{LEASE, LEASE_RENEWAL, Liveness};
pub use logs::{LogLevel, LogLine, LogSource};
pub use publish_log::{BuildFacts, LogAction, LogEntry, PublishLog, PublishedEntry};
pub use publishing::{Deletion, Publication};
pub use template_list::{TemplateList, TemplateSummary};
pub use templates::StoredTemplate;
pub use url::BucketUrl;
