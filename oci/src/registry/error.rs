//! What can go wrong with a registry, told by what the caller can do about it.

use std::error::Error as StdError;
use std::io;
use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use oci_spec::image::Digest;
use reqwest::StatusCode;

use super::credentials::Searched;

/// What the caller of a registry can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryErrorKind {
    /// The request is wrong: ask for something else.
    Usage,
    /// Repeating won't help before something outside is changed: an image, a right, a certificate, a disk.
    Environment,
    /// Repeating may help, and goes on where it stopped.
    Temporary,
}

/// An error of a registry. `Display` names the thing; [`RegistryError::hint`] says the remedy. No message has a credential in
/// it, or the query of an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// A file of certificates can't be used.
    #[error("cannot use the certificates in {}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// TLS could not be set up.
    #[error("cannot set up a client of registries")]
    Client {
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// A file of credentials can't be used.
    #[error("cannot use the credentials in {}: {reason}", path.display())]
    CredentialFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A program that keeps credentials failed.
    #[error("docker-credential-{helper} gave no credentials for {server}: {reason}")]
    CredentialHelper {
        /// The program, without the beginning of its name.
        helper: String,
        /// What it was asked for.
        server: String,
        /// Why.
        reason: String,
    },
    /// The image's name has no digest where one is needed.
    #[error("{reference} has no digest")]
    NoDigest {
        /// The image's name.
        reference: String,
    },
    /// There is no such image.
    #[error("there is no image {reference}")]
    NoSuchImage {
        /// The image's name.
        reference: String,
    },
    /// There is no such blob.
    #[error("there is no blob {digest} in {repository}")]
    NoSuchBlob {
        /// The blob.
        digest: Digest,
        /// Registry and repository.
        repository: String,
    },
    /// The registry wants to know who asks, or does not let them.
    #[error("cannot {action}: {registry} denies it{}", said(detail.as_deref()))]
    Denied {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// What the registry said.
        detail: Option<String>,
        /// Where credentials were found or not.
        searched: Searched,
    },
    /// The registry wants to know who asks, but not how.
    #[error("cannot {action}: {registry} answers 401 without saying how to log in")]
    Unchallenged {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
    },
    /// The registry's certificate is not trusted.
    #[error("cannot {action}: the certificate of {registry} is not trusted")]
    Untrusted {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// No connection could be made.
    #[error("cannot {action}: no connection to {registry}")]
    Connection {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke, or what came over it was no HTTP.
    #[error("cannot {action}: the connection to {registry} broke")]
    Transport {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Nothing was heard for too long.
    #[error("cannot {action}: nothing was heard of {registry} for {} s", after.as_secs())]
    NoAnswer {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// How long.
        after: Duration,
    },
    /// The registry answered with an error.
    #[error("cannot {action}: {registry} answers {status}{}", said(detail.as_deref()))]
    Answer {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// The answer's status.
        status: StatusCode,
        /// What the registry said: its code and message.
        detail: Option<String>,
        /// When to come back, as the registry has it.
        retry_after: Option<Duration>,
    },
    /// The registry's answer is not one of the protocol's, or contradicts itself.
    #[error("cannot {action}: the answer of {registry} is wrong: {reason}")]
    Protocol {
        /// What was tried.
        action: String,
        /// The registry's host.
        registry: String,
        /// What is wrong.
        reason: String,
    },
    /// What the registry sent is not what its digest promises.
    #[error("{registry} sent something else than {digest}: {reason}")]
    Corrupt {
        /// The registry's host.
        registry: String,
        /// What was asked for.
        digest: Digest,
        /// What is wrong with it.
        reason: String,
    },
    /// What should be sent can't be read.
    #[error("cannot read blob {digest}, which is to be sent")]
    Source {
        /// The blob.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What should be sent is not what its digest promises.
    #[error("blob {digest}, which is to be sent, has changed: {reason}")]
    SourceChanged {
        /// The blob.
        digest: Digest,
        /// What is wrong with it.
        reason: String,
    },
    /// What was received can't be written.
    #[error("cannot write blob {digest}")]
    Output {
        /// The blob.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The digest's algorithm is none of ours.
    #[error("blob {digest} can't be checked: only sha256 is supported")]
    Algorithm {
        /// The blob.
        digest: Digest,
    },
    /// Another push moved the tag meanwhile.
    #[error("{reference} was moved by another push meanwhile")]
    Moved {
        /// The image's name.
        reference: String,
    },
}

impl RegistryError {
    /// What the caller can do.
    pub fn kind(&self) -> RegistryErrorKind {
        match self {
            Self::Certificates { .. } | Self::NoDigest { .. } => RegistryErrorKind::Usage,
            Self::Connection { source, .. } if speaks_no_tls(source) || has_no_host(source) => {
                RegistryErrorKind::Environment
            }
            Self::Transport { .. } | Self::Connection { .. } | Self::NoAnswer { .. } | Self::Moved { .. } => {
                RegistryErrorKind::Temporary
            }
            Self::Answer { status, .. } if is_temporary(*status) => RegistryErrorKind::Temporary,
            _ => RegistryErrorKind::Environment,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Denied { registry, searched, .. } => Some(match searched {
                Searched::Found(_) => format!("{searched}; do they give this right? Log in anew: docker login {registry}"),
                Searched::Nowhere(_) => {
                    format!("{searched}; log in with `docker login {registry}`, or name a file of credentials in REGISTRY_AUTH_FILE")
                }
            }),
            Self::Unchallenged { registry, .. } => {
                Some(format!("is {registry} a registry? Something before it, such as a proxy, may have answered"))
            }
            Self::Untrusted { .. } => Some(
                "if the registry has a certificate of your own authority, name the authority's file (PEM): among the \
                 trusted certificates, or in the variable SSL_CERT_FILE"
                    .to_owned(),
            ),
            Self::Connection { registry, source, .. } if speaks_no_tls(source) => Some(format!(
                "{registry} seems to speak plain HTTP, which is used only for loopback hosts and for registries that are \
                 allowed by name"
            )),
            Self::Connection { registry, source, .. } if has_no_host(source) => {
                Some(format!("there is no host of that name: is {registry} spelled right?"))
            }
            Self::Connection { .. } => Some("check the registry's name and the network".to_owned()),
            Self::CredentialFile { .. } => Some("log in anew, or repair the file".to_owned()),
            Self::CredentialHelper { helper, .. } => Some(format!(
                "install docker-credential-{helper}, or take it out of Docker's config.json (credsStore, credHelpers)"
            )),
            Self::NoDigest { .. } => Some("name the image by digest: REPOSITORY@sha256:…".to_owned()),
            Self::SourceChanged { .. } => Some("the file was changed while it was used: build again".to_owned()),
            Self::Moved { .. } => Some("look at what the other push did, then push again".to_owned()),
            Self::Answer { .. } | Self::Transport { .. } | Self::NoAnswer { .. }
                if self.kind() == RegistryErrorKind::Temporary =>
            {
                Some("repeat it: what was sent wholly is not sent again".to_owned())
            }
            _ => None,
        }
    }

    /// The status of the registry's answer, if that is the error.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answer { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(super) fn is_temporary(&self) -> bool {
        self.kind() == RegistryErrorKind::Temporary
    }

    /// When to come back, if the registry said it.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answer { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Whether the same request may be answered otherwise a little later.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

fn said(detail: Option<&str>) -> String {
    detail.map(|detail| format!(": {detail}")).unwrap_or_default()
}

/// An error and its causes, as one text to search in: the types of TLS errors are not those of the client.
fn chain(error: &dyn StdError) -> String {
    let causes = iter::successors(Some(error), |error: &&dyn StdError| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Whether TLS failed over the certificate.
pub(super) fn is_untrusted(error: &reqwest::Error) -> bool {
    chain(error).contains("invalid peer certificate")
}

/// Whether the servers of names know no host of that name. Only its `Debug` tells that from other failures to find one.
fn has_no_host(error: &reqwest::Error) -> bool {
    format!("{error:?}").contains("response_code: NXDomain")
}

/// Whether what answered spoke something else than TLS.
fn speaks_no_tls(error: &reqwest::Error) -> bool {
    let text = chain(error);
    text.contains("corrupt message") || text.contains("InvalidContentType")
}
