//! The few atomic operations everything else is made of. The only file that knows `object_store`'s trait.

use std::sync::Arc;

use bytes::Bytes;
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
    name: String,
}

impl Store {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, name: String) -> Self {
        Self { inner, name }
    }

    /// The bucket's name for people: its path.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn inner(&self) -> &dyn ObjectStore {
        self.inner.as_ref()
    }

    /// Writes an object that must not exist yet: of all writers exactly one is told [`Created::Yes`].
    pub(crate) async fn create(&self, object: &str, body: impl Into<Bytes>) -> Result<Created, BucketError> {
        let payload = PutPayload::from_bytes(body.into());
        match self.inner.put_opts(&path(object), payload, PutMode::Create.into()).await {
            Ok(_) => Ok(Created::Yes),
            Err(StoreError::AlreadyExists { .. }) => Ok(Created::Existed),
            Err(error) => Err(self.error("write", object, error)),
        }
    }

    /// Writes an object whether it exists or not: for projections, leases and `tmp/` only.
    pub(crate) async fn overwrite(&self, object: &str, body: impl Into<Bytes>) -> Result<(), BucketError> {
        let payload = PutPayload::from_bytes(body.into());
        self.inner.put(&path(object), payload).await.map_err(|error| self.error("write", object, error))?;
        Ok(())
    }

    /// The whole object, or nothing where there is none.
    pub(crate) async fn get(&self, object: &str) -> Result<Option<Bytes>, BucketError> {
        match self.open(object, None).await? {
            Some(found) => Ok(Some(found.bytes().await.map_err(|error| self.error("read", object, error))?)),
            None => Ok(None),
        }
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

    /// Names and sizes of the objects directly in a folder, in the order of their names.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<Listed>, BucketError> {
        let found = self
            .inner
            .list_with_delimiter(Some(&path(folder)))
            .await
            .map_err(|error| self.error("list", folder, error))?;
        let mut listed: Vec<Listed> = found
            .objects
            .into_iter()
            .filter_map(|meta| Some(Listed { name: meta.location.filename()?.to_owned(), size: meta.size }))
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

/// A listed object: its name in the folder and its size in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) size: u64,
}

/// Pretty JSON, as every record is stored: people read buckets too.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    // Our own records have string keys and no failing serialisers.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

pub(crate) fn path(object: &str) -> ObjectPath {
    ObjectPath::from(object)
}
