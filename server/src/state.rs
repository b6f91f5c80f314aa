//! What every handler is given.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use tmpl_bucket::Bucket;
use tmpl_launcher::cache::Cache;
use tmpl_launcher::notices::OwnNotices;
use tmpl_launcher::requested_runner::OwnRunners;

use crate::Settings;
use crate::catalogue::Catalogue;
use crate::door::Access;

/// The state of the server, shared by all its requests.
pub type Shared = Arc<Server>;

/// What a server is made of.
#[derive(Debug)]
pub struct Parts {
    /// What is served.
    pub bucket: Bucket,
    /// This machine's cache.
    pub cache: Cache,
    /// What the operator says of runners.
    pub runners: OwnRunners,
    /// Who is told of jobs by the operator's word.
    pub notices: OwnNotices,
    /// How long a launcher may be silent, where somebody says it.
    pub lease: Option<SignedDuration>,
    /// This program, to be started again as the launcher of jobs.
    pub executable: PathBuf,
    /// The table `[serve]`.
    pub settings: Settings,
    /// Whoever started the server: on loopback all that is done is done in their name.
    pub user: String,
}

/// The state of the server.
#[derive(Debug)]
pub struct Server {
    pub(crate) bucket: Bucket,
    pub(crate) cache: Cache,
    pub(crate) runners: OwnRunners,
    pub(crate) notices: OwnNotices,
    pub(crate) lease: Option<SignedDuration>,
    pub(crate) executable: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) access: Arc<Access>,
    pub(crate) catalogue: Catalogue,
    pub(crate) user: String,
}

/// Why a server can't be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It can't listen there.
    #[error("can't listen at {address}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StartError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Listen { .. } => {
                "name another address or port with --listen; port 0 takes one that is free".to_owned()
            }
        })
    }
}

impl Server {
    /// A server of these parts.
    pub fn new(parts: Parts) -> Result<Shared, StartError> {
        let access = Arc::new(Access::new(&parts.settings));
        Ok(Arc::new(Self {
            bucket: parts.bucket,
            cache: parts.cache,
            runners: parts.runners,
            notices: parts.notices,
            lease: parts.lease,
            executable: parts.executable,
            settings: parts.settings,
            access,
            catalogue: Catalogue::default(),
            user: parts.user,
        }))
    }
}
