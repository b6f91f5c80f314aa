//! What every handler is given.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use tmpl_bucket::Bucket;
use tmpl_launcher::begin::Means;
use tmpl_launcher::cache::Cache;
use tmpl_launcher::notices::OwnNotices;
use tmpl_launcher::requested_runner::OwnRunners;
use tokio::sync::watch;

use crate::catalogue::Catalogue;
use crate::door::Door;
use crate::live::Hub;
use crate::operate::{AccessLog, Metrics, Readiness};
use crate::{Settings, StartError};

/// The state of the server, shared by all its requests.
pub type Shared = Arc<Server>;

/// What a server is made of.
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
    /// Where it listens.
    pub listening: SocketAddr,
    /// Whoever started the server: on loopback all that is done is done in their name.
    pub user: String,
    /// Where the access log goes.
    pub log: Box<dyn Write + Send>,
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
    /// The variables that secrets of the server are in: no job has them.
    pub(crate) withheld: Vec<String>,
    pub(crate) settings: Settings,
    pub(crate) listening: SocketAddr,
    pub(crate) user: String,
    pub(crate) door: Door,
    pub(crate) catalogue: Catalogue,
    pub(crate) hub: Hub,
    pub(crate) metrics: Metrics,
    pub(crate) metrics_token: Option<MetricsToken>,
    pub(crate) readiness: Readiness,
    pub(crate) log: AccessLog,
    /// True once the server is about to end.
    pub(crate) stopping: watch::Sender<bool>,
}

/// What whoever reads the figures shows. It can't be printed.
pub(crate) struct MetricsToken(String);

impl MetricsToken {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MetricsToken")
    }
}

impl Server {
    /// A server of these parts.
    pub fn new(parts: Parts) -> Result<Shared, StartError> {
        let door = Door::new(&parts.settings, parts.listening)?;
        let token = parts.settings.metrics_token.clone().map(|reference| {
            tmpl_launcher::look_up(reference.as_str())
                .map(MetricsToken)
                .map_err(|reason| StartError::Secret { key: "metrics_token", reference, reason })
        });
        Ok(Arc::new(Self {
            bucket: parts.bucket,
            cache: parts.cache,
            runners: parts.runners,
            notices: parts.notices,
            lease: parts.lease,
            executable: parts.executable,
            withheld: parts.settings.secret_variables(),
            settings: parts.settings,
            listening: parts.listening,
            user: parts.user,
            door,
            catalogue: Catalogue::default(),
            hub: Hub::default(),
            metrics: Metrics::default(),
            metrics_token: token.transpose()?,
            readiness: Readiness::default(),
            log: AccessLog::new(parts.log),
            stopping: watch::Sender::new(false),
        }))
    }

    /// What launches are begun with.
    pub(crate) fn means(&self) -> Means<'_> {
        Means {
            bucket: &self.bucket,
            cache: &self.cache,
            runners: &self.runners,
            notices: &self.notices,
            executable: &self.executable,
            withheld: &self.withheld,
        }
    }
}
