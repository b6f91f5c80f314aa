//! Objects as they lie in the store, for tests of all stores alike: what a pipeline writes itself, and what others damage.

use bytes::Bytes;

use crate::{Bucket, BucketError};

#[doc(hidden)]
impl Bucket {
    /// Writes an object, whatever lies there.
    pub async fn write_object(&self, object: &str, body: impl Into<Bytes>) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(object, body).await
    }

    /// An object's bytes, or nothing where there is none.
    pub async fn read_object(&self, object: &str) -> Result<Option<Bytes>, BucketError> {
        self.store.get(object).await
    }

    /// The paths of everything below a folder, in order.
    pub async fn objects_below(&self, folder: &str) -> Result<Vec<String>, BucketError> {
        let found = self.store.list_below(folder).await?;
        let mut paths: Vec<String> = found.into_iter().map(|meta| meta.location.to_string()).collect();
        paths.sort();
        Ok(paths)
    }

    /// Deletes an object, if there is one.
    pub async fn remove_object(&self, object: &str) -> Result<(), BucketError> {
        self.store.delete(object).await
    }

    /// A create-only write: whether the object is ours.
    pub async fn create_object(&self, object: &str, body: impl Into<Bytes>) -> Result<bool, BucketError> {
        Ok(self.store.create(object, body).await? == crate::store::Created::Yes)
    }
}
