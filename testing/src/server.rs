//! Object-store servers, each a program that `make components` installs.

mod azurite;
mod fake_gcs;
mod minio;
mod moto;
mod s3rver;
mod s3s_fs;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::http;
use crate::process::Process;

/// The bucket (or container) that every server has.
const BUCKET: &str = "tests";
/// How long a server may take to answer for the first time: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often a server is started: somebody else may take its port before it does.
const ATTEMPTS: usize = 4;

/// The servers that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// moto: S3, in memory, keeps to conditions; does not look at signatures.
    Moto,
    /// `MinIO`: S3 as a real server: signatures, users and policies, conditions.
    Minio,
    /// fake-gcs-server: Google Cloud Storage.
    FakeGcs,
    /// Azurite: Azure's blobs.
    Azurite,
    /// s3rver: S3 that silently ignores conditions.
    S3rver,
    /// s3s-fs: S3 that checks the sums of what it is sent, and is not atomic.
    S3sFs,
}

impl Store {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Moto, Self::Minio, Self::FakeGcs, Self::Azurite, Self::S3rver, Self::S3sFs];

    fn definition(self) -> Definition {
        match self {
            Self::Moto => moto::DEFINITION,
            Self::Minio => minio::DEFINITION,
            Self::FakeGcs => fake_gcs::DEFINITION,
            Self::Azurite => azurite::DEFINITION,
            Self::S3rver => s3rver::DEFINITION,
            Self::S3sFs => s3s_fs::DEFINITION,
        }
    }
}

/// What a client shows to be let in: a key and its secret at S3, an account and its key at Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the key, or of the account.
    pub key: &'static str,
    /// The secret.
    pub secret: &'static str,
}

/// How addresses of a server look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    S3,
    Gs,
    Az,
}

/// What there is to know about a server.
struct Definition {
    /// Its path below `.tools/`.
    program: &'static str,
    scheme: Scheme,
    credentials: Option<Credentials>,
    /// Adds arguments and variables: the port, and the folder for data, which exists.
    arguments: fn(&mut Command, u16, &Path),
    /// Makes the bucket; an error is the reason to try again a moment later.
    make_bucket: fn(&StoreServer) -> Result<(), String>,
}

/// A running server with an empty bucket. It listens on this machine only, keeps its data in a temporary folder, and ends when it
/// is dropped, or with this process.
#[derive(Debug)]
pub struct StoreServer {
    store: Store,
    process: Process,
    /// What stands before it, where it needs that.
    front: Option<fake_gcs::Front>,
    endpoint: String,
    scheme: Scheme,
    credentials: Option<Credentials>,
}

impl StoreServer {
    /// Starts a server, and waits until it has a bucket.
    pub fn start(store: Store) -> Self {
        let definition = store.definition();
        let program = tool(definition.program);
        let mut logs = Vec::new();
        for _ in 0..ATTEMPTS {
            let server = Self::spawn(store, &definition, &program);
            let begun = Instant::now();
            loop {
                let failure = match (definition.make_bucket)(&server) {
                    Ok(()) if !server.process.has_ended() => return server,
                    Ok(()) => "another server has its port".to_owned(),
                    Err(failure) => failure,
                };
                if server.process.has_ended() {
                    logs.push(format!("{failure}\n{}", server.log()));
                    break;
                }
                assert!(
                    begun.elapsed() < PATIENCE,
                    "{} does not answer: {failure}\n{}",
                    program.display(),
                    server.log()
                );
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("{} does not start\n{}\nhint: make components", program.display(), logs.join("\n"));
    }

    fn spawn(store: Store, definition: &Definition, program: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("tmpl-store-").tempdir().unwrap().keep();
        let data = folder.join("data");
        fs_err::create_dir_all(&data).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        (definition.arguments)(&mut command, port, &data);
        let front = (store == Store::FakeGcs).then(|| fake_gcs::Front::start(port));
        Self {
            store,
            process: Process::start(folder, &command),
            front,
            endpoint: format!("http://127.0.0.1:{port}"),
            scheme: definition.scheme,
            credentials: definition.credentials,
        }
    }

    /// Starts moto.
    pub fn moto() -> Self {
        Self::start(Store::Moto)
    }

    /// Starts `MinIO`.
    pub fn minio() -> Self {
        Self::start(Store::Minio)
    }

    /// Starts fake-gcs-server.
    pub fn fake_gcs() -> Self {
        Self::start(Store::FakeGcs)
    }

    /// Starts Azurite.
    pub fn azurite() -> Self {
        Self::start(Store::Azurite)
    }

    /// Starts s3rver.
    pub fn s3rver() -> Self {
        Self::start(Store::S3rver)
    }

    /// Starts s3s-fs.
    pub fn s3s_fs() -> Self {
        Self::start(Store::S3sFs)
    }

    /// Which server this is.
    pub fn store(&self) -> Store {
        self.store
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        self.front.as_ref().map_or(&self.endpoint, fake_gcs::Front::endpoint)
    }

    /// The name of its bucket.
    pub fn bucket(&self) -> &'static str {
        BUCKET
    }

    /// The address of a prefix in its bucket, as `tmpl` takes it.
    pub fn url(&self, prefix: &str) -> String {
        self.url_by(self.endpoint(), prefix)
    }

    /// The same at another endpoint: that of a proxy.
    pub fn url_by(&self, endpoint: &str, prefix: &str) -> String {
        match self.scheme {
            Scheme::S3 => {
                format!("s3://{BUCKET}/{prefix}?endpoint={endpoint}&region=us-east-1&path_style=true")
            }
            Scheme::Gs => format!("gs://{BUCKET}/{prefix}?endpoint={endpoint}"),
            Scheme::Az => format!("az://{BUCKET}/{prefix}?endpoint={endpoint}/{}", azurite::ACCOUNT),
        }
    }

    /// What lets a client in. Google's has none.
    pub fn credentials(&self) -> Option<Credentials> {
        self.credentials
    }

    /// The same as environment variables.
    pub fn variables(&self) -> Vec<(String, String)> {
        let names = match self.scheme {
            Scheme::S3 | Scheme::Gs => ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            Scheme::Az => ["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"],
        };
        let Some(Credentials { key, secret }) = self.credentials else { return Vec::new() };
        names.map(str::to_owned).into_iter().zip([key, secret].map(str::to_owned)).collect()
    }

    /// What the server has printed.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.process.pid().unwrap()
    }
}

/// A place of a caller's own in a server that the tests of one binary share.
#[derive(Debug, Clone)]
pub struct Place {
    /// The server, which ends with the tests.
    pub server: &'static StoreServer,
    /// A prefix that nobody else has.
    pub prefix: String,
}

impl Place {
    /// Its address, as `tmpl` takes it.
    pub fn url(&self) -> String {
        self.server.url(&self.prefix)
    }

    /// The same at another endpoint: that of a proxy.
    pub fn url_by(&self, endpoint: &str) -> String {
        self.server.url_by(endpoint, &self.prefix)
    }
}

/// A place in a server that is started once in this process, however many ask for it.
pub fn shared(store: Store) -> Place {
    static SERVERS: [OnceLock<StoreServer>; Store::ALL.len()] = [const { OnceLock::new() }; Store::ALL.len()];
    let server = SERVERS[store as usize].get_or_init(|| StoreServer::start(store));
    let prefix = format!("{:016x}", getrandom::u64().unwrap());
    Place { server, prefix }
}

/// A program below `.tools/`.
fn tool(program: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".tools").join(program);
    assert!(path.exists(), "{} is missing\nhint: make components", path.display());
    path
}

/// A request that makes something: it is there afterwards, or a reason why not.
fn make(
    server: &StoreServer,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<(), String> {
    match http::send(server.endpoint(), method, target, headers, body.as_bytes()) {
        Ok(answer) if (200..300).contains(&answer.status) || answer.status == 409 => Ok(()),
        Ok(answer) => Err(format!("{method} {target}: {} {}", answer.status, answer.text())),
        Err(error) => Err(format!("{method} {target}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "hint: make components")]
    fn a_program_that_is_missing_is_no_reason_to_skip() {
        tool("bin/a-server-that-nobody-installs");
    }
}
