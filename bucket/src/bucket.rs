//! A bucket that is there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use object_store::local::LocalFileSystem;

use crate::store::Store;
use crate::{BucketError, BucketUrl};

/// An open bucket. Cheap to clone; `Display` is its path.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(crate) store: Store,
    root: PathBuf,
    /// The store's clock minus ours, asked for once.
    pub(crate) clock: Arc<OnceLock<jiff::SignedDuration>>,
}

impl Bucket {
    /// Opens a bucket that exists.
    pub fn open(url: &BucketUrl) -> Result<Self, BucketError> {
        if url.path().is_file() {
            return Err(BucketError::Url { url: url.to_string(), reason: "it is a file".to_owned() });
        }
        let missing = || BucketError::NoSuchBucket { bucket: url.to_string() };
        if !url.path().is_dir() {
            return Err(missing());
        }
        let files = LocalFileSystem::new_with_prefix(url.path()).map_err(|_| missing())?;
        let store = Store::new(Arc::new(files.clone()), Arc::new(files.with_fsync(true)), url.to_string());
        Ok(Self::with_store(store, url.path().to_owned()))
    }

    pub(crate) fn with_store(store: Store, root: PathBuf) -> Self {
        Self { store, root, clock: Arc::default() }
    }

    /// Opens a bucket, making its folder where there is none.
    pub fn open_or_create(url: &BucketUrl) -> Result<Self, BucketError> {
        if !url.path().exists() {
            std::fs::DirBuilder::new()
                .recursive(true)
                .create(url.path())
                .map_err(|error| BucketError::of_store(&url.to_string(), "write", "", error))?;
        }
        Self::open(url)
    }

    /// The bucket's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// An object's place as a person or a pipeline on this machine spells it.
    pub fn place_of(&self, object: &str) -> String {
        self.root.join(object).display().to_string()
    }

    /// Removes a job's folder in `tmp/`.
    ///
    /// Links in it are removed, never followed: listing objects and deleting each would follow them out of the bucket.
    pub async fn remove_temporary(&self, id: &tmpl_template::JobId) -> Result<(), BucketError> {
        let folder = crate::layout::temporary(id);
        match tokio::fs::remove_dir_all(self.root.join(&folder)).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(BucketError::of_store(self.store.name(), "delete", &folder, error)),
        }
    }

    /// Makes a job's folder in `tmp/`: a program on this machine expects its temporary location to be there.
    pub async fn create_temporary(&self, id: &tmpl_template::JobId) -> Result<PathBuf, BucketError> {
        let folder = crate::layout::temporary(id);
        let path = self.root.join(&folder);
        tokio::fs::create_dir_all(&path)
            .await
            .map_err(|error| BucketError::of_store(self.store.name(), "write", &folder, error))?;
        Ok(path)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.store.name())
    }
}
