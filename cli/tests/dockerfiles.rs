//! The Dockerfiles at the root are built by ordinary builders, from a base that is there without a network, and their images run.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[path = "support/dockerd.rs"]
mod dockerd;

use std::path::{Path, PathBuf};

use dockerd::{Dockerd, made, program, succeeded};
use serde_json::Value;

/// A pipeline as Flex Templates have it: a script that takes options.
const PIPELINE: &str = r#"
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--greeting", required=True)
known, others = parser.parse_known_args()
print(f"{known.greeting} from user {os.getuid()}, process {os.getpid()}")
"#;

/// A Beam pipeline whose work is done by the workers of a pool beside it.
const BEAM_PIPELINE: &str = r#"
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

options = PipelineOptions([
    "--runner=PortableRunner", "--job_endpoint=embed",
    "--environment_type=EXTERNAL", "--environment_config=localhost:50000",
])
with beam.Pipeline(options=options) as pipeline:
    (
        pipeline
        | beam.Create(["a", "b", "a"])
        | beam.combiners.Count.PerElement()
        | beam.Map(lambda pair: open("/tmp/result", "a").write(f"{pair[0]}={pair[1]}\n"))
    )
print("".join(sorted(open("/tmp/result"))), end="")
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn build(engine: &Dockerd, file: &str, name: &str, arguments: &[&str]) {
    let mut build = engine.command(&["build", "--quiet", "--network", "none", "-f", file, "-t", name]);
    for argument in arguments {
        build.args(["--build-arg", argument]);
    }
    succeeded(build.arg(".").current_dir(root()));
}

fn inspect(engine: &Dockerd, name: &str) -> Value {
    let inspected: Value = serde_json::from_str(&engine.docker(&["image", "inspect", name])).unwrap();
    inspected[0]["Config"].clone()
}

#[test]
fn the_launcher_image_is_built_and_starts_a_flex_template() {
    made("target/launcher/launcher-linux-amd64", "launcher");
    let engine = Dockerd::start();
    engine.load(&made(".tools/base", "components"), "base:test");
    build(
        &engine,
        "Dockerfile_Launcher",
        "launcher:test",
        &["BASE=base:test", "VERSION=1.2.3", "REVISION=abc"],
    );

    let config = inspect(&engine, "launcher:test");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/opt/tmpl/launcher"]));
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Labels"]["org.opencontainers.image.version"], "1.2.3");
    assert_eq!(config["Labels"]["org.opencontainers.image.revision"], "abc");

    let run = ["run", "--rm", "--network", "none"];
    let help = engine.docker(&[&run[..], &["launcher:test", "--help"]].concat());
    assert!(help.contains("Usage: launcher"), "{help}");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.py"), PIPELINE).unwrap();
    let mount = format!("{}:/work:ro", folder.path().display());
    let strict =
        ["--read-only", "--tmpfs", "/tmp", "-v", &mount, "-e", "FLEX_TEMPLATE_PYTHON_PY_FILE=/work/main.py"];
    for (user, name) in [("65532:65532", "65532"), ("12345:12345", "12345")] {
        let launch = ["--user", user, "launcher:test", "--parameters", "greeting=hello"];
        let told = engine.command(&[&run[..], &strict, &launch].concat()).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
        assert!(told.status.success(), "{text}");
        assert!(text.contains(&format!("hello from user {name}, process ")), "{text}");
    }
}

#[test]
fn the_worker_image_is_built_and_does_the_work_of_a_beam_pipeline() {
    made("target/sdk/python", "sdk");
    made("target/launcher/boot-linux-amd64", "boot");
    let engine = Dockerd::start();
    engine.load(&made(".tools/base", "components"), "base:test");
    build(&engine, "Dockerfile_SDK", "sdk:test", &["BASE=base:test"]);

    let config = inspect(&engine, "sdk:test");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/opt/apache/beam/boot"]));

    // The pool of the image's own entry point starts a worker for the pipeline: Beam's harness in the image's Python.
    // Workers are told the pipeline's address by its host's name, which is to mean something without a network.
    engine.docker(&[
        "run",
        "--detach",
        "--network",
        "none",
        "--hostname",
        "localhost",
        "--name",
        "pool",
        "sdk:test",
        "--worker-pool",
    ]);
    let told = engine.docker(&["exec", "pool", "python", "-c", BEAM_PIPELINE]);
    let log = engine.command(&["logs", "pool"]).output().unwrap();
    let log = format!("{}{}", String::from_utf8_lossy(&log.stdout), String::from_utf8_lossy(&log.stderr));
    assert_eq!(told, "a=2\nb=1\n", "{log}");
    engine.docker(&["rm", "--force", "pool"]);
}

#[test]
fn buildah_builds_the_launcher_image_as_well() {
    made("target/launcher/launcher-linux-amd64", "launcher");
    let base = made(".tools/base", "components");
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let buildah = || {
        let mut buildah = program("buildah");
        buildah.args(["--storage-driver", "vfs", "--root"]).arg(folder.path().join("root"));
        buildah.arg("--runroot").arg(folder.path().join("run")).current_dir(root());
        buildah
    };
    // buildah would make an image's name of a layout's path, which may have letters that no name may have.
    let storage = format!("{}+{}", folder.path().join("root").display(), folder.path().join("run").display());
    let mut copy = program("skopeo");
    copy.args(["copy", "--quiet"]).arg(format!("oci:{}", base.display()));
    succeeded(copy.arg(format!("containers-storage:[vfs@{storage}]base:test")));
    let mut build = buildah();
    build.args(["build", "--quiet", "--network", "none", "-f", "Dockerfile_Launcher"]);
    succeeded(build.args(["--build-arg", "BASE=base:test", "-t", "launcher:test", "."]));
    let shown = succeeded(buildah().args(["inspect", "--type", "image", "launcher:test"]));
    let config = serde_json::from_str::<Value>(&shown).unwrap()["OCIv1"]["config"].clone();
    assert_eq!(config["Entrypoint"], serde_json::json!(["/opt/tmpl/launcher"]));
    assert_eq!(config["User"], "65532:65532");
}
