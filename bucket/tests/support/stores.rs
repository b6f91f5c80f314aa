//! A bucket on any store, each with a place of its own.

use tempfile::TempDir;
use tmpl_bucket::Bucket;
use tmpl_testing::{Place, Proxy, Store, shared};

/// Where a bucket can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    Memory,
    Server(Store),
}

/// An empty bucket.
pub(crate) struct Stored {
    pub(crate) bucket: Bucket,
    pub(crate) kind: Kind,
    /// What lies on this machine: the bucket's folder, or nothing but a test's own files.
    pub(crate) folder: TempDir,
    place: Option<Place>,
}

impl Stored {
    pub(crate) fn of(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (bucket, place) = match kind {
            Kind::Folder => (super::bucket(&folder, "bucket"), None),
            Kind::Memory => (Bucket::in_memory(), None),
            Kind::Server(store) => {
                let place = shared(store);
                (open(&place, &place.url()), Some(place))
            }
        };
        Self { bucket, kind, folder, place }
    }

    /// The same bucket as somebody else sees it, who knows nothing yet.
    pub(crate) fn again(&self) -> Bucket {
        match &self.place {
            Some(place) => open(place, &place.url()),
            // A memory has one owner.
            None => self
                .bucket
                .folder()
                .map_or_else(|| self.bucket.clone(), |_| Bucket::open(self.bucket.url()).unwrap()),
        }
    }

    /// The server's place. A bucket on no server has none.
    pub(crate) fn place(&self) -> &Place {
        self.place.as_ref().unwrap()
    }

    /// A proxy before the server, and the same bucket through it.
    pub(crate) fn through_proxy(&self) -> (Proxy, Bucket) {
        let place = self.place();
        let proxy = Proxy::start(place.server.endpoint());
        let bucket = open(place, &place.url_by(proxy.endpoint()));
        (proxy, bucket)
    }

    /// The same bucket as another user of the server sees it.
    pub(crate) fn by(&self, key: &str, secret: &str) -> Bucket {
        let variables = [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Bucket::open_with(&self.place().url().parse().unwrap(), &variables).unwrap()
    }
}

fn open(place: &Place, url: &str) -> Bucket {
    Bucket::open_with(&url.parse().unwrap(), &place.server.variables()).unwrap()
}

/// A folder of buckets' own: many ask the same question of a store of each of these two kinds.
pub(crate) const FOLDER_AND_SERVER: [Kind; 2] = [Kind::Folder, Kind::Server(Store::Minio)];
