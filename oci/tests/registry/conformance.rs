//! What works with every registry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use oci_spec::image::{Descriptor, MediaType};
use tmpl_oci::registry::{
    BlobToPush, PushOutcome, PushedBlob, Registry, RegistryError, RegistryErrorKind, RegistryOptions,
};
use tmpl_oci::{Artifact, BlobSource};

use super::support::blob::{blob, client, descriptor, digest, image, no_progress, noise, options, reference};
use super::support::server::{Kind, Server};

fn uploaded(bytes: &Bytes) -> PushedBlob {
    PushedBlob { outcome: PushOutcome::Uploaded, bytes_sent: bytes.len() as u64 }
}

const EXISTING: PushedBlob = PushedBlob { outcome: PushOutcome::Existing, bytes_sent: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn blobs_are_sent_once_and_come_back_as_they_were() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let registry = client();
        let image = reference(&server.address, "some/app:v1");
        let contents =
            [noise(1, 3_000_000), noise(2, 1), noise(3, 65_536), Bytes::new(), noise(4, 1_048_576)];
        let blobs: Vec<BlobToPush> = contents.iter().map(blob).collect();

        let told = Arc::new(Mutex::new(vec![0; contents.len()]));
        let progress = {
            let told = Arc::clone(&told);
            Arc::new(move |place: usize, sent: u64| told.lock().unwrap()[place] = sent)
        };
        // In a task, which can move from thread to thread.
        let task = {
            let (registry, image, blobs) = (registry.clone(), image.clone(), blobs.clone());
            tokio::spawn(async move { registry.push_blobs(&image, &blobs, progress).await })
        };
        let pushed = task.await.unwrap().unwrap();
        // Of the blob without bytes a registry may have been sure before.
        let expected: Vec<PushedBlob> = contents.iter().map(uploaded).collect();
        assert_eq!(pushed, expected, "{kind:?}");
        let lengths: Vec<u64> = contents.iter().map(|bytes| bytes.len() as u64).collect();
        assert_eq!(*told.lock().unwrap(), lengths, "{kind:?}");

        let twice = noise(77, 2_000_000);
        let both = registry.push_blobs(&image, &[blob(&twice), blob(&twice)], Arc::new(|_, _| {})).await;
        assert_eq!(both.unwrap(), [uploaded(&twice), EXISTING], "{kind:?}");

        let again =
            registry.push_blobs(&image, &blobs, Arc::new(|_, _| panic!("nothing is sent"))).await.unwrap();
        assert_eq!(again, [EXISTING; 5], "{kind:?}");

        let folder = tempfile::tempdir().unwrap();
        for bytes in &contents {
            assert!(registry.has_blob(&image, &digest(bytes)).await.unwrap());
            let path = folder.path().join("blob");
            registry.pull_blob_to_file(&image, &descriptor(bytes), &path).await.unwrap();
            assert!(fs_err::read(&path).unwrap() == *bytes, "{kind:?}");
        }
        let missing = noise(9, 10);
        assert!(!registry.has_blob(&image, &digest(&missing)).await.unwrap());
        let path = folder.path().join("missing");
        let error = registry.pull_blob_to_file(&image, &descriptor(&missing), &path).await.unwrap_err();
        assert!(matches!(error, RegistryError::NoSuchBlob { .. }), "{kind:?}: {error}");
        assert!(!path.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_blobs_go_in_parts() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let parts = RegistryOptions { chunk_threshold: Some(1_000_000), chunk_size: 700_000, ..options() };
        let registry = Registry::new(parts).unwrap();
        let image = reference(&server.address, "app");
        for length in [1_000_000, 1_000_001, 2_100_000, 5_000_000] {
            let bytes = noise(length, usize::try_from(length).unwrap());
            let pushed = registry.push_blob(&image, &blob(&bytes), no_progress()).await.unwrap();
            assert_eq!(pushed, uploaded(&bytes), "{kind:?}");
            let mut read = Vec::new();
            client().pull_blob(&image, &descriptor(&bytes), &mut read).await.unwrap();
            assert!(read == bytes, "{kind:?}");
        }
        if kind == Kind::Debian {
            assert_eq!(server.log().matches("http.request.method=PATCH").count() % 13, 0);
            assert!(server.log().contains("http.request.method=PATCH"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_are_sent_from_files_and_parts_of_files() {
    let server = Server::start(Kind::Debian);
    let image = reference(&server.address, "app");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    let bytes = noise(7, 2_000_000);
    fs_err::write(&path, &bytes).unwrap();
    let part = bytes.slice(512..1_500_000);
    for (content, source) in [
        (bytes.clone(), BlobSource::file(path.clone())),
        (part, BlobSource::File { path: path.clone(), offset: 512 }),
        (
            noise(8, 300_000),
            BlobSource::Opened(Arc::new(|| Ok(Box::new(std::io::Cursor::new(noise(8, 300_000)))))),
        ),
    ] {
        let blob = BlobToPush { descriptor: descriptor(&content), source, mount_from: None };
        assert_eq!(client().push_blob(&image, &blob, no_progress()).await.unwrap(), uploaded(&content));
    }

    let changed = BlobToPush {
        descriptor: descriptor(&noise(10, 2_000_000)),
        source: BlobSource::file(path),
        mount_from: None,
    };
    let error = client().push_blob(&image, &changed, no_progress()).await.unwrap_err();
    assert!(error.to_string().contains("has changed: its bytes have the digest sha256:"), "{error}");
    assert_eq!(error.kind(), RegistryErrorKind::Environment);
    assert!(!client().has_blob(&image, changed.descriptor.digest()).await.unwrap());

    let rest = noise(12, 2_000_000);
    let short = BlobToPush {
        descriptor: Descriptor::new(MediaType::ImageLayer, 3_000_000, digest(&rest)),
        source: BlobSource::Bytes(rest),
        mount_from: None,
    };
    let error = client().push_blob(&image, &short, no_progress()).await.unwrap_err();
    assert!(error.to_string().contains("it ends before its 3000000 bytes"), "{error}");

    let gone = BlobToPush {
        descriptor: descriptor(&noise(11, 10)),
        source: BlobSource::file(folder.path().join("gone")),
        mount_from: None,
    };
    let error = client().push_blob(&image, &gone, no_progress()).await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Source { source, .. } if source.to_string().contains("gone")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_mounted_from_another_repository() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let (base, image) = (reference(&server.address, "base:1"), reference(&server.address, "team/app:1"));
        let bytes = noise(1, 2_000_000);
        client().push_blob(&base, &blob(&bytes), no_progress()).await.unwrap();
        let mounted = BlobToPush { mount_from: Some(base), ..blob(&bytes) };
        let pushed = client().push_blob(&image, &mounted, no_progress()).await.unwrap();
        let outcome = if kind.mounts() { PushOutcome::Mounted } else { PushOutcome::Existing };
        assert_eq!(pushed, PushedBlob { outcome, bytes_sent: 0 }, "{kind:?}");
        assert!(client().has_blob(&image, &digest(&bytes)).await.unwrap());

        // What is not there to be mounted is sent.
        let other = noise(2, 1_000_000);
        let empty = reference(&server.address, "empty");
        let from_empty = BlobToPush { mount_from: Some(empty), ..blob(&other) };
        let pushed = client().push_blob(&image, &from_empty, no_progress()).await.unwrap();
        assert_eq!(pushed, uploaded(&other), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_stands_for_a_manifest() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let registry = client();
        let name = reference(&server.address, "app:v1");
        assert_eq!(registry.head_manifest(&name).await.unwrap(), None, "{kind:?}");
        assert_eq!(registry.head_target(&name).await.unwrap(), None, "{kind:?}");
        let error = registry.manifest(&name).await.unwrap_err();
        assert_eq!(error.to_string(), format!("there is no image {name}"));

        let layer = noise(1, 100_000);
        let (manifest, config) = image(std::slice::from_ref(&layer));
        registry.push_blobs(&name, &[blob(&layer), blob(&config)], Arc::new(|_, _| {})).await.unwrap();
        let put = registry.put_manifest(&name, &MediaType::ImageManifest, manifest.clone()).await.unwrap();
        assert_eq!(put.digest, digest(&manifest));
        assert!(!put.subject_accepted);
        let expected = Descriptor::new(MediaType::ImageManifest, manifest.len() as u64, put.digest.clone());
        for name in [name.clone(), name.with_digest(put.digest.clone())] {
            assert_eq!(registry.head_manifest(&name).await.unwrap().as_ref(), Some(&expected), "{kind:?}");
            let raw = registry.manifest(&name).await.unwrap();
            assert_eq!(
                (raw.bytes.clone(), raw.descriptor()),
                (manifest.clone(), expected.clone()),
                "{kind:?}"
            );
        }

        // Another push came between: what it made of the tag stays.
        let (other, _) = image(&[layer.clone(), layer]);
        let moved = registry.put_manifest_if(&name, None, &MediaType::ImageManifest, other.clone()).await;
        assert_eq!(moved.unwrap_err().to_string(), format!("{name} was moved by another push meanwhile"));
        let before = Some(&put.digest);
        registry.put_manifest_if(&name, before, &MediaType::ImageManifest, other.clone()).await.unwrap();
        assert_eq!(registry.manifest(&name).await.unwrap().bytes, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_found_by_their_image() {
    for kind in Kind::ALL {
        let server = Server::start(kind);
        let registry = client();
        let name = reference(&server.address, "app:v1");
        let (manifest, config) = image(&[]);
        registry.push_blobs(&name, &[blob(&config)], Arc::new(|_, _| {})).await.unwrap();
        let put = registry.put_manifest(&name, &MediaType::ImageManifest, manifest).await.unwrap();
        let name = name.with_digest(put.digest);
        assert_eq!(registry.referrers(&name).await.unwrap().manifests().len(), 0, "{kind:?}");

        let artifact = |kind: &str| Artifact {
            artifact_type: MediaType::from(kind),
            media_type: MediaType::from(kind),
            bytes: Bytes::from(format!("{{\"{kind}\":1}}")),
            annotations: BTreeMap::from([("org.opencontainers.image.title".to_owned(), kind.to_owned())]),
        };
        let bill = artifact("application/spdx+json");
        let attached = registry.attach(&name, &bill).await.unwrap();
        assert_eq!(registry.attach(&name, &bill).await.unwrap(), attached, "{kind:?}");
        let provenance = registry.attach(&name, &artifact("application/vnd.in-toto+json")).await.unwrap();

        let mut listed = registry.referrers(&name).await.unwrap().manifests().clone();
        listed.sort_by_key(|entry| entry.artifact_type().as_ref().map(ToString::to_string));
        let digests: Vec<_> = listed.iter().map(|entry| entry.digest().clone()).collect();
        assert_eq!(digests, [attached.digest().clone(), provenance.digest().clone()], "{kind:?}");
        assert_eq!(listed[0].artifact_type(), attached.artifact_type(), "{kind:?}");

        let fallback = name.with_tag(&name.digest().unwrap().to_string().replace(':', "-")).unwrap();
        let tagged = registry.head_manifest(&fallback).await.unwrap();
        assert_eq!(tagged.is_none(), kind.lists_referrers(), "{kind:?}");

        let read = registry.manifest(&name.with_digest(attached.digest().clone())).await.unwrap();
        let read: oci_spec::image::ImageManifest = serde_json::from_slice(&read.bytes).unwrap();
        assert_eq!(read.subject().as_ref().map(|subject| subject.digest().clone()), name.digest().cloned());
        let mut content = Vec::new();
        registry.pull_blob(&name, &read.layers()[0], &mut content).await.unwrap();
        assert_eq!(content, bill.bytes);

        let unnamed = reference(&server.address, "app:v1");
        assert_eq!(registry.attach(&unnamed, &bill).await.unwrap_err().kind(), RegistryErrorKind::Usage);
    }
}
