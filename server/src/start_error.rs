//! Why a server can't be started.

use tmpl_template::SecretReference;

/// A server that does not begin, and says why and what to do.
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
    /// Others could reach it, and nothing says how they sign in.
    #[error(
        "{address} can be reached from other machines, and the configuration does not say how people sign in"
    )]
    NoSignIn {
        /// Where it would listen, or what people would type.
        address: String,
    },
    /// Two tables say how people sign in.
    #[error("both [serve.sign_in] and `user_header` of [serve.proxy] say how people sign in")]
    TwoWays,
    /// People sign in, and nobody may do anything.
    #[error("people sign in here, and nobody may come in: [serve.roles] and [[serve.rules]] name nobody")]
    NobodyMayEnter,
    /// The address that people type is not known.
    #[error("people sign in here, and `public_url` of [serve] does not say which address they type")]
    NoPublicUrl,
    /// The address that people type can't be used.
    #[error("`public_url` of [serve] can't be used: {reason}")]
    PublicUrl {
        /// Why.
        reason: &'static str,
    },
    /// A secret that the configuration refers to can't be read, or is none.
    #[error("`{key}` of [serve], {reference}: {reason}")]
    Secret {
        /// The key of the configuration.
        key: &'static str,
        /// The reference.
        reference: SecretReference,
        /// Why; never the value.
        reason: String,
    },
    /// A value of the configuration can't be used.
    #[error("`{key}` of [serve] can't be used: {reason}")]
    Setting {
        /// The key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] getrandom::Error),
}

impl StartError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Listen { .. } => {
                "name another address or port with --listen; port 0 takes one that is free"
            }
            Self::NoSignIn { .. } => {
                "write [serve.sign_in] (OpenID Connect) or [serve.proxy] into the configuration, or listen at 127.0.0.1; \
                 docs/serve.md has examples"
            }
            Self::TwoWays => "keep one of them",
            Self::NobodyMayEnter => {
                "write `everyone = \"view\"` into [serve.roles], or name people and groups: `admin = [\"group:platform\"]`"
            }
            Self::NoPublicUrl => "write public_url = \"https://…\" into [serve]",
            Self::PublicUrl { .. } => "write https:// and a host: public_url = \"https://tmpl.example.org\"",
            Self::Secret { key: "session_key", .. } => {
                "make one with `openssl rand -base64 32`, and keep it where only this server reads it"
            }
            Self::Secret { .. } | Self::Setting { .. } | Self::Random(_) => return None,
        };
        Some(hint.to_owned())
    }
}
