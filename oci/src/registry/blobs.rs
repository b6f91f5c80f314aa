//! Blobs that are in a registry: whether they are, and their bytes.

use std::io;

use oci_spec::image::{Descriptor, Digest, DigestAlgorithm};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::authorizer::Asked;
use super::error::RegistryError;
use super::scope::Scope;
use super::transport::{Call, Target, Transport};
use crate::{ImageReference, sha256};

/// Whether a repository has a blob.
pub(super) async fn exists(
    transport: &Transport,
    reference: &ImageReference,
    digest: &Digest,
    scopes: &[Scope],
) -> Result<bool, RegistryError> {
    let action = format!("look for blob {digest} in {}/{}", reference.registry(), reference.repository());
    let asked = Asked { reference, scopes, action: &action };
    match transport.send(&Call::new(Method::HEAD, path(reference, digest), asked)).await {
        Ok(_) => Ok(true),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(false),
        Err(error) => Err(error),
    }
}

fn path(reference: &ImageReference, digest: &Digest) -> Target {
    Target::Path(format!("{}/blobs/{digest}", reference.repository()))
}

/// A blob on its way here.
pub(super) struct Download<'a, W> {
    transport: &'a Transport,
    reference: &'a ImageReference,
    descriptor: &'a Descriptor,
    output: W,
    hash: Sha256,
    written: u64,
}

impl<'a, W: AsyncWrite + Unpin> Download<'a, W> {
    pub(super) fn new(
        transport: &'a Transport,
        reference: &'a ImageReference,
        descriptor: &'a Descriptor,
        output: W,
    ) -> Self {
        Self { transport, reference, descriptor, output, hash: Sha256::new(), written: 0 }
    }

    /// Writes the blob and checks it. After a failure it goes on where it stopped.
    pub(super) async fn run(mut self) -> Result<(), RegistryError> {
        let digest = self.descriptor.digest().clone();
        if *digest.algorithm() != DigestAlgorithm::Sha256 {
            return Err(RegistryError::Algorithm { digest });
        }
        let mut backoff = self.transport.backoff();
        loop {
            let before = self.written;
            let Err(error) = self.go_on().await else { break };
            if self.written > before {
                backoff.progressed();
            }
            self.transport.wait(error, &mut backoff).await?;
        }
        let found = sha256::digest(self.hash);
        if found != digest {
            return Err(corrupt(self.reference, digest, format!("its bytes have the digest {found}")));
        }
        self.output.flush().await.map_err(|source| RegistryError::Output { digest, source })
    }

    /// Writes what is missing, as far as it comes.
    async fn go_on(&mut self) -> Result<(), RegistryError> {
        let (reference, digest) = (self.reference, self.descriptor.digest());
        let action = format!("read blob {digest} of {}/{}", reference.registry(), reference.repository());
        let scopes = [Scope::pull(reference)];
        let asked = Asked { reference, scopes: &scopes, action: &action };
        let mut call = Call::new(Method::GET, path(reference, digest), asked);
        if self.written > 0 {
            call = call.header(RANGE, format!("bytes={}-", self.written));
        }
        let mut response = match self.transport.attempt(&call).await {
            Ok(response) => response,
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
                let repository = format!("{}/{}", reference.registry(), reference.repository());
                return Err(RegistryError::NoSuchBlob { digest: digest.clone(), repository });
            }
            Err(error) => return Err(error),
        };
        let mut skipped = match response.status() {
            StatusCode::PARTIAL_CONTENT if self.begins_here(&response) => 0,
            StatusCode::PARTIAL_CONTENT => {
                return Err(call.wrong("it sends another range than was asked for"));
            }
            // It knows no ranges: what is there already comes again.
            _ => self.written,
        };
        let size = self.descriptor.size();
        while let Some(mut chunk) =
            self.transport.connections().chunk(&mut response, &action, reference.registry()).await?
        {
            let skip = skipped.min(chunk.len() as u64);
            skipped -= skip;
            let _ = chunk.split_to(usize::try_from(skip).unwrap_or(chunk.len()));
            if self.written + chunk.len() as u64 > size {
                return Err(corrupt(reference, digest.clone(), format!("it is longer than {size} bytes")));
            }
            self.write(&chunk)
                .await
                .map_err(|source| RegistryError::Output { digest: digest.clone(), source })?;
        }
        if self.written < size {
            let reason = format!("it ends after {} of {size} bytes", self.written);
            return Err(corrupt(reference, digest.clone(), reason));
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).await?;
        self.hash.update(bytes);
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Whether a part of the blob is the one that is missing.
    fn begins_here(&self, response: &Response) -> bool {
        let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        range
            .and_then(|range| range.trim().strip_prefix("bytes")?.trim().split_once('-')?.0.parse().ok())
            .is_some_and(|start: u64| start == self.written)
    }
}

fn corrupt(reference: &ImageReference, digest: Digest, reason: String) -> RegistryError {
    RegistryError::Corrupt { registry: reference.registry().to_owned(), digest, reason }
}
