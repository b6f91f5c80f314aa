//! fake-gcs-server as the client of `tmpl` sees it, which speaks Google's XML interface.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use futures::TryStreamExt;
use object_store::gcp::{GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig,
    StaticCredentialProvider, UpdateVersion,
};
use tmpl_testing::{Fault, Place, Proxy, Store, shared};

fn client(endpoint: &str) -> GoogleCloudStorage {
    GoogleCloudStorageBuilder::new()
        .with_bucket_name("tests")
        .with_config(GoogleConfigKey::BaseUrl, endpoint)
        .with_credentials(Arc::new(StaticCredentialProvider::new(GcpCredential { bearer: "any".to_owned() })))
        .with_client_options(object_store::ClientOptions::new().with_allow_http(true))
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
        .build()
        .unwrap()
}

fn place() -> (Place, GoogleCloudStorage) {
    let place = shared(Store::FakeGcs);
    let store = client(place.server.endpoint());
    (place, store)
}

async fn create(store: &GoogleCloudStorage, path: &Path, text: &'static str) -> Result<(), Error> {
    store.put_opts(path, PutPayload::from_static(text.as_bytes()), PutMode::Create.into()).await.map(|_| ())
}

async fn read(store: &GoogleCloudStorage, path: &Path) -> Vec<u8> {
    store.get(path).await.unwrap().bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn an_object_is_created_once_and_updated_by_who_has_seen_it() {
    let (place, store) = place();
    let path = Path::from(format!("{}/a folder/an+object&more", place.prefix));
    assert!(matches!(store.get(&path).await, Err(Error::NotFound { .. })));
    create(&store, &path, "first").await.unwrap();
    assert!(matches!(create(&store, &path, "second").await, Err(Error::AlreadyExists { .. })));
    assert_eq!(read(&store, &path).await, b"first");
    let head = store.head(&path).await.unwrap();
    assert_eq!(head.size, 5);
    let seen = UpdateVersion { e_tag: head.e_tag, version: head.version };
    let update = |text: &'static [u8]| {
        let options = PutOptions::from(PutMode::Update(seen.clone()));
        store.put_opts(&path, PutPayload::from_static(text), options)
    };
    update(b"third").await.unwrap();
    assert!(matches!(update(b"fourth").await, Err(Error::Precondition { .. })));
    assert_eq!(store.get_range(&path, 1..4).await.unwrap(), "hir");
    store.delete(&path).await.unwrap();
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_one_wins() {
    let (place, store) = place();
    let (path, store) = (Path::from(format!("{}/one", place.prefix)), Arc::new(store));
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (store, path) = (Arc::clone(&store), path.clone());
            tokio::spawn(async move { create(&store, &path, "mine").await.is_ok() })
        })
        .collect();
    let mut winners = 0;
    for task in tasks {
        winners += usize::from(task.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn parts_become_an_object_and_are_seen_by_nobody_before() {
    let (place, store) = place();
    let path = Path::from(format!("{}/big", place.prefix));
    let mut upload = store.put_multipart(&path).await.unwrap();
    let parts = [b'a', b'b', b'c'].map(|byte| PutPayload::from(vec![byte; 5 << 20]));
    for part in parts {
        upload.put_part(part).await.unwrap();
    }
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })));
    upload.complete().await.unwrap();
    let bytes = read(&store, &path).await;
    assert_eq!((bytes.len(), bytes[0], bytes[bytes.len() - 1]), (15 << 20, b'a', b'c'));
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, 15 << 20);
}

#[tokio::test]
async fn lists_and_copies() {
    let (place, store) = place();
    let path = |name: &str| Path::from(format!("{}/{name}", place.prefix));
    for name in ["a", "b", "folder/c", "folder/d & <e>"] {
        create(&store, &path(name), "text").await.unwrap();
    }
    let prefix = Path::from(place.prefix.clone());
    let names = async |offset: &str| {
        let objects = store.list_with_offset(Some(&prefix), &path(offset));
        let mut names: Vec<String> =
            objects.map_ok(|object| object.location.to_string()).try_collect().await.unwrap();
        names.sort();
        names
    };
    let expected = ["b", "folder/c", "folder/d & <e>"].map(|name| path(name).to_string());
    assert_eq!(names("a").await, expected);
    let level = store.list_with_delimiter(Some(&prefix)).await.unwrap();
    assert_eq!(level.common_prefixes, [path("folder")]);
    assert_eq!(level.objects.len(), 2);
    store.copy(&path("folder/c"), &path("copy")).await.unwrap();
    assert_eq!(read(&store, &path("copy")).await, b"text");
    let refused = store.copy_if_not_exists(&path("a"), &path("copy")).await;
    assert!(matches!(refused, Err(Error::AlreadyExists { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_proxy_stands_before_it() {
    let (place, _) = place();
    let proxy = Proxy::start(place.server.endpoint());
    let store = client(proxy.endpoint());
    let path = Path::from(format!("{}/one", place.prefix));
    proxy.fault_once("PUT", &place.prefix, Fault::LostAnswer);
    create(&store, &path, "mine").await.unwrap_err();
    assert!(matches!(create(&store, &path, "mine").await, Err(Error::AlreadyExists { .. })));
    assert_eq!(proxy.requests().len(), 2);
}
