//! The few atomic operations everything else is made of. The only file that knows `object_store`'s trait.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use object_store::path::Path as ObjectPath;
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutPayload,
};

use crate::BucketError;

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
    name: String,
}

impl Store {
    /// `flushed` is the same store as `inner`, but what it has written outlives a loss of power.
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, flushed: Arc<dyn ObjectStore>, name: String) -> Self {
        Self { inner, flushed, name }
    }

    /// The bucket's name for people: its path.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn inner(&self) -> &dyn ObjectStore {
        self.inner.as_ref()
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
        match store.put_opts(&path(object), PutPayload::from_bytes(body), PutMode::Create.into()).await {
            Ok(_) => Ok(Created::Yes),
            Err(StoreError::AlreadyExists { .. }) => Ok(Created::Existed),
            Err(error) => Err(self.error("write", object, error)),
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
        let put = store.put(&path(object), PutPayload::from_bytes(body)).await;
        put.map(drop).map_err(|error| self.error("write", object, error))
    }

    /// The whole object, or nothing where there is none.
    pub(crate) async fn get(&self, object: &str) -> Result<Option<Bytes>, BucketError> {
        match self.open(object, None).await? {
            Some(found) => Ok(Some(found.bytes().await.map_err(|error| self.error("read", object, error))?)),
            None => Ok(None),
        }
    }

    /// The whole object, unless it has more bytes than that: then nothing of it is read.
    pub(crate) async fn get_at_most(&self, object: &str, limit: u64) -> Result<Option<Bytes>, BucketError> {
        let Some(found) = self.open(object, None).await? else { return Ok(None) };
        if found.meta.size > limit {
            return Err(self.too_large(object, found.meta.size, limit));
        }
        Ok(Some(found.bytes().await.map_err(|error| self.error("read", object, error))?))
    }

    /// An object's bytes from an offset on.
    pub(crate) async fn get_from(&self, object: &str, offset: u64) -> Result<Option<Bytes>, BucketError> {
        match self.open(object, Some(GetRange::Offset(offset))).await? {
            Some(found) => Ok(Some(found.bytes().await.map_err(|error| self.error("read", object, error))?)),
            None => Ok(None),
        }
    }

    pub(crate) async fn open(
        &self,
        object: &str,
        range: Option<GetRange>,
    ) -> Result<Option<GetResult>, BucketError> {
        let options = GetOptions { range, ..GetOptions::default() };
        match self.inner.get_opts(&path(object), options).await {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error("read", object, error)),
        }
    }

    pub(crate) async fn head(&self, object: &str) -> Result<Option<ObjectMeta>, BucketError> {
        match self.inner.head(&path(object)).await {
            Ok(meta) => Ok(Some(meta)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error("read", object, error)),
        }
    }

    /// The objects directly in a folder, in the order of their names.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<Listed>, BucketError> {
        let found = self
            .inner
            .list_with_delimiter(Some(&path(folder)))
            .await
            .map_err(|error| self.error("list", folder, error))?;
        let mut listed: Vec<Listed> = found
            .objects
            .into_iter()
            .filter_map(|meta| {
                Some(Listed {
                    name: meta.location.filename()?.to_owned(),
                    size: meta.size,
                    modified: modified(&meta),
                    stamp: stamp(meta),
                })
            })
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// Names of the folders directly in a folder, in order.
    pub(crate) async fn list_folders(&self, folder: &str) -> Result<Vec<String>, BucketError> {
        let found = self
            .inner
            .list_with_delimiter(Some(&path(folder)))
            .await
            .map_err(|error| self.error("list", folder, error))?;
        let mut names: Vec<String> =
            found.common_prefixes.iter().filter_map(|prefix| prefix.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    pub(crate) async fn delete(&self, object: &str) -> Result<(), BucketError> {
        match self.inner.delete(&path(object)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.error("delete", object, error)),
        }
    }

    /// A store error that names the object.
    pub(crate) fn error(&self, action: &'static str, object: &str, error: StoreError) -> BucketError {
        BucketError::of_store(&self.name, action, object, error)
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

/// A listed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The name in the folder.
    pub(crate) name: String,
    /// How many bytes.
    pub(crate) size: u64,
    /// When it was written, by the store's clock.
    pub(crate) modified: Timestamp,
    /// Another word after every write.
    pub(crate) stamp: String,
}

/// An opaque word that changes whenever an object is written again.
pub(crate) fn stamp(meta: ObjectMeta) -> String {
    meta.e_tag.unwrap_or_else(|| format!("{}-{}", meta.last_modified, meta.size))
}

/// When an object was written, by the store's clock.
pub(crate) fn modified(meta: &ObjectMeta) -> Timestamp {
    let (seconds, nanoseconds) =
        (meta.last_modified.timestamp(), meta.last_modified.timestamp_subsec_nanos());
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn path(object: &str) -> ObjectPath {
    ObjectPath::from(object)
}
