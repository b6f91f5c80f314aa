//! The bucket: `templates/`, `staging/` and `tmp/` under one URL, and the only state there is.
//!
//! | module | holds |
//! |---|---|
//! | [`url`](BucketUrl) | which bucket: a plain path or a `file://` URL |
//! | `store` | the few atomic operations everything else is made of, over `object_store` |
//! | [`layout`] | where everything lies: pure functions from names to object paths |
//! | `blob` | content-addressed layers: present, put, open, verify |
//! | `templates` | publishing: versions, the numbered log, the projection |
//! | `job_record`, `jobs` | jobs: the accepted launch, attempts, events, the end |
//! | `lease` | who still holds a job, by the store's clock |
//! | `logs` | log segments named by byte offset |
//!
//! Invariants: everything is written once with *create* except projections, leases and `tmp/`; a reader never sees half an
//! object; nothing here knows what a pipeline is or how one is started.

mod blob;
mod bucket;
mod error;
mod job_record;
mod jobs;
pub mod layout;
mod lease;
mod logs;
mod store;
mod templates;
mod url;

pub use blob::BlobReader;
pub use bucket::Bucket;
pub use error::{BucketError, BucketErrorKind};
pub use job_record::{
    Attempt, Cause, Event, EventKind, ExitStatus, FinalRecord, JobRecord, JobTemplate, StopMode, StopRequest,
    Submitter,
};
pub use jobs::{JobSummary, JobView};
pub use lease::{LEASE, LEASE_RENEWAL, Liveness};
pub use logs::{LogLevel, LogLine, LogSource};
pub use templates::{BuildFacts, LogAction, LogEntry, Publication, StoredTemplate};
pub use url::BucketUrl;
