//! The image as a worker's.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tmpl_beam::messages::{ApiServiceDescriptor, ProvisionInfo};

use crate::runner::Runner;
use crate::support::{Ended, Image, LAUNCHER, spec};

const ARGUMENTS: [&str; 2] = ["--id=1-1", "--logging_endpoint=localhost:1234"];

/// An image of a Beam template in Python, whose interpreter is a shell script.
fn python_image(script: &str) -> Image {
    let image = Image::new();
    image.executable("template/bin/python", &format!("#!/bin/sh\n{script}\n"));
    let entry = r#"{"kind": "python", "main": {"module": "words"}, "beam": "2.77.0"}"#;
    let text = spec("run.sh", "[]", "[]").replace(r#"{"kind": "binary", "binary": "run.sh"}"#, entry);
    image.write("template/template.json", &text);
    image
}

/// The launcher as a worker that this runner asks for.
fn work(image: &Image, runner: &Runner, variables: &[(&str, &str)]) -> Ended {
    let provision = format!("--provision_endpoint={}", runner.address);
    let folder = format!("--semi_persist_dir={}", image.path("persistent").display());
    image.launch(&["--id=1-1", &provision, &folder], variables)
}

#[test]
fn the_worker_of_the_images_template_is_started_as_beam_starts_it() {
    let names = "CONTROL_API_SERVICE_DESCRIPTOR|LOGGING_API_SERVICE_DESCRIPTOR|STATUS_API_SERVICE_DESCRIPTOR|RUNNER_CAPABILITIES|\
                 SEMI_PERSISTENT_DIRECTORY|WORKER_ID|VIRTUAL_ENV|PYTHONPATH|JOB_ID";
    let script = format!(
        "echo \"$@\"; env | grep -E '^({names})=' | sort; cat $PIPELINE_OPTIONS_FILE; echo; \
         cat $SEMI_PERSISTENT_DIRECTORY/staged/pickled_main_session; exit 4"
    );
    let image = python_image(&script);
    let info = ProvisionInfo {
        status_endpoint: Some(ApiServiceDescriptor { url: "localhost:3".to_owned() }),
        runner_capabilities: vec!["a:v1".to_owned(), "b:v1".to_owned()],
        metadata: [("job_id".to_owned(), "j-1".to_owned())].into(),
        ..ProvisionInfo::default()
    };
    let runner = Runner::start(info, &[("pickled_main_session", b"a session", 0)]);
    let ended =
        work(&image, &runner, &[("PYTHONPATH", "/elsewhere"), ("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py")]);
    let stdout = "-m apache_beam.runners.worker.sdk_worker_main\n\
        CONTROL_API_SERVICE_DESCRIPTOR=url: \"localhost:2\"\n\
        JOB_ID=j-1\n\
        LOGGING_API_SERVICE_DESCRIPTOR=url: \"localhost:1\"\n\
        RUNNER_CAPABILITIES=a:v1 b:v1\n\
        SEMI_PERSISTENT_DIRECTORY=IMAGE/persistent\n\
        STATUS_API_SERVICE_DESCRIPTOR=url: \"localhost:3\"\n\
        VIRTUAL_ENV=IMAGE/template\n\
        WORKER_ID=1-1\n\
        {}\n\
        a session";
    assert_eq!(ended, Ended { code: 4, stdout: stdout.to_owned(), stderr: String::new() });
}

#[test]
fn workers_beside_a_worker_end_with_it() {
    let image = python_image(
        "echo $WORKER_ID >> $SEMI_PERSISTENT_DIRECTORY/workers; [ $WORKER_ID = 1-1 ] || exec sleep 600\n\
         while [ $(wc -l < $SEMI_PERSISTENT_DIRECTORY/workers) -lt 3 ]; do sleep 0.05; done",
    );
    std::fs::create_dir(image.path("persistent")).unwrap();
    let siblings = ["1-1", "1-2", "1-3"].map(str::to_owned).into();
    let runner = Runner::start(ProvisionInfo { sibling_worker_ids: siblings, ..<_>::default() }, &[]);
    let ended = work(&image, &runner, &[]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let workers = std::fs::read_to_string(image.path("persistent/workers")).unwrap();
    let mut workers: Vec<&str> = workers.lines().collect();
    workers.sort_unstable();
    assert_eq!(workers, ["1-1", "1-2", "1-3"]);
}

#[test]
fn a_package_that_the_image_lacks_is_named_and_not_installed() {
    let image = python_image("echo started");
    image.write("template/lib/python3.11/site-packages/numpy-2.1.0.dist-info/METADATA", "");
    let requirements = b"numpy==2.1.0\nflask==3.0\n";
    let runner = Runner::start(ProvisionInfo::default(), &[("requirements.txt", requirements, 0)]);
    let stderr = "error: the pipeline wants packages installed that its workers do not have: flask==3.0\n\
        hint: put them into the template's requirements and build it again: workers install nothing\n";
    let expected = Ended { code: 3, stdout: String::new(), stderr: stderr.to_owned() };
    assert_eq!(work(&image, &runner, &[]), expected);
    image.write("template/lib/python3.11/site-packages/flask-3.0.dist-info/METADATA", "");
    assert_eq!(work(&image, &runner, &[]).stdout, "started\n");
}

#[test]
fn arguments_that_are_wrong_are_named() {
    let image = python_image("echo started");
    for (arguments, told) in [
        (&["--id=1-1"][..], "--provision_endpoint is missing"),
        (&["--id=1-1", "--colour=red"], "`--colour=red` is no argument of a worker"),
    ] {
        let stderr = format!(
            "error: {told}\nhint: a worker is started with --id and --provision_endpoint, a pool with --worker-pool\n"
        );
        assert_eq!(image.launch(arguments, &[]), Ended { code: 2, stdout: String::new(), stderr });
    }
}

#[test]
fn a_template_that_is_no_beam_pipeline_has_no_worker() {
    let image = Image::with_script("echo started", "[]");
    let ended = image.launch(&["--id=1-1", "--provision_endpoint=localhost:1"], &[]);
    let stderr =
        "error: the template has no worker: it is no Beam pipeline\nhint: launch it with `--runner direct`\n";
    assert_eq!(ended, Ended { code: 3, stdout: String::new(), stderr: stderr.to_owned() });
}

#[test]
fn a_pool_in_an_image_listens_until_it_is_told_to_end() {
    let image = python_image("echo started");
    let mut command = image.command(LAUNCHER);
    command.args(["--worker_pool", "--listen=127.0.0.1:0"]).stderr(Stdio::piped());
    let mut pool = command.spawn().unwrap();
    let mut told = String::new();
    let mut stderr = std::io::BufReader::new(pool.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut stderr, &mut told).unwrap();
    assert!(told.starts_with("launcher: the worker pool listens at 127.0.0.1:"), "{told}");
    kill_process(Pid::from_child(&pool), Signal::TERM).unwrap();
    assert_eq!(pool.wait().unwrap().code(), Some(0));
}

#[test]
fn where_there_is_no_template_a_workers_arguments_reach_beams_entry_point_as_they_are() {
    let image = Image::new();
    image.executable("boot", "#!/bin/sh\necho boot \"$@\"\nexit 4\n");
    let script = "mount -t tmpfs tmpfs /opt; mkdir -p /opt/apache/beam; cp boot /opt/apache/beam/; exec $LAUNCHER \"$@\"";
    let mut command = image.unshare(&[], script);
    // A worker's image may have the variables of a launcher too.
    command.arg("sh").args(ARGUMENTS).env("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py");
    let ended = image.ended(command.spawn().unwrap());
    let stdout = format!("boot {}\n", ARGUMENTS.join(" "));
    assert_eq!(ended, Ended { code: 4, stdout, stderr: String::new() });
}

#[test]
fn an_image_without_beams_entry_point_says_so() {
    let image = Image::new();
    let mut command = image.unshare(&[], "mount -t tmpfs tmpfs /opt; exec $LAUNCHER \"$@\"");
    let ended = image.ended(command.arg("sh").args(ARGUMENTS).spawn().unwrap());
    let stderr = "error: this was started with the arguments of a Beam worker, and the image has no /opt/apache/beam/boot\n\
        hint: build the image on a Beam SDK image, or copy /opt/apache/beam into it, to use it for workers\n";
    assert_eq!(ended, Ended { code: 3, stdout: String::new(), stderr: stderr.to_owned() });
}
