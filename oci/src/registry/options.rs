//! How a client of registries behaves.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::credentials::CredentialSources;

/// How a [`Registry`](super::Registry) behaves. The default suits every registry that is known.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// Registries (`HOST` or `HOST:PORT`) that are spoken to without TLS. Loopback hosts need not be named here:
    /// they are spoken to without TLS if they understand it, else with TLS.
    pub plain_http: Vec<String>,
    /// Files of certificates (PEM) that are trusted beside those of the system. The variables `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` say where the system's are.
    pub certificates: Vec<PathBuf>,
    /// Where credentials are looked for.
    pub credentials: CredentialSources,
    /// How long a temporary failure is answered with another try. Progress, as of a blob that grows, starts it anew.
    pub retry_budget: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long nothing may be heard of a registry while nothing goes to it.
    pub idle_timeout: Duration,
    /// Blobs of more bytes are sent in chunks, where the registry takes chunks; `None`: no blob is.
    pub chunk_threshold: Option<u64>,
    /// The bytes of a chunk, as far as the registry sets no other limits.
    pub chunk_size: u64,
    /// How many blobs are transferred at a time.
    pub parallel_transfers: usize,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            plain_http: Vec::new(),
            certificates: Vec::new(),
            credentials: CredentialSources::from_environment(|name| env::var_os(name)),
            retry_budget: Duration::from_mins(2),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            chunk_threshold: Some(512 * 1024 * 1024),
            chunk_size: 64 * 1024 * 1024,
            parallel_transfers: 4,
        }
    }
}
