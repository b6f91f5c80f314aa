//! The image of a template as the image of its workers.

use std::path::Path;

use crate::dockerd::{Dockerd, made};
use crate::support::{Place, copy};

/// A Beam pipeline whose work is done by a worker that the pool of the same image starts.
const PIPELINE: &str = r#"
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from wordcount import __file__ as own

options = PipelineOptions([
    "--runner=PortableRunner", "--job_endpoint=embed",
    "--environment_type=EXTERNAL", "--environment_config=localhost:50000",
])
def say(element):
    import sys, textkit
    with open("/tmp/result", "a") as result:
        result.write(f"{element} {sys.prefix} {textkit.__name__}\n")
with beam.Pipeline(options=options) as pipeline:
    pipeline | beam.Create(["a"]) | beam.Map(say)
print(open("/tmp/result").read(), end="")
"#;

#[test]
fn a_worker_finds_the_templates_own_packages_and_installs_nothing() {
    let place = Place::new();
    let project = place.path("wordcount");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount"), &project);
    let engine = Dockerd::start();
    let base = format!("oci:{}", made(".tools/base", "components").display());
    let arguments =
        ["build", project.to_str().unwrap(), "--base", &base, "--output", "docker", "--check", "static"];
    let mut command = place.command(&arguments);
    command.env("DOCKER_HOST", engine.host());
    place.ended(command.spawn().unwrap()).expect(0);

    // Workers are told the pipeline's address by its host's name, which is to mean something without a network.
    let pool =
        ["run", "--detach", "--network=none", "--hostname=localhost", "--name=pool", "wordcount:latest"];
    engine.docker(&[&pool[..], &["--worker_pool"]].concat());
    // A worker that can't begin leaves its pipeline waiting.
    let limited = ["exec", "pool", "timeout", "60", "python", "-c", PIPELINE];
    let told = engine.command(&limited).output().unwrap();
    let log = engine.command(&["logs", "pool"]).output().unwrap();
    let log = format!(
        "{}{}{}",
        String::from_utf8_lossy(&told.stderr),
        String::from_utf8_lossy(&log.stdout),
        String::from_utf8_lossy(&log.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&told.stdout), "a /template textkit\n", "{log}");
    assert!(log.contains("launcher: worker ") && log.contains("Python sdk harness starting."), "{log}");
    assert!(!log.contains("pip install"), "{log}");
    engine.docker(&["rm", "--force", "pool"]);
}
