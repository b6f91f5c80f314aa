//! Blobs to push, and a client to push them with.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, MediaType};
use sha2::{Digest as _, Sha256};
use tmpl_oci::registry::{BlobToPush, CredentialSources, Registry, RegistryOptions};
use tmpl_oci::{BlobSource, ImageReference};

/// Bytes that do not repeat, the same for the same seed.
pub(crate) fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

pub(crate) fn digest(bytes: &[u8]) -> Digest {
    let hex = Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("sha256:{hex}").parse().unwrap()
}

pub(crate) fn descriptor(bytes: &[u8]) -> Descriptor {
    Descriptor::new(MediaType::ImageLayerGzip, bytes.len() as u64, digest(bytes))
}

pub(crate) fn blob(bytes: &Bytes) -> BlobToPush {
    BlobToPush { descriptor: descriptor(bytes), source: BlobSource::Bytes(bytes.clone()), mount_from: None }
}

pub(crate) fn reference(registry: &str, rest: &str) -> ImageReference {
    format!("{registry}/{rest}").parse().unwrap()
}

/// Options under which a test does not wait long and sees no one's credentials.
pub(crate) fn options() -> RegistryOptions {
    RegistryOptions {
        credentials: CredentialSources::none(),
        retry_budget: Duration::from_secs(20),
        idle_timeout: Duration::from_secs(20),
        ..RegistryOptions::default()
    }
}

pub(crate) fn client() -> Registry {
    Registry::new(options()).unwrap()
}

/// A client that gives up soon.
pub(crate) fn impatient() -> Registry {
    let second = Duration::from_secs(1);
    Registry::new(RegistryOptions { retry_budget: second, idle_timeout: second, ..options() }).unwrap()
}

pub(crate) fn no_progress() -> Arc<tmpl_oci::registry::Progress> {
    Arc::new(|_| {})
}

/// The manifest of an image with these layers, and its configuration.
pub(crate) fn image(layers: &[Bytes]) -> (Bytes, Bytes) {
    let config = Bytes::from(
        r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"#,
    );
    let plain = |media_type: &MediaType, bytes: &Bytes| serde_json::json!({"mediaType": media_type.to_string(), "digest": digest(bytes).to_string(), "size": bytes.len()});
    let layers: Vec<_> = layers.iter().map(|layer| plain(&MediaType::ImageLayerGzip, layer)).collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MediaType::ImageManifest.to_string(),
        "config": plain(&MediaType::ImageConfig, &config),
        "layers": layers,
    });
    (manifest.to_string().into(), config)
}
