//! Images of an engine: looked up, pulled from a registry, loaded from an archive.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Body, Method};
use serde::Deserialize;
use tokio::sync::mpsc::channel;

use super::client::Request;
use super::{Engine, EngineError};

/// How much of an archive is read at a time, and how many parts wait for the engine.
const PART: usize = 256 * 1024;
const PARTS: usize = 4;

/// What has a meaning in a URL.
const RESERVED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'?').add(b'=');

/// The name of an image as engines take it: `registry/repository@sha256:…`, `repository:tag`, or an image's own digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    text: String,
}

impl ImageName {
    /// Whether the name means the same image for ever.
    pub fn is_pinned(&self) -> bool {
        self.text.contains('@') || self.text.starts_with("sha256:")
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for ImageName {
    type Err = String;

    /// A name without tag and digest means the tag `latest`, as with every engine.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "./:@_-".contains(c);
        if text.is_empty()
            || !text.chars().all(allowed)
            || text.contains("..")
            || text.starts_with(['/', '-'])
        {
            return Err("it is no name of an image".to_owned());
        }
        let last = text.rsplit('/').next().unwrap_or(text);
        let text = if last.contains(['@', ':']) { text.to_owned() } else { format!("{text}:latest") };
        Ok(Self { text })
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// An image that an engine has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EngineImage {
    /// What the engine knows it by, whatever becomes of its tags.
    pub id: String,
    /// Its operating system.
    #[serde(default)]
    os: String,
    /// Its processor architecture.
    #[serde(default)]
    architecture: String,
    /// What its configuration says.
    #[serde(default)]
    config: Option<Config>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    entrypoint: Option<Vec<String>>,
}

impl EngineImage {
    /// What it runs on, like `linux/amd64`.
    pub fn platform(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }

    /// The program it starts, and its first arguments.
    pub fn entrypoint(&self) -> &[String] {
        self.config.as_ref().and_then(|config| config.entrypoint.as_deref()).unwrap_or_default()
    }
}

impl Engine {
    /// The image of that name, if the engine has it.
    pub async fn image(&self, name: &ImageName) -> Result<Option<EngineImage>, EngineError> {
        let action = format!("look up the image {name}");
        match self.ask(&action, Method::GET, &format!("/images/{}/json", escaped(name.as_str()))).await {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Pulls an image from its registry. `authorization` is the value of `X-Registry-Auth`; `told` is given lines for people.
    pub async fn pull_image(
        &self,
        name: &ImageName,
        platform: Option<&str>,
        authorization: Option<String>,
        told: &mut (dyn FnMut(String) + Send),
    ) -> Result<(), EngineError> {
        let action = format!("pull the image {name}");
        let platform =
            platform.map(|platform| format!("&platform={}", escaped(platform))).unwrap_or_default();
        let path = format!("/images/create?fromImage={}{platform}", escaped(name.as_str()));
        let headers = authorization.map(|value| ("X-Registry-Auth", value)).into_iter().collect();
        let answer =
            self.send(&action, Method::POST, &path, Request { headers, ..Request::default() }).await?;
        self.follow(&action, answer, &mut |message| message.line().into_iter().for_each(&mut *told)).await
    }

    /// Loads an image from a docker archive: a tar that is read to its end on a thread of its own.
    pub async fn load_image(&self, archive: Box<dyn Read + Send>) -> Result<(), EngineError> {
        let action = "load the image from the bucket";
        let (sender, mut receiver) = channel::<std::io::Result<Bytes>>(PARTS);
        let reading = tokio::task::spawn_blocking(move || {
            for part in Parts(archive) {
                let failed = part.is_err();
                if sender.blocking_send(part).is_err() || failed {
                    return;
                }
            }
        });
        let parts = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
        let body = Some(("application/x-tar", Body::wrap_stream(parts)));
        let sent =
            self.send(action, Method::POST, "/images/load?quiet=1", Request { body, ..Request::default() });
        let answer = sent.await?;
        let followed = self.follow(action, answer, &mut |_| ()).await;
        // An engine that says no leaves the rest unread: the reader notices that nobody takes its parts.
        let _ = reading.await;
        followed
    }
}

/// The parts of an archive.
struct Parts(Box<dyn Read + Send>);

impl Iterator for Parts {
    type Item = std::io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut part = Vec::with_capacity(PART);
        match self.0.by_ref().take(PART as u64).read_to_end(&mut part) {
            Ok(0) => None,
            Ok(_) => Some(Ok(part.into())),
            Err(error) => Some(Err(error)),
        }
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_tag_means_the_latest() {
        for (text, name, pinned) in [
            ("debian", "debian:latest", false),
            ("debian:12", "debian:12", false),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest", false),
            ("localhost:5000/a/b:1", "localhost:5000/a/b:1", false),
            ("h/a@sha256:00", "h/a@sha256:00", true),
            ("sha256:00", "sha256:00", true),
        ] {
            let parsed: ImageName = text.parse().unwrap();
            assert_eq!((parsed.as_str(), parsed.is_pinned()), (name, pinned));
        }
        for text in ["", "a b", "/a", "-a", "a/../b", "a?x=1", "gs://a", "ä"] {
            let parsed = text.parse::<ImageName>();
            assert!(parsed.is_err() || text == "gs://a", "{text}: {parsed:?}");
        }
    }
}
