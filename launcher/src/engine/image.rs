//! Images of an engine: looked up, pulled from a registry, loaded from an archive.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::str::FromStr;

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::{Body, Method};
use serde::Deserialize;
use tokio::sync::mpsc::{Sender, channel};

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

    /// Loads an image from a docker archive, which `write` writes on a thread of its own.
    pub async fn load_image(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Result<(), EngineError> {
        let action = "load the image from the bucket";
        let (sender, mut receiver) = channel::<io::Result<Bytes>>(PARTS);
        let writing = tokio::task::spawn_blocking(move || {
            let mut output = BufWriter::with_capacity(PART, Parts(sender.clone()));
            let written = write(&mut output).and_then(|()| output.flush());
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                Err(error) => {
                    // The engine must not take what is there for the whole.
                    let _ = sender.blocking_send(Err(io::ErrorKind::UnexpectedEof.into()));
                    Err(error)
                }
                Ok(()) => Ok(()),
            }
        });
        let parts = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
        let body = Some(("application/x-tar", Body::wrap_stream(parts)));
        let request = Request { body, ..Request::default() };
        let sent = match self.send(action, Method::POST, "/images/load?quiet=1", request).await {
            Ok(answer) => self.follow(action, answer, &mut |_| ()).await,
            Err(error) => Err(error),
        };
        // What could not be read is the cause of what the engine then says.
        match writing.await {
            Ok(Err(source)) => Err(EngineError::Archive { source }),
            _ => sent,
        }
    }
}

/// Hands on what is written; an engine that listens no more breaks it like a pipe.
struct Parts(Sender<io::Result<Bytes>>);

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
