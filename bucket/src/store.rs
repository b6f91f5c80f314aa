//! The few atomic operations everything else is made of. The only file that knows `object_store`'s trait.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, TagSet,
};

use crate::BucketError;
use crate::listed::Listed;
use crate::ordered_names;
use crate::repetition::Repetitions;
use crate::store_error::{is_passing, is_wordless};

/// What a create-only write found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// The object is ours.
    Yes,
    /// Somebody was there before; nothing was written.
    Existed,
}

/// An object store and the name it has for people.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    inner: Arc<dyn ObjectStore>,
    flushed: Arc<dyn ObjectStore>,
    kind: Kind,
    name: String,
    tags: TagSet,
    /// How create-only writes are done here, or why they can't be, once that is known.
    pub(crate) known_create_only: Arc<tokio::sync::OnceCell<Result<CreateOnly, String>>>,
}

/// Who sees to it that an object is created once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CreateOnly {
    /// The store: it refuses all writers but the first.
    Enforced,
    /// Somebody, by their word that there is one writer at a time: it asks whether the object is there, and writes.
    SingleWriter,
}

/// What differs between stores beside their clients.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Files below this folder: they are not listed in order.
    Folder(PathBuf),
    /// A server: its answers may be lost when it has done what it was asked.
    Server,
    /// This process's memory.
    Memory,
}

impl Store {
    /// Files in a folder. What is written flushed outlives a loss of power.
    pub(crate) fn local(files: LocalFileSystem, folder: &Path, name: String) -> Self {
        let flushed = Arc::new(files.clone().with_fsync(true));
        Self { flushed, ..Self::new(Arc::new(files), Kind::Folder(folder.to_owned()), name) }
    }

    /// A server's store.
    #[cfg(feature = "remote-client")]
    pub(crate) fn remote(store: Arc<dyn ObjectStore>, name: String, tags: TagSet) -> Self {
        Self { tags, ..Self::new(store, Kind::Server, name) }
    }

    /// A store in memory.
    pub(crate) fn memory(store: Arc<dyn ObjectStore>, name: String) -> Self {
        Self::new(store, Kind::Memory, name)
    }

    /// For tests: the same store, but every operation goes through another client.
    #[cfg(test)]
    pub(crate) fn through(&self, client: Arc<dyn ObjectStore>) -> Self {
        Self { inner: Arc::clone(&client), flushed: client, ..self.clone() }
    }

    fn new(store: Arc<dyn ObjectStore>, kind: Kind, name: String) -> Self {
        let (inner, flushed) = (Arc::clone(&store), store);
        Self { inner, flushed, kind, name, tags: TagSet::default(), known_create_only: Arc::default() }
    }

    /// Whether the store is a server.
    pub(crate) fn is_server(&self) -> bool {
        self.kind == Kind::Server
    }

    /// The bucket's name for people: its path.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes an object that must not exist yet: of all writers exactly one is told [`Created::Yes`], and what it wrote
    /// outlives a loss of power.
    pub(crate) async fn create(&self, object: &str, body: impl Into<Bytes>) -> Result<Created, BucketError> {
        self.create_on(self.flushed.as_ref(), object, body.into()).await
    }

    /// [`create`](Self::create) for what is written often, and worth little once the machine stopped: events, log segments.
    pub(crate) async fn create_unflushed(
        &self,
        object: &str,
        body: impl Into<Bytes>,
    ) -> Result<Created, BucketError> {
        self.create_on(self.inner.as_ref(), object, body.into()).await
    }

    async fn create_on(
        &self,
        store: &dyn ObjectStore,
        object: &str,
        body: Bytes,
    ) -> Result<Created, BucketError> {
        if self.create_only().await? == CreateOnly::SingleWriter {
            if self.head(object).await?.is_some() {
                return Ok(Created::Existed);
            }
            return self.overwrite_on(store, object, body).await.map(|()| Created::Yes);
        }
        let mut repetitions = Repetitions::new();
        loop {
            let put = store.put_opts(&path(object), payload(&body), self.options(PutMode::Create)).await;
            let error = match put {
                Ok(_) => return Ok(Created::Yes),
                Err(StoreError::AlreadyExists { .. }) if !self.is_server() => return Ok(Created::Existed),
                Err(error) => error,
            };
            let is_taken = matches!(error, StoreError::AlreadyExists { .. });
            let is_lost = self.is_server() && is_passing(&error);
            if !is_taken && !is_lost {
                return Err(self.error("write", object, error));
            }
            // The answer to a write may be lost, and the write then be tried again: what it finds there is its own. Records are
            // never equal by chance, and where they are it does not matter whose they were.
            match self.get_at_most(object, body.len() as u64).await {
                Ok(Some(there)) if there == body => return Ok(Created::Yes),
                Ok(Some(_)) | Err(BucketError::TooLarge { .. }) => return Ok(Created::Existed),
                // Some stores refuse one of two writers at the same moment although neither has written yet.
                Ok(None) => {}
                Err(error) => return Err(error),
            }
            let Some(pause) = repetitions.pause() else { return Err(self.error("write", object, error)) };
            tokio::time::sleep(pause).await;
        }
    }

    /// A create-only write as the store does it, whatever is known of the store: whether it says that the object is ours.
    pub(crate) async fn create_raw(&self, object: &str, body: String) -> Result<bool, BucketError> {
        let body = Bytes::from(body);
        let location = path(object);
        let put = self
            .persistently(|| self.inner.put_opts(&location, payload(&body), self.options(PutMode::Create)));
        match put.await {
            Ok(_) => Ok(true),
            // An answer may have been lost, and the write tried again.
            Err(StoreError::AlreadyExists { .. }) => {
                Ok(self.is_server() && self.get(object).await?.is_some_and(|there| there == body))
            }
            Err(error) => Err(self.error("write", object, error)),
        }
    }

    fn options(&self, mode: PutMode) -> PutOptions {
        PutOptions { mode, tags: self.tags.clone(), ..PutOptions::default() }
    }

    /// Begins to write an object in parts; it is there, whatever was there before, once that is completed.
    pub(crate) async fn put_in_parts(&self, object: &str) -> Result<Box<dyn MultipartUpload>, BucketError> {
        let options = PutMultipartOptions { tags: self.tags.clone(), ..PutMultipartOptions::default() };
        let location = path(object);
        let begun = self.persistently(|| self.inner.put_multipart_opts(&location, options.clone())).await;
        begun.map_err(|error| self.error("write", object, error))
    }

    /// Does something that may be done twice: again, where its answer was cut off.
    async fn persistently<T, Doing>(&self, act: impl Fn() -> Doing) -> object_store::Result<T>
    where
        Doing: Future<Output = object_store::Result<T>>,
    {
        let mut repetitions = Repetitions::new();
        loop {
            let done = act().await;
            match &done {
                Err(error) if self.is_server() && is_passing(error) => match repetitions.pause() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return done,
                },
                _ => return done,
            }
        }
    }

    /// Writes a record that must not exist yet.
    pub(crate) async fn create_json(
        &self,
        object: &str,
        record: &impl serde::Serialize,
    ) -> Result<Created, BucketError> {
        self.create(object, self.json(object, record)?).await
    }

    /// Writes an object whose name is the digest of its bytes: one that is there already stays, unless it is damaged.
    pub(crate) async fn create_content(&self, object: &str, body: Bytes) -> Result<(), BucketError> {
        if self.create(object, body.clone()).await? == Created::Existed {
            let there = self.get_at_most(object, body.len() as u64).await;
            if !matches!(there, Ok(Some(there)) if there == body) {
                self.overwrite(object, body).await?;
            }
        }
        Ok(())
    }

    /// Writes an object whether it exists or not, for projections and damaged content only.
    pub(crate) async fn overwrite(&self, object: &str, body: impl Into<Bytes>) -> Result<(), BucketError> {
        self.overwrite_on(self.flushed.as_ref(), object, body.into()).await
    }

    /// [`overwrite`](Self::overwrite) for leases, compacted logs and `tmp/`.
    pub(crate) async fn overwrite_unflushed(
        &self,
        object: &str,
        body: impl Into<Bytes>,
    ) -> Result<(), BucketError> {
        self.overwrite_on(self.inner.as_ref(), object, body.into()).await
    }

    async fn overwrite_on(
        &self,
        store: &dyn ObjectStore,
        object: &str,
        body: Bytes,
    ) -> Result<(), BucketError> {
        let location = path(object);
        let put =
            self.persistently(|| store.put_opts(&location, payload(&body), self.options(PutMode::Overwrite)));
        put.await.map(drop).map_err(|error| self.error("write", object, error))
    }

    /// The whole object, or nothing where there is none.
    pub(crate) async fn get(&self, object: &str) -> Result<Option<Bytes>, BucketError> {
        self.read(object, None, u64::MAX).await
    }

    /// The whole object, unless it has more bytes than that: then nothing of it is read.
    pub(crate) async fn get_at_most(&self, object: &str, limit: u64) -> Result<Option<Bytes>, BucketError> {
        self.read(object, None, limit).await
    }

    /// An object's bytes from an offset on; none where it ends before.
    pub(crate) async fn get_from(&self, object: &str, offset: u64) -> Result<Option<Bytes>, BucketError> {
        // Some stores refuse a range of all there is.
        self.read(object, (offset > 0).then_some(GetRange::Offset(offset)), u64::MAX).await
    }

    /// At most `most` of an object's bytes from an offset on; none where it ends before.
    pub(crate) async fn get_part(
        &self,
        object: &str,
        offset: u64,
        most: u64,
    ) -> Result<Option<Bytes>, BucketError> {
        if most == 0 {
            return Ok(Some(Bytes::new()));
        }
        self.read(object, Some(GetRange::Bounded(offset..offset.saturating_add(most))), u64::MAX).await
    }

    async fn read(
        &self,
        object: &str,
        range: Option<GetRange>,
        limit: u64,
    ) -> Result<Option<Bytes>, BucketError> {
        let options = GetOptions { range, ..GetOptions::default() };
        let location = path(object);
        let read = self.persistently(|| async {
            let found = self.inner.get_opts(&location, options.clone()).await?;
            let size = found.meta.size;
            if size > limit { Ok(Err(size)) } else { found.bytes().await.map(Ok) }
        });
        match read.await {
            Ok(Ok(bytes)) => Ok(Some(bytes)),
            Ok(Err(size)) => Err(self.too_large(object, size, limit)),
            Err(error) => self.nothing("read", object, error),
        }
    }

    /// Opens an object to be read from its beginning.
    pub(crate) async fn open(&self, object: &str) -> Result<Option<GetResult>, BucketError> {
        let location = path(object);
        match self.persistently(|| self.inner.get(&location)).await {
            Ok(found) => Ok(Some(found)),
            Err(error) => self.nothing("read", object, error),
        }
    }

    pub(crate) async fn head(&self, object: &str) -> Result<Option<ObjectMeta>, BucketError> {
        let location = path(object);
        let asked = self.persistently(|| async {
            match self.inner.head(&location).await {
                // Such an answer has no body, and so no words: why it is refused, a read is told.
                Err(error) if self.is_server() && is_wordless(&error) => {
                    self.inner.get(&location).await.map(|found| found.meta)
                }
                asked => asked,
            }
        });
        match asked.await {
            Ok(meta) => Ok(Some(meta)),
            Err(error) => self.nothing("read", object, error),
        }
    }

    /// An object that is not there is no failure.
    fn nothing<T>(
        &self,
        action: &'static str,
        object: &str,
        error: StoreError,
    ) -> Result<Option<T>, BucketError> {
        match error {
            StoreError::NotFound { .. } if !crate::store_error::names_no_bucket(&error) => Ok(None),
            error => Err(self.error(action, object, error)),
        }
    }

    /// The objects directly in a folder, in the order of their names.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<Listed>, BucketError> {
        Ok(self.list_whole(folder).await?.1)
    }

    /// The numbers of the records in a folder (`<n>.json`), in order.
    pub(crate) async fn numbers<N: FromStr + Ord>(&self, folder: &str) -> Result<Vec<N>, BucketError> {
        let listed = self.list(folder).await?;
        let mut numbers: Vec<N> =
            listed.iter().filter_map(|listed| listed.name.strip_suffix(".json")?.parse().ok()).collect();
        // Not all have as many digits.
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Names of the folders directly in a folder, in order.
    pub(crate) async fn list_folders(&self, folder: &str) -> Result<Vec<String>, BucketError> {
        Ok(self.list_whole(folder).await?.0)
    }

    /// What is directly in a folder, by one listing: names of folders, and objects, each in the order of their names.
    pub(crate) async fn list_whole(&self, folder: &str) -> Result<(Vec<String>, Vec<Listed>), BucketError> {
        let location = path(folder);
        let found = self.persistently(|| self.inner.list_with_delimiter(Some(&location))).await;
        let found = found.map_err(|error| self.error("list", folder, error))?;
        let name = |prefix: &ObjectPath| prefix.filename().map(str::to_owned);
        let mut folders: Vec<String> = found.common_prefixes.iter().filter_map(name).collect();
        folders.sort();
        let mut objects: Vec<Listed> = found.objects.into_iter().filter_map(Listed::new).collect();
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((folders, objects))
    }

    /// Everything below a folder, however deep, in no order: path, size and time.
    pub(crate) async fn list_below(&self, folder: &str) -> Result<Vec<ObjectMeta>, BucketError> {
        let listed = self.persistently(|| self.inner.list(Some(&path(folder))).try_collect::<Vec<_>>()).await;
        listed.map_err(|error| self.error("list", folder, error))
    }

    /// The paths of everything in the folders of a folder, in order, from after a path on. Read as far as the stream is.
    pub(crate) fn names_in_order(
        &self,
        folder: &str,
        after: Option<&str>,
    ) -> BoxStream<'static, Result<String, BucketError>> {
        if let Kind::Folder(root) = &self.kind {
            let (name, listed) = (self.name.clone(), folder.to_owned());
            let names = ordered_names::in_order(root.clone(), folder.to_owned(), after.map(str::to_owned));
            return names.map_err(move |error| BucketError::of_store(&name, "list", &listed, error)).boxed();
        }
        let (store, listed) = (self.clone(), folder.to_owned());
        let prefix = path(folder);
        let found = match after {
            Some(after) => self.inner.list_with_offset(Some(&prefix), &path(after)),
            None => self.inner.list(Some(&prefix)),
        };
        let after = after.map(path);
        found
            .map_ok(|meta| meta.location)
            // Some stores begin with the path itself, or take no notice of it.
            .try_filter(move |location| {
                futures::future::ready(after.as_ref().is_none_or(|after| location > after))
            })
            .map(move |location| match location {
                Ok(location) => Ok(location.to_string()),
                Err(error) => Err(store.error("list", &listed, error)),
            })
            .boxed()
    }

    pub(crate) async fn delete(&self, object: &str) -> Result<(), BucketError> {
        let location = path(object);
        match self.persistently(|| self.inner.delete(&location)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error("delete", object, error)),
        }
    }

    /// Deletes objects, many in one request where the store can.
    pub(crate) async fn delete_all(&self, objects: Vec<ObjectPath>) -> Result<(), BucketError> {
        let mut repetitions = Repetitions::new();
        loop {
            let locations = futures::stream::iter(objects.clone()).map(Ok).boxed();
            let mut deleted = self.inner.delete_stream(locations);
            let mut failure = None;
            while let Some(one) = deleted.next().await {
                if let Err(error) = one
                    && !matches!(error, StoreError::NotFound { .. })
                {
                    failure = Some(error);
                    break;
                }
            }
            let Some(error) = failure else { return Ok(()) };
            match repetitions.pause() {
                Some(pause) if self.is_server() && is_passing(&error) => tokio::time::sleep(pause).await,
                _ => return Err(self.error("delete", "", error)),
            }
        }
    }

    /// Deletes everything below a folder.
    pub(crate) async fn delete_below(&self, folder: &str) -> Result<(), BucketError> {
        let found = self.list_below(folder).await?.into_iter().map(|meta| meta.location).collect::<Vec<_>>();
        if found.is_empty() { Ok(()) } else { self.delete_all(found).await }
    }

    /// A store error that names the object.
    pub(crate) fn error(&self, action: &'static str, object: &str, error: StoreError) -> BucketError {
        BucketError::of_object_store(&self.name, action, object, error)
    }

    /// An object that can't be read as what it should be.
    pub(crate) fn malformed(&self, object: &str, reason: impl std::fmt::Display) -> BucketError {
        BucketError::Malformed {
            bucket: self.name.clone(),
            object: object.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// An object with more bytes than are read of its kind.
    pub(crate) fn too_large(&self, object: &str, size: u64, limit: u64) -> BucketError {
        BucketError::TooLarge { bucket: self.name.clone(), object: object.to_owned(), size, limit }
    }

    /// Pretty JSON, as every record is stored: people read buckets too.
    pub(crate) fn json(&self, object: &str, record: &impl serde::Serialize) -> Result<Vec<u8>, BucketError> {
        let json = serde_json::to_vec_pretty(record);
        json.map_err(|error| BucketError::of_store(&self.name, "write", object, error))
    }

    /// Reads a JSON object, or nothing where there is none.
    pub(crate) async fn get_json<T: serde::de::DeserializeOwned>(
        &self,
        object: &str,
    ) -> Result<Option<T>, BucketError> {
        match self.get(object).await? {
            Some(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|error| self.malformed(object, error))
            }
            None => Ok(None),
        }
    }
}

pub(crate) fn path(object: &str) -> ObjectPath {
    ObjectPath::from(object)
}

fn payload(body: &Bytes) -> PutPayload {
    PutPayload::from_bytes(body.clone())
}
