//! What an engine says while it pulls or loads an image: JSON values one after another, the last of which may be an error.

use reqwest::Response;
use serde::Deserialize;

use super::{Engine, EngineError};

/// Bytes of one message, and of the rest of one that has not ended.
const LONGEST_MESSAGE: usize = 1 << 20;

/// A message of an engine at work.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Message {
    /// What is done with a part: `Downloading`.
    pub(super) status: Option<String>,
    /// The part.
    id: Option<String>,
    /// A line of text.
    pub(super) stream: Option<String>,
    error: Option<String>,
}

impl Engine {
    /// Reads messages to their end. `told` is given each; one that is an error ends it.
    pub(super) async fn follow(
        &self,
        action: &str,
        mut answer: Response,
        told: &mut (dyn FnMut(&Message) + Send),
    ) -> Result<(), EngineError> {
        let mut rest = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|source| self.lost(action, source))? {
            rest.extend_from_slice(&part);
            let read = self.read_messages(action, &rest, told)?;
            rest.drain(..read);
            if rest.len() > LONGEST_MESSAGE {
                return Err(self.nonsense(action, "a message without an end".to_owned()));
            }
        }
        if rest.trim_ascii().is_empty() {
            return Ok(());
        }
        Err(self.nonsense(action, "it ends in the middle of a message".to_owned()))
    }

    /// Reads the whole messages at the beginning of `bytes`: how many bytes they had.
    fn read_messages(
        &self,
        action: &str,
        bytes: &[u8],
        told: &mut (dyn FnMut(&Message) + Send),
    ) -> Result<usize, EngineError> {
        let mut messages = serde_json::Deserializer::from_slice(bytes).into_iter::<Message>();
        let mut read = 0;
        while let Some(message) = messages.next() {
            match message {
                Ok(Message { error: Some(error), .. }) => return Err(Self::refused(action, &error)),
                Ok(message) => told(&message),
                Err(error) if error.is_eof() => break,
                Err(error) => return Err(self.nonsense(action, error.to_string())),
            }
            read = messages.byte_offset();
        }
        Ok(read)
    }
}

impl Message {
    /// The message as a line, where it is one that people want to see: not every part of every megabyte.
    pub(super) fn line(&self) -> Option<String> {
        let status = self.status.as_deref()?;
        match (&self.id, status) {
            (_, "Downloading" | "Extracting" | "Waiting" | "Verifying Checksum" | "Pulling fs layer") => None,
            (Some(id), status) => Some(format!("{id}: {status}")),
            (None, status) => Some(status.to_owned()),
        }
    }
}
