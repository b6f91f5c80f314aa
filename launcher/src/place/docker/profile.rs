//! How containers of jobs are run: the table `[docker]` of the configuration, and the flags that stand above it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::{Device, Memory, Mount, Processors};
use crate::engine::EngineAddress;

/// How containers of jobs are run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DockerProfile {
    /// Where the engine listens. `DOCKER_HOST` stands above it.
    pub socket: Option<EngineAddress>,
    /// The network; the engine's default where none is named.
    #[serde(deserialize_with = "optional")]
    pub network: Option<Network>,
    /// The user; whoever launches where none is named.
    #[serde(deserialize_with = "optional")]
    pub user: Option<User>,
    /// The most memory that a job may take.
    #[serde(deserialize_with = "optional")]
    pub memory: Option<Memory>,
    /// The most processors that a job may use.
    #[serde(deserialize_with = "optional")]
    pub cpus: Option<Processors>,
    /// Devices of the machine.
    #[serde(deserialize_with = "list")]
    pub devices: Vec<Device>,
    /// Folders and files of the machine.
    #[serde(deserialize_with = "list")]
    pub mounts: Vec<Mount>,
    /// The platform, where an image has several and the engine can run more than its own.
    #[serde(deserialize_with = "optional")]
    pub platform: Option<Platform>,
}

/// A value of a profile that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("`{value}` is no {what}: {remedy}")]
pub struct ProfileError {
    what: &'static str,
    value: String,
    remedy: &'static str,
}

impl ProfileError {
    pub(super) fn new(what: &'static str, value: &str, remedy: &'static str) -> Self {
        Self { what, value: value.to_owned(), remedy }
    }
}

/// A network: `none`, `host`, or one that the engine knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network(String);

/// A container's user: `1000:1000`, or a name that the image knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(String);

/// A platform: `linux/amd64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform(String);

impl User {
    /// A user and a group by their numbers.
    pub fn numbered(user: u32, group: u32) -> Self {
        Self(format!("{user}:{group}"))
    }
}

impl FromStr for Network {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        // A network of another container (`container:…`) is not ours to take part in.
        if is_word(text, "_.-") {
            return Ok(Self(text.to_owned()));
        }
        Err(ProfileError::new(
            "network",
            text,
            "write none, host, or the name of one (`docker network ls` lists them)",
        ))
    }
}

impl FromStr for User {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let (user, group) = text.split_once(':').unwrap_or((text, "0"));
        if is_word(user, "_.-") && is_word(group, "_.-") {
            return Ok(Self(text.to_owned()));
        }
        Err(ProfileError::new("user", text, "write uid:gid, or a name that the image knows"))
    }
}

impl FromStr for Platform {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let parts: Vec<&str> = text.split('/').collect();
        if (2..=3).contains(&parts.len()) && parts.iter().all(|part| is_word(part, "")) {
            return Ok(Self(text.to_owned()));
        }
        Err(ProfileError::new("platform", text, "write it as linux/amd64"))
    }
}

fn is_word(text: &str, also: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text that was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}
shown_as_text!(Network, User, Platform);

/// A number may be written without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Quoted(String),
    Whole(u64),
    Decimal(f64),
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quoted(text) => formatter.write_str(text),
            Self::Whole(number) => number.fmt(formatter),
            Self::Decimal(number) => number.fmt(formatter),
        }
    }
}

fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ProfileError>,
{
    let text = Text::deserialize(deserializer)?.to_string();
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = ProfileError>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        for text in ["none", "host", "my_net-1.x"] {
            assert_eq!(text.parse::<Network>().unwrap().as_str(), text);
        }
        for text in ["", "container:x", "a b", "-x", "ä"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in ["1000", "1000:1000", "nobody", "nobody:nogroup"] {
            assert_eq!(text.parse::<User>().unwrap().as_str(), text);
        }
        for text in ["", ":", "1000:", "a b", "1:2:3"] {
            assert!(text.parse::<User>().is_err(), "{text}");
        }
        for (text, is) in
            [("linux/amd64", true), ("linux/arm64/v8", true), ("linux", false), ("linux/", false)]
        {
            assert_eq!(text.parse::<Platform>().is_ok(), is, "{text}");
        }
    }
}
