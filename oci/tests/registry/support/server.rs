//! Real registries, each in a process and a folder of its own.

use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;

/// The servers that the tests know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Debian's `docker-registry` 2.8.
    Debian,
    /// CNCF distribution 3.
    Distribution,
    /// `ferro-oci-server`, which knows referrers.
    Ferro,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Debian, Self::Distribution, Self::Ferro];

    /// Whether a blob is in one repository only until it is mounted.
    pub(crate) fn mounts(self) -> bool {
        self != Self::Ferro
    }

    /// Whether it lists what refers to an image.
    pub(crate) fn lists_referrers(self) -> bool {
        self == Self::Ferro
    }
}

/// What differs from the plainest configuration.
#[derive(Default)]
pub(crate) struct Setting {
    /// The section `auth:` of the configuration.
    pub(crate) auth: Option<String>,
    /// Certificate and key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
}

/// A registry that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// HOST:PORT
    pub(crate) address: String,
    folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::start_with(kind, &Setting::default())
    }

    /// Another process may take the port between our looking for it and the server's binding it: then it is another one.
    pub(crate) fn start_with(kind: Kind, setting: &Setting) -> Self {
        for _ in 0..5 {
            if let Some(server) = Self::try_start(kind, setting) {
                return server;
            }
        }
        panic!("{kind:?} did not start on any port");
    }

    fn try_start(kind: Kind, setting: &Setting) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Ferro => {
                let mut command = Command::new(tool("ferro-oci-server"));
                command
                    .env("FERRO_OCI_LISTEN", &address)
                    .env("FERRO_OCI_STORAGE_DIR", folder.path().join("data"));
                command
            }
            Kind::Debian | Kind::Distribution => {
                let program =
                    if kind == Kind::Debian { PathBuf::from("docker-registry") } else { tool("registry") };
                let file = folder.path().join("configuration.yml");
                fs::write(&file, configuration(&address, folder.path(), setting)).unwrap();
                let mut command = Command::new(program);
                command.arg("serve").arg(file).env("OTEL_TRACES_EXPORTER", "none");
                command
            }
        };
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap().into_parts().0)
            .stderr(log.into_parts().0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{kind:?} can't be started ({error}): run `make test` to install it")
            });
        // From here on it is ended when it is dropped.
        let mut server = Self { child, address, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            let listens = TcpStream::connect(&server.address).is_ok();
            thread::sleep(Duration::from_millis(20));
            // Another process may listen there, and this one just find that out.
            if listens && server.child.try_wait().unwrap().is_none() {
                return Some(server);
            }
        }
        panic!("{kind:?} does not listen");
    }

    /// What it wrote of its requests.
    pub(crate) fn log(&self) -> String {
        let mut text = String::new();
        fs::File::open(self.folder.path().join("log")).unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(address: &str, folder: &Path, setting: &Setting) -> String {
    let mut lines = vec![
        "version: 0.1".to_owned(),
        "log: {level: info}".to_owned(),
        format!("storage: {{filesystem: {{rootdirectory: {}}}}}", folder.join("data").display()),
        "http:".to_owned(),
        format!("  addr: {address}"),
        "  secret: tests".to_owned(),
    ];
    if let Some((certificate, key)) = &setting.tls {
        lines.push(format!("  tls: {{certificate: {}, key: {}}}", certificate.display(), key.display()));
    }
    lines.extend(setting.auth.clone());
    lines.join("\n")
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that `make test` installs.
fn tool(name: &str) -> PathBuf {
    let folder = std::env::var_os("TMPL_TEST_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: `make test` installs it", path.display());
    path
}
