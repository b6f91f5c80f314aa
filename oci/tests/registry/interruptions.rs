//! Connections that break: the rest is sent, not all of it.

use std::sync::{Arc, Mutex};

use tmpl_oci::registry::{Registry, RegistryOptions};

use super::support::blob::{blob, client, descriptor, no_progress, noise, options, reference};
use super::support::proxy::{Cut, Proxy};
use super::support::server::{Kind, Server};

const SIZE: usize = 50_000_000;
const CUT: u64 = 5_000_000;

/// A tenth more than there is.
fn most(size: usize) -> u64 {
    size as u64 / 10 * 11
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_cut_again_and_again_sends_little_twice() {
    let bytes = [noise(50, SIZE), noise(51, SIZE)];
    for (kind, chunk_threshold) in [
        (Kind::Distribution, None),
        (Kind::Distribution, Some(10_000_000)),
        // It forgets what it got when a connection breaks: one loss, and then parts that get through.
        (Kind::Debian, None),
        (Kind::Debian, Some(10_000_000)),
    ] {
        let server = Server::start(kind);
        let proxy = Proxy::start(&server.address, Cut { upwards: Some(CUT), ..Cut::default() });
        let options = RegistryOptions { chunk_threshold, chunk_size: 8_000_000, ..options() };
        let registry = Registry::new(options).unwrap();
        let image = reference(&proxy.address, "app");
        for bytes in &bytes {
            let told = Arc::new(Mutex::new(Vec::new()));
            let progress = {
                let told = Arc::clone(&told);
                Arc::new(move |sent| told.lock().unwrap().push(sent))
            };
            let pushed = registry.push_blob(&image, &blob(bytes), progress).await;
            pushed.unwrap_or_else(|error| panic!("{kind:?} {chunk_threshold:?}: {error:?}"));
            assert_eq!(told.lock().unwrap().last(), Some(&(SIZE as u64)));
        }
        assert!(proxy.cuts() > 0);
        assert!(proxy.up() <= most(2 * SIZE), "{kind:?} {chunk_threshold:?}: {} bytes", proxy.up());

        let image = reference(&server.address, "app");
        for bytes in &bytes {
            let mut read = Vec::new();
            client().pull_blob(&image, &descriptor(bytes), &mut read).await.unwrap();
            assert!(read == *bytes, "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_are_sent_together_are_cut_together() {
    for (kind, allowed) in [(Kind::Distribution, 110), (Kind::Debian, 150)] {
        let server = Server::start(kind);
        let proxy = Proxy::start(&server.address, Cut { upwards: Some(CUT), ..Cut::default() });
        let contents = [60, 61, 62, 63, 64, 65].map(|seed| noise(seed, 8_000_000));
        let image = reference(&proxy.address, "app");
        let blobs = contents.each_ref().map(blob);
        client().push_blobs(&image, &blobs, Arc::new(|_, _| {})).await.unwrap();
        assert!(proxy.cuts() > 0);
        assert!(proxy.up() <= 6 * 8_000_000 * allowed / 100, "{kind:?}: {} bytes", proxy.up());
        let image = reference(&server.address, "app");
        for bytes in &contents {
            let mut read = Vec::new();
            client().pull_blob(&image, &descriptor(bytes), &mut read).await.unwrap();
            assert!(read == *bytes, "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_cut_again_and_again_reads_little_twice() {
    let bytes = noise(51, SIZE);
    for kind in [Kind::Debian, Kind::Distribution] {
        let server = Server::start(kind);
        let direct = reference(&server.address, "app");
        client().push_blob(&direct, &blob(&bytes), no_progress()).await.unwrap();
        let proxy = Proxy::start(&server.address, Cut { downwards: Some(CUT), ..Cut::default() });
        let image = reference(&proxy.address, "app");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        client().pull_blob_to_file(&image, &descriptor(&bytes), &path).await.unwrap();
        assert!(fs_err::read(&path).unwrap() == bytes, "{kind:?}");
        assert!(proxy.cuts() >= 9, "{} cuts", proxy.cuts());
        assert!(proxy.down() <= most(SIZE), "{kind:?}: {} bytes for {SIZE}", proxy.down());
    }
}

/// It has no ranges for blobs: what is there already comes again, and is not written twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_ranges_is_read_from_the_beginning() {
    let bytes = noise(52, 3_000_000);
    let server = Server::start(Kind::Ferro);
    let direct = reference(&server.address, "app");
    client().push_blob(&direct, &blob(&bytes), no_progress()).await.unwrap();
    let proxy = Proxy::start(&server.address, Cut { downwards: Some(2_000_000), ..Cut::default() });
    let image = reference(&proxy.address, "app");
    let options = RegistryOptions { retry_budget: std::time::Duration::from_secs(2), ..options() };
    let error = Registry::new(options).unwrap().pull_blob(&image, &descriptor(&bytes), &mut Vec::new()).await;
    assert!(error.unwrap_err().to_string().contains("broke"));
    assert!(proxy.cuts() > 1);
}
