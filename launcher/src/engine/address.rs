//! Where a container engine listens, and where one is looked for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use url::{Host, Url};

use super::EngineError;

/// The variable that Docker's and podman's own commands read too.
const HOST_VARIABLE: &str = "DOCKER_HOST";
/// Set when the engine behind it is to be talked to over TLS.
const TLS_VARIABLE: &str = "DOCKER_TLS_VERIFY";

/// Where an engine listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum EngineAddress {
    /// A Unix socket on this machine.
    Socket(PathBuf),
    /// Plain HTTP.
    Http(Url),
}

impl EngineAddress {
    /// Whether the engine sees this machine's files: a bucket in a local folder, and what is mounted.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Http(url) => match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            },
        }
    }

    /// The places to look at, in order: the one that is named, else those where engines listen by default.
    pub(super) fn candidates(
        variable: impl Fn(&str) -> Option<String>,
        configured: Option<&Self>,
    ) -> Result<Vec<Self>, EngineError> {
        if let Some(host) = variable(HOST_VARIABLE) {
            let address: Self = host.parse()?;
            if matches!(address, Self::Http(_)) && variable(TLS_VARIABLE).is_some() {
                let reason = format!("{TLS_VARIABLE} is set, and this version speaks no TLS with engines");
                return Err(EngineError::Address { address: host, reason });
            }
            return Ok(vec![address]);
        }
        if let Some(address) = configured {
            return Ok(vec![address.clone()]);
        }
        let runtime = variable("XDG_RUNTIME_DIR").map(PathBuf::from);
        let in_runtime = |name: &str| runtime.as_deref().map(|folder: &Path| folder.join(name));
        let sockets = [
            Some(PathBuf::from("/var/run/docker.sock")),
            in_runtime("docker.sock"),
            in_runtime("podman/podman.sock"),
            Some(PathBuf::from("/run/podman/podman.sock")),
        ];
        Ok(sockets.into_iter().flatten().map(Self::Socket).collect())
    }
}

impl FromStr for EngineAddress {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, EngineError> {
        let refuse = |reason: &str| EngineError::Address { address: text.to_owned(), reason: reason.into() };
        let socket = match text.split_once("://") {
            None => text,
            Some(("unix", path)) => path,
            Some(("tcp" | "http", rest)) => {
                let url =
                    Url::parse(&format!("http://{rest}")).map_err(|error| refuse(&error.to_string()))?;
                return if url.username().is_empty() && url.password().is_none() {
                    Ok(Self::Http(url))
                } else {
                    Err(refuse("an engine takes no user name"))
                };
            }
            Some((scheme, _)) => {
                return Err(refuse(&format!("this version does not speak {scheme} with engines")));
            }
        };
        if !socket.starts_with('/') {
            return Err(refuse("a socket is named by its absolute path"));
        }
        Ok(Self::Socket(PathBuf::from(socket)))
    }
}

impl TryFrom<String> for EngineAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|error: EngineError| match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        })
    }
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(formatter, "unix://{}", path.display()),
            Self::Http(url) => formatter.write_str(url.as_str().trim_end_matches('/')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        for (text, shown, local) in [
            ("unix:///run/docker.sock", "unix:///run/docker.sock", true),
            ("/run/docker.sock", "unix:///run/docker.sock", true),
            ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375", true),
            ("http://[::1]:2375", "http://[::1]:2375", true),
            ("tcp://localhost:2375", "http://localhost:2375", true),
            ("tcp://build.example:2375", "http://build.example:2375", false),
        ] {
            let address: EngineAddress = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.is_local()), (shown, local), "{text}");
        }
        for (text, reason) in [
            ("", "absolute path"),
            ("docker.sock", "absolute path"),
            ("unix://docker.sock", "absolute path"),
            ("ssh://me@host", "does not speak ssh"),
            ("https://host", "does not speak https"),
            ("tcp://me:secret@host:1", "no user name"),
        ] {
            let error = text.parse::<EngineAddress>().unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_named_is_the_only_place_looked_at() {
        let configured: EngineAddress = "/configured.sock".parse().unwrap();
        let looked = |variables: &[(&str, &str)], configured: Option<&EngineAddress>| {
            let variable = |wanted: &str| {
                let found = variables.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| (*value).to_owned())
            };
            let found = EngineAddress::candidates(variable, configured);
            found.map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let named = [("DOCKER_HOST", "unix:///named.sock"), ("XDG_RUNTIME_DIR", "/run/user/1")];
        assert_eq!(looked(&named, Some(&configured)).unwrap(), "unix:///named.sock");
        assert_eq!(looked(&named[1..], Some(&configured)).unwrap(), "unix:///configured.sock");
        assert_eq!(
            looked(&named[1..], None).unwrap(),
            "unix:///var/run/docker.sock unix:///run/user/1/docker.sock unix:///run/user/1/podman/podman.sock \
             unix:///run/podman/podman.sock"
        );
        assert_eq!(looked(&[], None).unwrap(), "unix:///var/run/docker.sock unix:///run/podman/podman.sock");
        let tls = [("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1")];
        assert!(looked(&tls, None).unwrap_err().to_string().contains("speaks no TLS"));
    }
}
