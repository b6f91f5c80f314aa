//! A server over a real bucket, and clients that say exactly what they are told to say.

mod client;
pub(crate) mod jobs;
pub(crate) mod templates;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;
use tmpl_bucket::{AuditEntry, Bucket};
use tmpl_launcher::cache::Cache;
use tmpl_launcher::notices::OwnNotices;
use tmpl_launcher::requested_runner::OwnRunners;
use tmpl_server::{Listening, Parts, Server, Settings, StartError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use client::{Answer, Request, Stream};

/// A server that listens on a port of its own.
pub(crate) struct Rig {
    pub(crate) address: SocketAddr,
    pub(crate) bucket: Bucket,
    /// What it prints: the address to open.
    pub(crate) printed: String,
    pub(crate) folder: TempDir,
    pub(crate) server: Arc<Server>,
    log: Written,
    stop: Option<oneshot::Sender<()>>,
    served: Option<JoinHandle<()>>,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Rig {
    /// A server with this table `[serve]`.
    pub(crate) async fn new(settings: &str) -> Self {
        Self::with(TempDir::new().unwrap(), settings).await.unwrap()
    }

    /// Another server of the same bucket.
    pub(crate) async fn with(folder: TempDir, settings: &str) -> Result<Self, StartError> {
        let place = folder.path().join("bucket");
        let bucket = Bucket::open_or_create(&place.to_str().unwrap().parse().unwrap()).unwrap();
        Self::over(bucket, folder, settings).await
    }

    /// A server of any bucket; its own files are in the folder.
    pub(crate) async fn over(bucket: Bucket, folder: TempDir, settings: &str) -> Result<Self, StartError> {
        let settings: Settings = toml::from_str(settings).unwrap();
        let listen = settings.listen.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
        let listening = Listening::at(&listen).await?;
        let log = Written::default();
        let server = Server::new(Parts {
            bucket: bucket.clone(),
            cache: Cache::open(folder.path().join("cache")).unwrap(),
            runners: OwnRunners::default(),
            notices: OwnNotices::default(),
            lease: None,
            executable: "/bin/true".into(),
            settings,
            listening: listening.address,
            user: "owner".to_owned(),
            log: Box::new(log.clone()),
        })?;
        let (stop, told) = oneshot::channel();
        let (address, printed) = (listening.address, server.address());
        let task = tokio::spawn(tmpl_server::serve(Arc::clone(&server), listening, async move {
            told.await.ok();
        }));
        Ok(Self { address, bucket, printed, folder, server, log, stop: Some(stop), served: Some(task) })
    }

    /// The same bucket once more, served by another process as far as that process can tell.
    pub(crate) async fn beside(&self, settings: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::os::unix::fs::symlink(self.folder.path().join("bucket"), folder.path().join("bucket")).unwrap();
        Self::with(folder, settings).await.unwrap()
    }

    /// A request of a browser that has typed the address.
    pub(crate) fn get(&self, path: &str) -> Request {
        Request::new(self.address, "GET", path).header("accept", "text/html")
    }

    /// A form that was sent from one of the server's own pages.
    pub(crate) fn post(&self, path: &str, fields: &str) -> Request {
        Request::new(self.address, "POST", path)
            .header("accept", "text/html")
            .header("origin", &format!("http://{}", self.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields)
    }

    /// Comes in with the printed address; the session's cookie.
    pub(crate) async fn come_in(&self) -> String {
        let path = self.printed.split_once(&self.address.to_string()).unwrap().1;
        let answer = self.get(path).send().await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.cookie()
    }

    /// A token for forms of a session: that of the page that keeps a form which came too late.
    pub(crate) async fn csrf(&self, cookie: &str) -> String {
        self.post("/sign-out", "").cookie(cookie).send().await.field("csrf")
    }

    /// The lines of the access log.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was written down since yesterday.
    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        self.bucket.audit_entries(today.yesterday().unwrap(), today, 1000).await.unwrap().entries
    }

    /// Waits for an entry of the bucket's audit log.
    pub(crate) async fn audited(&self, is_it: impl Fn(&AuditEntry) -> bool) -> AuditEntry {
        let mut found = Vec::new();
        for _ in 0..100 {
            found = self.audit().await;
            if let Some(entry) = found.iter().find(|entry| is_it(entry)) {
                return entry.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no such entry: {found:#?}")
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(served) = self.served.take() {
            served.await.unwrap();
        }
    }
}
