//! For tests: a store that waits before its first change of one object, while something else happens.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::Bucket;

/// What happens before the first change.
type Meanwhile = Arc<Mutex<Option<BoxFuture<'static, ()>>>>;

struct SlowStore {
    files: LocalFileSystem,
    object: Path,
    meanwhile: Meanwhile,
}

/// The same bucket, seen by somebody whose first write or delete of `object` comes after all of `meanwhile`.
pub(crate) fn slow(bucket: &Bucket, object: &str, meanwhile: BoxFuture<'static, ()>) -> Bucket {
    let store = Arc::new(SlowStore {
        files: LocalFileSystem::new_with_prefix(bucket.folder().unwrap()).unwrap(),
        object: Path::from(object),
        meanwhile: Arc::new(Mutex::new(Some(meanwhile))),
    });
    Bucket::with_store(bucket.store.through(store), bucket.url().clone())
}

impl SlowStore {
    fn wait(meanwhile: &Meanwhile) -> BoxFuture<'static, ()> {
        let taken = meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.unwrap_or_else(|| futures::future::ready(()).boxed())
    }
}

impl fmt::Debug for SlowStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlowStore({})", self.object)
    }
}

impl fmt::Display for SlowStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// `async_trait` written out.
impl ObjectStore for SlowStore {
    fn put_opts<'a, 'b, 'f>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        'a: 'f,
        'b: 'f,
    {
        async move {
            if *location == self.object {
                Self::wait(&self.meanwhile).await;
            }
            self.files.put_opts(location, payload, options).await
        }
        .boxed()
    }

    fn put_multipart_opts<'a, 'b, 'f>(
        &'a self,
        location: &'b Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        'a: 'f,
        'b: 'f,
    {
        self.files.put_multipart_opts(location, options)
    }

    fn get_opts<'a, 'b, 'f>(
        &'a self,
        location: &'b Path,
        options: GetOptions,
    ) -> BoxFuture<'f, Result<GetResult>>
    where
        'a: 'f,
        'b: 'f,
    {
        self.files.get_opts(location, options)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (object, meanwhile) = (self.object.clone(), Arc::clone(&self.meanwhile));
        let locations = locations.and_then(move |location| {
            let wait = (location == object).then(|| Self::wait(&meanwhile));
            async move {
                futures::future::OptionFuture::from(wait).await;
                Ok(location)
            }
        });
        self.files.delete_stream(locations.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_delimiter<'a, 'b, 'f>(
        &'a self,
        prefix: Option<&'b Path>,
    ) -> BoxFuture<'f, Result<ListResult>>
    where
        'a: 'f,
        'b: 'f,
    {
        self.files.list_with_delimiter(prefix)
    }

    fn copy_opts<'a, 'b, 'c, 'f>(
        &'a self,
        from: &'b Path,
        to: &'c Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        'a: 'f,
        'b: 'f,
        'c: 'f,
    {
        self.files.copy_opts(from, to, options)
    }
}
