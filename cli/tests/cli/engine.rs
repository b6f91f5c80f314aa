//! What tests of containers need: an engine with images of this repository's own making, and a place whose commands use it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::dockerd::{Dockerd, made, program, succeeded};
use crate::support::{Ended, Place, copy, until};

/// The image that the talker's container is made from: a Python, and our launcher as entry point.
const TALKER_IMAGE: &str = "tmpl-test/talker:1";
const TALKER_DOCKERFILE: &str =
    "FROM base:test\nCOPY launcher /opt/tmpl/launcher\nENTRYPOINT [\"/opt/tmpl/launcher\"]\n";

/// The launcher of images.
pub(crate) fn launcher() -> PathBuf {
    made("target/launcher/launcher-linux-amd64", "launcher")
}

/// One engine for the tests that leave it running.
pub(crate) fn shared() -> &'static Dockerd {
    static STARTED: OnceLock<Dockerd> = OnceLock::new();
    STARTED.get_or_init(start)
}

/// An engine with the images `tmpl-test/talker:1` and `tmpl-test/flex:1`.
pub(crate) fn start() -> Dockerd {
    let engine = Dockerd::start();
    engine.load(&made(".tools/base", "components"), "base:test");
    let folder = tempfile::tempdir().unwrap();
    copy(&launcher(), &folder.path().join("launcher"));
    std::fs::write(folder.path().join("Dockerfile"), TALKER_DOCKERFILE).unwrap();
    engine.docker(&["build", "--quiet", "--tag", TALKER_IMAGE, folder.path().to_str().unwrap()]);
    let flex = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/flex");
    engine.docker(&["build", "--quiet", "--tag", "tmpl-test/flex:1", flex.to_str().unwrap()]);
    engine
}

/// Podman's socket, which speaks the same API: its images and containers are in a folder.
pub(crate) struct Podman {
    folder: TempDir,
    service: Option<Child>,
}

/// What podman needs on a machine that lets it limit little.
const PODMAN_CONFIGURATION: &str = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n\
    [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\n";

impl Podman {
    /// Starts a service with the image `localhost/base:test`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tmpl-podman-").tempdir_in("/tmp").unwrap();
        std::fs::write(folder.path().join("containers.conf"), PODMAN_CONFIGURATION).unwrap();
        let mut podman = Self { folder, service: None };
        let archive = podman.folder.path().join("base.tar");
        let mut copied = program("skopeo");
        copied.args(["copy", "--quiet"]).arg(format!("oci:{}", made(".tools/base", "components").display()));
        succeeded(copied.arg(format!("docker-archive:{}:localhost/base:test", archive.display())));
        succeeded(&mut podman.command(&["load", "--quiet", "--input", archive.to_str().unwrap()]));
        let mut service = podman.command(&["system", "service", "--time", "0", &podman.host()]);
        podman.service = Some(service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let socket = podman.folder.path().join("socket");
        until("podman listens", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        podman
    }

    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let folder = self.folder.path();
        let mut command = program("podman");
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(folder.join("root"))
            .arg("--runroot")
            .arg(folder.join("run"))
            .args(arguments)
            .env("CONTAINERS_CONF", folder.join("containers.conf"))
            .stdin(Stdio::null());
        command
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.command(&["rm", "--all", "--force"]).output();
        if let Some(service) = &mut self.service {
            let _ = service.kill();
            let _ = service.wait();
        }
        let _ = self.command(&["system", "reset", "--force"]).output();
    }
}

/// A place whose bucket has the `talker` template with an image, and whose containers an engine makes.
pub(crate) struct Containers<'a> {
    pub(crate) place: Place,
    pub(crate) engine: &'a Dockerd,
}

impl<'a> Containers<'a> {
    pub(crate) fn new(engine: &'a Dockerd) -> Self {
        static BUILT: OnceLock<Place> = OnceLock::new();
        let built = BUILT.get_or_init(|| {
            let place = Place::new();
            let project = place.project("talker");
            place
                .tmpl(&["build", project.to_str().unwrap(), "--check", "static", "--image", TALKER_IMAGE])
                .expect(0);
            place
        });
        let place = Place::new();
        copy(&built.bucket(), &place.bucket());
        place.write("config.toml", "[docker]\nnetwork = \"none\"\n");
        Self { place, engine }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command
            .env("TMPL_CONFIG", self.place.path("config.toml"))
            .env("TMPL_LAUNCHER", launcher())
            .env("DOCKER_HOST", self.engine.host());
        command
    }

    pub(crate) fn tmpl(&self, arguments: &[&str]) -> Ended {
        self.place.ended(self.command(arguments).spawn().unwrap())
    }

    /// `tmpl run talker --place docker` with this mode and these further arguments.
    pub(crate) fn talk(&self, mode: &str, arguments: &[&str]) -> Ended {
        let mode = format!("mode={mode}");
        self.tmpl(&[&["run", "talker", "--place", "docker", "--param", &mode], arguments].concat())
    }

    /// The containers of this place's jobs, also those that ended.
    pub(crate) fn containers(&self) -> Vec<String> {
        let label = format!("label=tmpl.bucket={}", self.place.bucket().display());
        let listed = self.engine.docker(&["ps", "--all", "--quiet", "--filter", &label]);
        listed.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    pub(crate) fn nothing_is_left(&self) {
        assert_eq!(self.containers(), Vec::<String>::new(), "containers are left");
    }

    /// Whether no job was accepted.
    #[track_caller]
    pub(crate) fn nothing_was_accepted(&self) {
        assert_eq!(self.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout.trim(), "[]");
        self.nothing_is_left();
    }
}
