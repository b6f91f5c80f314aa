//! Where things are, from flags, the environment and the configuration file, in that order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;
use tmpl_bucket::{Bucket, BucketUrl, NoticeTarget};
use tmpl_launcher::cache::Cache;
use tmpl_launcher::execution::reconcile::Engines;
use tmpl_launcher::notices::OwnNotices;
use tmpl_launcher::place::docker::DockerProfile;
use tmpl_launcher::place::{BUCKET_VARIABLE, CACHE_VARIABLE};
use tmpl_launcher::requested_runner::OwnRunners;
use tmpl_template::{AllowedReference, ProfileError, ProfilePart, RunnerName};

use crate::report::Failure;

/// Names another configuration file.
const CONFIG_VARIABLE: &str = "TMPL_CONFIG";

/// The configuration file: `$XDG_CONFIG_HOME/tmpl/config.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Configuration {
    /// The bucket that is meant when none is named.
    bucket: Option<String>,
    /// The cache folder.
    cache: Option<PathBuf>,
    /// Interpreters to try before those of uv and `PATH`.
    python: Vec<PathBuf>,
    /// How containers of jobs are run.
    docker: DockerProfile,
    /// Who is told of what happens to any job that is launched or looked at here.
    notify: Vec<NoticeTarget>,
    /// The reference of the secret that webhooks are signed with.
    notify_secret: Option<String>,
    /// How long the launcher of a job that is launched here may be silent before it counts as gone.
    lease: Option<SignedDuration>,
    /// What is said of runners here, above what the bucket says.
    runners: BTreeMap<RunnerName, ProfilePart>,
    /// Which secrets may go to engines on the bucket's word: `env:FLINK_TOKEN`, `file:/etc/tmpl/*`.
    #[serde(alias = "allow-references")]
    allow_references: Vec<AllowedReference>,
    /// The page.
    serve: tmpl_server::Settings,
}

/// What the environment and the configuration say.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    bucket: Option<String>,
    cache: PathBuf,
    python: Vec<PathBuf>,
    /// How containers of jobs are run.
    pub(crate) docker: DockerProfile,
    /// Who is told of what happens to jobs.
    pub(crate) notices: OwnNotices,
    /// How long a launcher may be silent, where somebody says it.
    pub(crate) lease: Option<SignedDuration>,
    /// What is said of runners.
    pub(crate) runners: OwnRunners,
    /// What is said of the page.
    pub(crate) serve: tmpl_server::Settings,
}

impl Settings {
    /// Reads the environment and the configuration file.
    pub(crate) fn read() -> Result<Self, Failure> {
        let configuration = read_configuration()?;
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let cache = match (variable(CACHE_VARIABLE).map(PathBuf::from), configuration.cache) {
            (Some(folder), _) | (None, Some(folder)) => folder,
            (None, None) => folder_of("XDG_CACHE_HOME", ".cache")?.join("tmpl"),
        };
        let cache = std::path::absolute(&cache).map_err(|error| {
            Failure::new(2, format!("{} is no folder for a cache: {error}", cache.display()))
        })?;
        if let Some(name) = configuration.runners.keys().find(|name| name.is_direct()) {
            let error = ProfileError::Direct;
            let failure = Failure::new(2, format!("[runners.{name}] of the configuration file: {error}"));
            return Err(failure.hint(error.hint().unwrap_or_default()));
        }
        Ok(Self {
            bucket: variable(BUCKET_VARIABLE).or(configuration.bucket),
            cache,
            python: configuration.python,
            docker: configuration.docker,
            notices: notices(configuration.notify, configuration.notify_secret),
            lease: configuration.lease,
            runners: OwnRunners {
                profiles: configuration.runners,
                allow_references: configuration.allow_references,
            },
            serve: configuration.serve,
        })
    }

    /// The bucket that is meant: the flag's, else `TMPL_BUCKET`, else the configuration's.
    pub(crate) fn bucket_url(&self, flag: Option<&str>) -> Result<BucketUrl, Failure> {
        let Some(text) = flag.or(self.bucket.as_deref()) else {
            return Err(Failure::new(2, "no bucket was named").hint(format!(
                "pass --bucket, set {BUCKET_VARIABLE}, or write `bucket = \"…\"` into the configuration file"
            )));
        };
        Ok(text.parse()?)
    }

    /// The bucket that is meant, which must exist.
    pub(crate) fn bucket(&self, flag: Option<&str>) -> Result<Bucket, Failure> {
        Ok(Bucket::open(&self.bucket_url(flag)?)?.asking(Arc::new(Engines { own: self.runners.clone() })))
    }

    /// This machine's cache.
    pub(crate) fn cache(&self) -> Result<Cache, Failure> {
        Ok(Cache::open(self.cache.clone())?.with_interpreters(self.python.clone()))
    }
}

/// What the environment says of notices, and the configuration where it says nothing.
fn notices(targets: Vec<NoticeTarget>, secret: Option<String>) -> OwnNotices {
    let mut own = OwnNotices::from_environment();
    own.targets.extend(targets);
    own.secret = own.secret.or(secret);
    own
}

fn read_configuration() -> Result<Configuration, Failure> {
    let named = std::env::var_os(CONFIG_VARIABLE).map(PathBuf::from);
    let (path, required) = match named {
        Some(path) => (path, true),
        None => match folder_of("XDG_CONFIG_HOME", ".config") {
            Ok(folder) => (folder.join("tmpl/config.toml"), false),
            // Without a home there is no configuration; whoever needs a folder there says so.
            Err(_) => return Ok(Configuration::default()),
        },
    };
    match fs_err::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error| broken(&path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
            Ok(Configuration::default())
        }
        Err(error) => Err(Failure::new(2, error.to_string())),
    }
}

fn broken(path: &Path, error: &toml::de::Error) -> Failure {
    Failure::new(2, format!("{}: {}", path.display(), error.to_string().trim_end()))
        .hint(
        "the keys are `bucket`, `cache`, `python`, `notify`, `notify_secret`, `lease`, `allow_references`, tables `runners.NAME`, in the \
         table `docker` `socket`, `network`, `user`, `memory`, `cpus`, `devices`, `mounts` and `platform`, and the table `serve`, which \
         docs/serve.md describes",
    )
}

fn folder_of(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).or_else(|| Some(set("HOME")?.join(below_home))).ok_or_else(|| {
        Failure::new(2, "there is no home folder to keep a cache in")
            .hint(format!("set {CACHE_VARIABLE} to a folder"))
    })
}
