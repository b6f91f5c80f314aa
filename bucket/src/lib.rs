//! The bucket: `templates/`, `staging/` and `tmp/` under one URL, and the only state there is.
//!
//! | module | holds |
//! |---|---|
//! | [`url`](BucketUrl) | which bucket: a path, or the address of a place in a store |
//! | `remote` | clients of S3, Google's and Azure's stores, and where their credentials are |
//! | `store`, `store_error` | the few atomic operations everything else is made of, over `object_store` |
//! | `ordered_names` | names of files in order |
//! | [`layout`] | where everything lies: pure functions from names to object paths |
//! | `blob` | content-addressed blobs: present, put, open, verify |
//! | `templates` | reading a template: the current spec, or any version |
//! | `publish_log`, `publishing` | the numbered log of what became current, and everything that writes it: publish, rollback, delete |
//! | `copy` | promotion from bucket to bucket |
//! | `template_list`, `list_cache` | every template at a glance, and what a machine remembers of that |
//! | `job_record`, `jobs` | jobs: the accepted launch, attempts, events, the end |
//! | `stop_requests` | requests to cancel a job or to drain it, and what came of the latter |
//! | `job_graph` | a job's graph, the options that came with it, what it has counted |
//! | `settings`, `runner_profiles`, `cards` | what a bucket's people have agreed upon, and prepared for each other: numbered |
//! | `audit` | who did what |
//! | `browsing` | people's own folders and files, to be looked at |
//! | `sessions` | who is signed in at servers, and which sessions were signed out of |
//! | `lease` | who still holds a job, by the store's clock |
//! | `logs` | log segments named by byte offset |
//! | `worker_ends` | workers of a job that ended although nobody told them to |
//!
//! Invariants: everything is written once with *create* except projections, leases and `tmp/`; a reader never sees half an
//! object; nothing here knows what a pipeline is or how one is started.

mod audit;
mod blob;
mod browsing;
mod bucket;
mod cards;
mod collection;
mod copy;
mod cut_off;
mod engine_jobs;
mod engine_standing;
mod error;
mod job_deletion;
mod job_graph;
mod job_index;
mod job_list;
mod job_names;
mod job_record;
mod jobs;
mod launch_keys;
pub mod layout;
mod lease;
mod list_cache;
mod listed;
mod logs;
mod notices;
mod numbered_entry;
mod object_reader;
mod ordered_names;
mod publish_log;
mod publishing;
mod random;
mod raw;
mod reliance;
mod remedy;
#[cfg(feature = "remote-client")]
mod remote;
mod repetition;
mod results;
mod runner_profiles;
mod sessions;
mod settings;
#[cfg(test)]
mod slow_store;
mod stop_requests;
mod store;
mod store_error;
mod store_probe;
mod template_list;
mod templates;
mod upload_budget;
mod url;
mod worker_ends;

pub use audit::{AuditEntry, AuditList};
pub use blob::BlobReader;
pub use browsing::{Folder, FolderFile};
pub use bucket::Bucket;
pub use cards::{CardEntry, SavedCard, SavedCards};
pub use collection::{CollectionPolicy, CollectionReport, Removed};
pub use copy::{CopiedBlobs, CopyReport};
pub use engine_jobs::{EngineJob, StagedArtifact};
pub use engine_standing::{AskEngine, EngineStanding};
pub use error::{BucketError, BucketErrorKind, causes};
pub use job_list::{JobFilter, JobLine, JobList};
pub use job_record::{
    Attempt, Cause, DrainAnswer, DrainRefusal, Event, EventKind, ExitStatus, FinalRecord, JobRecord,
    JobTemplate, Retries, StopMode, StopRequest, Submitter,
};
pub use jobs::{JobSummary, JobView};
pub use launch_keys::KeyedLaunch;
pub use lease::{Lease, Liveness};
pub use logs::{LogLevel, LogLine, LogSource};
pub use notices::{NoticeKind, NoticeOutcome, NoticeTarget, NoticeWay};
pub use object_reader::digest_of_reader;
pub use publish_log::{BuildFacts, LogAction, LogEntry, PublishLog, PublishedEntry};
pub use publishing::{Deletion, Publication};
pub use reliance::Reliance;
pub use results::{LONGEST_ROW, ResultRow, ResultRows};
pub use runner_profiles::{RunnerEntry, SharedRunner, SharedRunners};
pub use sessions::{OpenSession, SessionMark, SessionOwner};
pub use settings::BucketSettings;
pub use stop_requests::DrainStanding;
pub use store_probe::{Finding, StoreFacts};
pub use template_list::{TemplateList, TemplateSummary};
pub use templates::StoredTemplate;
pub use url::BucketUrl;
pub use worker_ends::{WorkerEndRecord, WorkerEnds};
