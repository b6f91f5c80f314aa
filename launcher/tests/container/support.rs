//! What every test needs: a folder that stands for an image, and the launcher started with nothing but what the test gives it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use tmpl_bucket::{Bucket, BuildFacts, Retries, Submitter};
use tmpl_launcher::accept::{LaunchRequest, LaunchTemplate};
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_oci::{LayerContents, LayerOptions, write_layer};
use tmpl_template::{Environment, RawParameters, sha256_of};

/// The program under test.
pub(crate) const LAUNCHER: &str = env!("CARGO_BIN_EXE_launcher");

/// A folder that stands for an image.
pub(crate) struct Image {
    folder: TempDir,
}

/// How the launcher ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Image {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("tmpl-image-").tempdir().unwrap();
        // Another user has to get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    /// An image of a template whose program is a shell script, with these parameters.
    pub(crate) fn with_script(script: &str, parameters: &str) -> Self {
        let image = Self::new();
        image.executable("template/app/run.sh", &format!("#!/bin/sh\n{script}\n"));
        image.write("template/template.json", &spec("run.sh", parameters, "[]"));
        image
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn executable(&self, name: &str, text: &str) -> PathBuf {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A command in this image's folder with the variables of a bare container. `TMPL_TEMPLATE` stands for the image's own root.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let template = self.path("template/template.json");
        if template.exists() {
            command.env("TMPL_TEMPLATE", template);
        }
        command
    }

    /// The launcher with these arguments and variables.
    pub(crate) fn launch(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = self.command(LAUNCHER);
        command.args(arguments).envs(variables.iter().copied());
        self.ended(command.spawn().unwrap())
    }

    /// The launcher started by a shell script, in which `$LAUNCHER` is its path: in namespaces of its own, as root there.
    pub(crate) fn unshare(&self, namespaces: &[&str], script: &str) -> Command {
        let mut command = self.command("unshare");
        command.args(["--mount", "--fork", "--kill-child"]).args(namespaces);
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-ec", script]).env("LAUNCHER", LAUNCHER);
        command
    }

    pub(crate) fn ended(&self, child: Child) -> Ended {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let here = self.folder.path().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&here, "IMAGE");
        let code = status.code().unwrap_or_else(|| panic!("{status}"));
        Ended { code, stdout: text(stdout), stderr: text(stderr) }
    }
}

/// Sends a signal to a launcher that `unshare` started.
pub(crate) fn send(unshare: &Child, signal: &str) {
    let path = format!("/proc/{0}/task/{0}/children", unshare.id());
    let launcher = std::fs::read_to_string(path).unwrap();
    let status = Command::new("kill").args([&format!("-{signal}"), launcher.trim()]).status().unwrap();
    assert!(status.success());
}

/// A spec for this machine, of a program that is an executable file.
pub(crate) fn spec(binary: &str, parameters: &str, layers: &str) -> String {
    let platform = match std::env::consts::ARCH {
        "x86_64" => "linux/amd64",
        _ => "linux/arm64",
    };
    format!(
        r#"{{"metadata": {{"name": "Test", "parameters": {parameters}}},
            "tmpl": {{"format": 2, "entry": {{"kind": "binary", "binary": "{binary}"}},
                     "platforms": {{"{platform}": {{"layers": {layers}}}}}}}}}"#
    )
}

/// Publishes the template `t`, whose program is this script, stored as a layer. Gives its spec.
pub(crate) async fn publish(bucket: &Bucket, script: &str, parameters: &str) -> String {
    let mut contents = LayerContents::new();
    contents.bytes("template/app/run.sh", script.into(), true).unwrap();
    let mut blob = Vec::new();
    let layer = write_layer(&contents, &mut blob, LayerOptions::default()).unwrap();
    let stored = bucket.put_bytes_blob(blob).await.unwrap();
    let key = sha256_of(b"any");
    let layers = format!(
        r#"[{{"title": "app", "digest": "{stored}", "diffId": "{}", "size": {}, "mediaType": "{}", "key": "{key}"}}]"#,
        layer.diff_id, layer.size, layer.media_type
    );
    let text = spec("run.sh", parameters, &layers);
    let facts =
        BuildFacts { who: "ann".into(), host: "h".into(), source_revision: None, tmpl_version: "0".into() };
    bucket.publish(&"t".parse().unwrap(), &text, &facts).await.unwrap();
    text
}

/// A launch of the template `t` in a folder.
pub(crate) fn request(parameters: &[(&str, &str)], working_directory: PathBuf) -> LaunchRequest {
    let mut raw = RawParameters::new();
    for (name, value) in parameters {
        raw.insert(*name, *value).unwrap();
    }
    LaunchRequest {
        template: LaunchTemplate::Published("t".parse().unwrap()),
        card: None,
        parameters: raw,
        environment: Environment::default(),
        runner: RequestedRunner::default(),
        job_name: None,
        python: None,
        timeout: None,
        overwrite: false,
        launch_key: None,
        retries: Retries::default(),
        lease: None,
        replay_of: None,
        notify: Vec::new(),
        submitter: Submitter { who: "ann".into(), host: "h".into() },
        working_directory,
    }
}

/// A line without what differs from run to run: ids.
pub(crate) fn general(text: &str) -> String {
    let id = regex::Regex::new(r"\d{4}-\d\d-\d\d_\d\d_\d\d_\d\d-\d{19}").unwrap();
    let name = regex::Regex::new(r"template-\d{8}-\d{6}-[0-9a-f]+").unwrap();
    name.replace_all(&id.replace_all(text, "ID"), "NAME").into_owned()
}
