//! A bucket that is there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
#[cfg(feature = "remote-client")]
use object_store::{path::Path as ObjectPath, prefix::PrefixStore};
use tmpl_template::JobId;

#[cfg(feature = "remote-client")]
use crate::remote::{Remote, Variables};
use crate::store::Store;
use crate::upload_budget::UploadBudget;
use crate::url::Scheme;
use crate::{AskEngine, BucketError, BucketUrl, layout};

/// An open bucket. Cheap to clone; `Display` is its name: a path, or an address without options.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(crate) store: Store,
    url: BucketUrl,
    /// What the pipeline's program needs in its environment to reach the same store.
    variables: Arc<Vec<(&'static str, String)>>,
    credentials: Arc<str>,
    #[cfg(feature = "remote-client")]
    profile: Option<Arc<crate::remote::ProfileCredentials>>,
    /// The store's clock minus ours, asked for once.
    pub(crate) clock: Arc<OnceLock<jiff::SignedDuration>>,
    pub(crate) budget: UploadBudget,
    /// Who can ask the engines that jobs run on.
    pub(crate) engines: Option<Arc<dyn AskEngine>>,
}

impl Bucket {
    /// Opens a bucket. A folder must be there; a store is not asked before something is wanted of it.
    pub fn open(url: &BucketUrl) -> Result<Self, BucketError> {
        Self::open_with(url, &[])
    }

    /// [`open`](Self::open) by variables that come before those of this process's environment. For tests: a process can't change its
    /// own.
    #[doc(hidden)]
    pub fn open_with(url: &BucketUrl, variables: &[(String, String)]) -> Result<Self, BucketError> {
        match url.folder() {
            Some(folder) => Self::open_folder(url, folder),
            None => Self::connect(url, variables),
        }
    }

    fn open_folder(url: &BucketUrl, folder: &Path) -> Result<Self, BucketError> {
        if folder.is_file() {
            return Err(BucketError::Url { url: url.to_string(), reason: "it is a file".to_owned() });
        }
        let missing = || BucketError::NoSuchBucket { bucket: url.to_string() };
        if !folder.is_dir() {
            return Err(missing());
        }
        let files = LocalFileSystem::new_with_prefix(folder).map_err(|_| missing())?;
        let store = Store::local(files, folder, url.name());
        Ok(Self::with_store(store, url.clone()))
    }

    #[cfg(feature = "remote-client")]
    fn connect(url: &BucketUrl, variables: &[(String, String)]) -> Result<Self, BucketError> {
        let Some(remote) = url.remote() else { return Err(Self::unknown(url)) };
        let connected = Remote::connect(remote, Variables(variables))?;
        let prefixed = PrefixStore::new(connected.store, ObjectPath::from(remote.prefix.as_str()));
        let store = Store::remote(Arc::new(prefixed), url.name(), connected.tags);
        let mut bucket = Self::with_store(store, url.clone());
        bucket.variables = Arc::new(connected.variables);
        bucket.credentials = connected.credentials.into();
        bucket.profile = connected.profile;
        Ok(bucket)
    }

    #[cfg(not(feature = "remote-client"))]
    fn connect(url: &BucketUrl, _: &[(String, String)]) -> Result<Self, BucketError> {
        Err(Self::unknown(url))
    }

    fn unknown(url: &BucketUrl) -> BucketError {
        let reason = "this program was built for buckets that are folders".to_owned();
        BucketError::Url { url: url.name(), reason }
    }

    /// A bucket in this process's memory, for tests: gone with it.
    pub fn in_memory() -> Self {
        let url = BucketUrl::memory();
        Self::with_store(Store::memory(Arc::new(InMemory::new()), url.name()), url)
    }

    pub(crate) fn with_store(store: Store, url: BucketUrl) -> Self {
        Self {
            store,
            url,
            variables: Arc::default(),
            credentials: "the user's rights to the folder".into(),
            #[cfg(feature = "remote-client")]
            profile: None,
            clock: Arc::default(),
            budget: UploadBudget::default(),
            engines: None,
        }
    }

    /// The same bucket, with somebody who can ask engines how jobs stand whose launcher is gone.
    #[must_use]
    pub fn asking(mut self, engines: Arc<dyn AskEngine>) -> Self {
        self.engines = Some(engines);
        self
    }

    /// Opens a bucket, making its folder where there is none.
    pub fn open_or_create(url: &BucketUrl) -> Result<Self, BucketError> {
        if let Some(folder) = url.folder().filter(|folder| !folder.exists()) {
            std::fs::DirBuilder::new()
                .recursive(true)
                .create(folder)
                .map_err(|error| BucketError::of_store(&url.name(), "write", "", error))?;
        }
        Self::open(url)
    }

    /// The bucket's address: whoever parses it opens the same bucket.
    pub fn url(&self) -> &BucketUrl {
        &self.url
    }

    /// The bucket's folder, if it is one on this machine.
    pub fn folder(&self) -> Option<&Path> {
        self.url.folder()
    }

    /// What a program must have in its environment, beside credentials, to reach the same store: an endpoint, a region, a profile.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// The account that paths of Azure's are in, where they name none themselves.
    pub fn account(&self) -> Option<&str> {
        let account = self.variables.iter().find(|(name, _)| *name == "AZURE_STORAGE_ACCOUNT_NAME");
        account.map(|(_, account)| account.as_str())
    }

    /// Where the credentials come from, in words.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }

    /// What another process needs in its environment to open the bucket under its [`portable`](BucketUrl::portable) address where
    /// none of this machine's files are: the variables that prove who we are, or what the profile gives at this moment.
    #[cfg_attr(not(feature = "remote-client"), expect(clippy::unused_async, reason = "a folder asks nobody"))]
    pub async fn credential_variables(&self) -> Result<Vec<(String, String)>, BucketError> {
        #[cfg(feature = "remote-client")]
        if let Some(profile) = &self.profile {
            let given = profile.variables().await;
            return given.map_err(|error| self.store.error("open", "", error));
        }
        let prefix = match self.url.remote().map(|remote| remote.scheme) {
            Some(Scheme::S3) => "AWS_",
            Some(Scheme::Google) => "GOOGLE_",
            Some(Scheme::Azure) => "AZURE_",
            None => return Ok(Vec::new()),
        };
        Ok(std::env::vars().filter(|(name, value)| name.starts_with(prefix) && !value.is_empty()).collect())
    }

    /// An object's place as a person or a pipeline spells it: a path, or an address without options.
    pub fn place_of(&self, object: &str) -> String {
        match self.folder() {
            Some(folder) => folder.join(object).display().to_string(),
            None => format!("{}/{object}", self.url.name()),
        }
    }

    /// The names of the objects that lie in the same folder as this one, which is named by a whole address: `s3://data/out/counts`.
    /// Nothing where it is an address of another kind of store. Asked with this bucket's own client settings and credentials.
    pub async fn names_beside(&self, address: &str) -> Result<Option<Vec<String>>, BucketError> {
        let Some(sibling) = self.url.sibling(address) else { return Ok(None) };
        let listed = Self::open(&sibling)?.store.list("").await?;
        Ok(Some(listed.into_iter().map(|listed| listed.name).collect()))
    }

    /// Removes a job's folder in `tmp/`.
    pub async fn remove_temporary(&self, id: &JobId) -> Result<(), BucketError> {
        self.remove_folder(&layout::temporary(id)).await
    }

    /// Removes a folder and everything in it.
    ///
    /// Links in a folder of this machine are removed, never followed: listing objects and deleting each would follow them out of
    /// the bucket.
    pub(crate) async fn remove_folder(&self, folder: &str) -> Result<(), BucketError> {
        let Some(root) = self.folder() else { return self.store.delete_below(folder).await };
        match tokio::fs::remove_dir_all(root.join(folder)).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(BucketError::of_store(self.store.name(), "delete", folder, error)),
        }
    }

    /// Makes a job's folder in `tmp/`: a program on this machine expects its temporary location to be there. In a store there are no
    /// folders to make.
    pub async fn create_temporary(&self, id: &JobId) -> Result<(), BucketError> {
        self.create_folder(&layout::temporary(id)).await
    }

    /// Makes the folders of what an attempt reports and keeps, likewise.
    pub async fn create_results(&self, id: &JobId, attempt: u32) -> Result<(), BucketError> {
        self.create_folder(&layout::results(id, attempt)).await?;
        self.create_folder(&layout::artifacts(id)).await
    }

    async fn create_folder(&self, folder: &str) -> Result<(), BucketError> {
        let Some(path) = self.folder().map(|root: &Path| -> PathBuf { root.join(folder) }) else {
            return Ok(());
        };
        let made = tokio::fs::create_dir_all(&path).await;
        made.map_err(|error| BucketError::of_store(self.store.name(), "write", folder, error))
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.store.name())
    }
}
