//! Place `docker`, with a real engine: what people see is what they see of a process, and nothing is left behind.

use std::process::Child;

use insta::assert_snapshot;

use crate::dockerd::{program, succeeded};
use crate::engine::{Containers, Podman, shared, start};
use crate::support::{Ended, send, until};

/// A running `tmpl run --place docker` and its job.
struct Running<'a> {
    containers: &'a Containers<'a>,
    child: Child,
    id: String,
}

/// Starts `talker` in this mode and waits until the program itself has spoken.
fn begin<'a>(containers: &'a Containers<'a>, mode: &str, arguments: &[&str]) -> Running<'a> {
    let id_file = containers.place.path("id");
    let mode = format!("mode={mode}");
    let all =
        [&["run", "talker", "--place", "docker", "--id-file", "id", "--param", &mode], arguments].concat();
    let child = containers.command(&all).spawn().unwrap();
    until("the id is written", || std::fs::read_to_string(&id_file).is_ok_and(|id| id.ends_with('\n')));
    let id = std::fs::read_to_string(&id_file).unwrap().trim_end().to_owned();
    let running = Running { containers, child, id };
    until("the program speaks", || {
        let log = running.containers.tmpl(&["jobs", "logs", &running.id]).stdout;
        log.contains("pid:")
    });
    running
}

impl Running<'_> {
    fn signal(&self, signal: &str) {
        send(signal, &self.child.id().to_string());
    }

    fn end(self) -> Ended {
        self.containers.place.ended(self.child)
    }

    fn container(&self) -> String {
        format!("tmpl-{}", self.id)
    }
}

#[test]
fn a_job_in_a_container_looks_like_any_other() {
    let containers = Containers::new(shared());
    assert_snapshot!(containers.talk("ok", &["--param", "text=hello"]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    [TIME] INFO    unpacked 1 layer
    running
    [TIME] INFO    repr: 'hello'
    [TIME] INFO    json: {"text": "hello", "flag": false, "token": null, "count": 3, "blob": null}
    done in [DURATION]
    "#);
    containers.nothing_is_left();
    let id = containers.place.newest_job();
    let shown = containers.tmpl(&["jobs", "show", &id]).expect(0);
    assert!(shown.stdout.contains("  runner     direct (place docker)\n"), "{}", shown.stdout);
    // What it read and wrote is the caller's, as with a process.
    let ended = containers.talk("exit", &["--param", "count=7"]).expect(1);
    assert!(ended.stderr.contains("failed: the program ended with exit code 7"), "{}", ended.stderr);
    let ended = containers.talk("fail", &["--format", "json", "--quiet"]).expect(1);
    let end: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(end["end"]["program"]["code"], 1);
    assert!(end["end"]["cause"]["exception"].is_string());
    containers.nothing_is_left();
}

#[test]
fn a_container_gets_little_of_the_machine() {
    let containers = Containers::new(shared());
    let running = begin(
        &containers,
        "hang",
        &["--memory", "300m", "--cpus", "0.5", "--mount", "/usr/share:/in/share:ro"],
    );
    let inspected = containers.engine.docker(&["inspect", &running.container()]);
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let host = &inspected[0]["HostConfig"];
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(host["Memory"], 300 << 20);
    assert_eq!(host["NanoCpus"], 500_000_000);
    assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
    assert_eq!(host["SecurityOpt"], serde_json::json!(["no-new-privileges"]));
    let inside = |command: &str| {
        containers.engine.docker(&[
            "exec",
            &running.container(),
            "sh",
            "-c",
            &format!("{command} 2>&1 || true"),
        ])
    };
    assert!(inside("touch /here").contains("Read-only file system"));
    assert!(inside("touch /in/share/here").contains("Read-only file system"));
    assert!(inside("grep CapEff /proc/1/status").contains("0000000000000000"));
    assert!(inside("grep NoNewPrivs /proc/1/status").contains('1'));
    assert_eq!(inside("touch /tmp/here && echo written"), "written\n");
    containers.tmpl(&["jobs", "cancel", &running.id]).expect(0);
    running.end().expect(4);
    containers.nothing_is_left();
}

#[test]
fn a_dry_run_shows_the_container_and_makes_none() {
    let containers = Containers::new(shared());
    let ended = containers
        .talk("ok", &["--dry-run", "--memory", "2g", "--cpus", "1.5", "--mount", "/usr/share:/in:ro"]);
    let shown: Vec<&str> = ended.stdout.lines().filter(|line| !line.starts_with("engine")).collect();
    assert_snapshot!(containers.place.filtered(&format!("{}\n", shown.join("\n"))), @r"
    exit: 0
    --- stdout
    template     talker@[DIGEST]
    runner       direct (place docker)
    image        tmpl-test/talker:1, the engine has it
    platform     linux/amd64
    user         0:0
    network      none
    memory       2g
    processors   1.5
    mount        [DIR]/bucket:[DIR]/bucket:rw
    mount        /usr/share:/in:ro
    parameter    mode=ok
    temporary    [DIR]/bucket/tmp/[JOB]
    logs         [DIR]/bucket/staging/jobs/[DAY]/[JOB]/logs/1
    results      [DIR]/bucket/staging/jobs/[DAY]/[JOB]/results/1
    --- stderr
    ");
    containers.nothing_was_accepted();
}

#[test]
fn wrong_launches_are_refused_before_anything_begins() {
    let containers = Containers::new(shared());
    assert_snapshot!(containers.talk("shout", &[]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break a rule of the template
      parameter `mode` (Mode): the value "shout" is not one of those that can be chosen; give one of `ok`, `fail`, `raise-chained`, `exit`, `hang`, `ignore-sigterm`, `spawn-children`, `env`, `multiprocessing`, `subprocess-module`, `chatty`, `partial-line`, `progress`, `binary`, `big`, `memory`, `killed`, `sleep`, `write`, `temp`
    "#);
    let folder = containers.place.path("data");
    std::fs::create_dir(&folder).unwrap();
    let out = format!("out={}/file", folder.display());
    assert_snapshot!(containers.talk("write", &["--param", &out]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: parameter `out`: the container does not see [DIR]/data/file
    hint: mount it: `--mount [DIR]/data`, or `mounts = ["[DIR]/data"]` in the table `docker` of the configuration
    "#);
    assert_snapshot!(containers.talk("ok", &["--mount", "/no/such/folder"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: mount /no/such/folder:/no/such/folder:rw: /no/such/folder does not exist
    hint: make it, or mount something else
    ");
    assert_snapshot!(containers.talk("ok", &["--mount", "data"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'data' for '--mount <MOUNT>': `data` is no mount: write /folder, or /folder:/in/the/container:ro, with absolute paths

    For more information, try '--help'.
    ");
    assert_snapshot!(containers.tmpl(&["run", "talker", "--memory", "1g"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: --memory is for containers
    hint: pass --place docker too, or leave it out
    ");
    containers.place.write("config.toml", "[docker]\nmemory = \"2gg\"\n");
    assert_snapshot!(containers.talk("ok", &[]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: [DIR]/config.toml: TOML parse error at line 2, column 10
      |
    2 | memory = "2gg"
      |          ^^^^^
    `2gg` is no amount of memory: write it as 512m or 2g, from 6m on
    hint: the keys are `bucket`, `cache`, `python`, `notify`, `notify_secret`, `lease`, `allow_references`, tables `runners.NAME`, in the table `docker` `socket`, `network`, `user`, `memory`, `cpus`, `devices`, `mounts` and `platform`, and the table `serve`, which docs/serve.md describes
    "#);
    containers.place.write("config.toml", "");
    containers.nothing_was_accepted();
}

#[test]
fn what_is_mounted_can_be_written_to_and_is_looked_at() {
    let containers = Containers::new(shared());
    let folder = containers.place.path("data");
    std::fs::create_dir(&folder).unwrap();
    let mount = format!("{}:/out", folder.display());
    let arguments = ["--param", "out=/out/file", "--param", "text=hello", "--mount", &mount];
    containers.talk("write", &arguments).expect(0);
    assert_eq!(std::fs::read_to_string(folder.join("file")).unwrap(), "hello");
    let ended = containers.talk("write", &arguments).expect(2);
    assert!(ended.stderr.contains("parameter `out`: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("data/file exists already"), "{}", ended.stderr);
    // A relative path starts from the folder of the command, where the container sees it.
    let here = containers.place.path("");
    containers.talk("write", &["--param", "out=new/file", "--mount", here.to_str().unwrap()]).expect(0);
    assert_eq!(std::fs::read_to_string(here.join("new/file")).unwrap(), "written\n");
}

#[test]
fn a_signal_cancels_the_job() {
    let containers = Containers::new(shared());
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let running = begin(&containers, "spawn-children", &[]);
        running.signal(signal);
        let ended = running.end().expect(code);
        assert!(
            ended.stderr.contains(&format!("cancelled: `tmpl run` received SIG{signal}")),
            "{}",
            ended.stderr
        );
        containers.nothing_is_left();
        std::fs::remove_file(containers.place.path("id")).unwrap();
    }
}

#[test]
fn a_job_that_nobody_waits_for_goes_on_and_is_cleaned_up_after() {
    let containers = Containers::new(shared());
    let id = containers.talk("sleep", &["--param", "count=2", "--detach"]).expect(0).stdout.trim().to_owned();
    assert_eq!(containers.containers().len(), 1);
    containers.tmpl(&["wait", &id]).expect(0);
    containers.nothing_is_left();

    let running = begin(&containers, "hang", &["--on-signal", "detach"]);
    let id = running.id.clone();
    running.signal("INT");
    running.end().expect(130);
    assert_eq!(containers.containers().len(), 1);
    containers.tmpl(&["jobs", "cancel", &id]).expect(0);
    containers.tmpl(&["wait", &id]).expect(4);
    containers.nothing_is_left();

    // The command that waited is killed: the container belongs to nobody, and the next launch finds it.
    std::fs::remove_file(containers.place.path("id")).unwrap();
    let running = begin(&containers, "sleep", &["--param", "count=2"]);
    let id = running.id.clone();
    running.signal("KILL");
    running.end().expect(1009);
    until("the job is done", || containers.place.job(&id)["state"] == "JOB_STATE_DONE");
    until("the container has ended", || {
        containers.engine.docker(&["ps", "--quiet", "--filter", &format!("label=tmpl.job={id}")]).is_empty()
    });
    assert_eq!(containers.containers().len(), 1);
    containers.talk("ok", &[]).expect(0);
    containers.nothing_is_left();
}

#[test]
fn memory_that_runs_out_is_told_with_its_limit() {
    let containers = Containers::new(shared());
    let ended = containers.talk("memory", &["--memory", "100m"]).expect(1);
    let told = ended.whole();
    assert_snapshot!(told.split_once("error: ").unwrap().1, @r"
    job [JOB] failed: the program was killed by signal 9 (SIGKILL)
      caused by: killed: out of memory (the limit is 100 MiB)
    hint: raise the limit (with place docker: --memory), or give the job less to hold at a time
    ");
    containers.nothing_is_left();
}

#[test]
fn a_container_that_somebody_ends_is_told_at_once() {
    let containers = Containers::new(shared());
    for (command, reason) in [
        (&["kill"][..], "launcher lost: its container was killed by signal 9 (SIGKILL)"),
        (&["rm", "--force"], "launcher lost: its container"),
    ] {
        let running = begin(&containers, "hang", &[]);
        let begun = std::time::Instant::now();
        containers.engine.docker(&[command, &[&running.container()]].concat());
        let ended = running.end().expect(3);
        assert!(ended.stderr.contains(reason), "{}", ended.stderr);
        assert!(begun.elapsed().as_secs() < 10, "the lease was waited for");
        containers.nothing_is_left();
        std::fs::remove_file(containers.place.path("id")).unwrap();
    }
    // Its first process is told to end, as any service is.
    let running = begin(&containers, "hang", &[]);
    containers.engine.docker(&["stop", &running.container()]);
    let ended = running.end().expect(4);
    assert!(ended.stderr.contains("cancelled: the launcher received SIGTERM"), "{}", ended.stderr);
}

#[test]
fn an_image_that_cannot_be_had_is_named() {
    let containers = Containers::new(shared());
    let spec = containers.place.bucket().join("templates/talker.json");
    let text = std::fs::read_to_string(&spec).unwrap();
    let other =
        containers.place.write("other.json", &text.replace("tmpl-test/talker:1", "127.0.0.1:1/none:1"));
    let launch = |spec: &std::path::Path, arguments: &[&str]| {
        let run = ["run", spec.to_str().unwrap(), "--place", "docker", "--param", "mode=ok"];
        containers.tmpl(&[&run[..], arguments].concat())
    };
    let ended = launch(&other, &["--bucket", containers.place.bucket().to_str().unwrap()]).expect(3);
    assert!(
        ended.stderr.contains("does not have the image 127.0.0.1:1/none:1, and could not pull it"),
        "{}",
        ended.stderr
    );
    let none = containers.place.write("none.json", &text.replace("\"image\": \"tmpl-test/talker:1\",", ""));
    assert_snapshot!(launch(&none, &[]).whole(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: template `none` has no container image, which place `docker` needs
    hint: build it with an image (`tmpl build PROJECT --push REF`), or launch it with --place process
    ");
    containers.nothing_was_accepted();
}

#[test]
fn an_engine_that_is_not_there_is_said_to_be_missing() {
    let containers = Containers::new(shared());
    let launch = |host: Option<&str>| {
        let mut command = containers.command(&["run", "talker", "--place", "docker", "--param", "mode=ok"]);
        match host {
            Some(host) => command.env("DOCKER_HOST", host),
            None => command.env_remove("DOCKER_HOST").env_remove("XDG_RUNTIME_DIR"),
        };
        containers.place.ended(command.spawn().unwrap()).whole()
    };
    assert_snapshot!(launch(Some("unix:///no/such/socket")), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no container engine was found; looked at unix:///no/such/socket (not there)
    hint: start Docker, or podman's socket (`systemctl --user start podman.socket`), or name the engine's socket with DOCKER_HOST
    ");
    assert_snapshot!(launch(Some("ssh://me@host")), @r"
    exit: 2
    --- stdout
    --- stderr
    error: `ssh://host` is no address of a container engine: this version does not speak ssh with engines
    hint: write unix:///path/to/docker.sock, or tcp://host:port
    ");
    assert_snapshot!(launch(Some("tcp://127.0.0.1:1")), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no container engine was found; looked at http://127.0.0.1:1 (nobody listens)
    hint: start Docker, or podman's socket (`systemctl --user start podman.socket`), or name the engine's socket with DOCKER_HOST
    ");
    containers.place.write("config.toml", "[docker]\nsocket = \"/no/such/socket\"\n");
    assert_snapshot!(launch(None), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no container engine was found; looked at unix:///no/such/socket (not there)
    hint: start Docker, or podman's socket (`systemctl --user start podman.socket`), or name the engine's socket with DOCKER_HOST
    ");
    containers.nothing_was_accepted();
}

#[test]
fn an_image_of_somebodys_own_dockerfile_is_launched() {
    let containers = Containers::new(shared());
    let spec = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/flex/spec.json");
    let bucket = containers.place.bucket();
    let launch = |arguments: &[&str]| {
        let run = ["run", spec.to_str().unwrap(), "--bucket", bucket.to_str().unwrap(), "--place", "docker"];
        let mut command = containers.command(&[&run[..], arguments].concat());
        containers.place.ended(command.env("MY_TOKEN", "hunter-two").spawn().unwrap())
    };
    assert_snapshot!(launch(&["--param", "name=world", "--param", "token=env:MY_TOKEN"]).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] (spec-[NAME])
    pending
    running
    [TIME] INFO    hello world
    [TIME] INFO    token: [secret]
    [TIME] INFO    folder: /template
    done in [DURATION]
    ");
    assert_snapshot!(launch(&["--param", "name=nobody"]).whole(), @r"
    exit: 1
    --- stdout
    --- stderr
    job [JOB] (spec-[NAME])
    pending
    running
    [TIME] INFO    hello nobody
    [TIME] INFO    token: None
    [TIME] INFO    folder: /template
    error: job [JOB] failed: the program ended with exit code 3
    hint: `tmpl jobs logs [JOB]` shows the whole log
    ");
    launch(&["--param", "name=NOT A NAME"]).expect(2);
    launch(&["--param", "name=world", "--param", "token=env:NO_SUCH_TOKEN"]).expect(2);
    containers.nothing_is_left();
}

#[test]
fn the_engine_never_learns_a_secret() {
    let containers = Containers::new(shared());
    let spec = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/flex/spec.json");
    let bucket = containers.place.bucket();
    let run = ["run", spec.to_str().unwrap(), "--bucket", bucket.to_str().unwrap()];
    let arguments =
        ["--place", "docker", "--detach", "--param", "name=world", "--param", "token=env:MY_TOKEN"];
    let mut command = containers.command(&[&run[..], &arguments].concat());
    let cache = containers.place.path("cache");
    command.env("MY_TOKEN", "hunter-two").env("TMPL_CACHE_DIR", &cache);
    let id = containers.place.ended(command.spawn().unwrap()).expect(0).stdout.trim().to_owned();
    until("the job is done", || containers.place.job(&id)["state"] == "JOB_STATE_DONE");
    let container = containers.containers().remove(0);
    let known = containers.engine.docker(&["inspect", &container]);
    assert!(known.contains("TMPL_SECRETS_DIR") && !known.contains("hunter-two"), "{known}");
    assert!(!containers.engine.docker(&["logs", &container]).contains("hunter-two"));
    let left = std::fs::read_dir(cache.join("secrets").join(&id)).unwrap().count();
    assert_eq!(left, 0, "the secret is left in the cache");
    containers.tmpl(&["wait", &id]).expect(0);
}

#[test]
fn an_engine_that_is_killed_is_found_again() {
    let engine = start();
    let containers = Containers::new(&engine);
    let running = begin(&containers, "sleep", &["--param", "count=12"]);
    engine.kill();
    let ended = running.end().expect(0);
    assert!(ended.stderr.contains("looking for it again …"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the container engine is there again"), "{}", ended.stderr);
    assert!(ended.stderr.contains("second 11\n"), "{}", ended.stderr);
    containers.nothing_is_left();
}

#[test]
fn an_image_in_the_bucket_is_loaded_once() {
    let containers = Containers::new(shared());
    let layout = containers.place.path("layout");
    let mut copied = program("skopeo");
    copied.args(["copy", "--quiet", "--src-daemon-host", &containers.engine.host()]);
    succeeded(copied.arg("docker-daemon:tmpl-test/talker:1").arg(format!("oci:{}", layout.display())));
    let blobs = containers.place.bucket().join("staging/blobs/sha256");
    for blob in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let blob = blob.unwrap();
        std::fs::copy(blob.path(), blobs.join(blob.file_name())).unwrap();
    }
    let read = |path: &std::path::Path| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    };
    let manifest = read(&layout.join("index.json"))["manifests"][0]["digest"].clone();
    let mut spec = read(&containers.place.bucket().join("templates/talker.json"));
    spec.as_object_mut().unwrap().remove("image");
    spec["tmpl"]["platforms"]["linux/amd64"]["image"] = manifest.clone();
    let stored = containers.place.bucket().join("templates/stored.json");
    std::fs::write(&stored, spec.to_string()).unwrap();
    let launch = || {
        let run = ["run", stored.to_str().unwrap(), "--place", "docker", "--param", "mode=ok"];
        containers.tmpl(&run).expect(0).stderr
    };
    assert!(launch().contains("loading the image tmpl:stored-"), "it was not loaded");
    assert!(!launch().contains("loading the image"), "it was loaded again");
    // A layer that is damaged in the bucket never becomes an image.
    let config =
        read(&blobs.join(manifest.as_str().unwrap().trim_start_matches("sha256:")))["layers"][0]["digest"]
            .clone();
    let layer = blobs.join(config.as_str().unwrap().trim_start_matches("sha256:"));
    let tag = containers.engine.docker(&["images", "--quiet", "--filter", "reference=tmpl:stored-*"]);
    containers.engine.docker(&["rmi", "--force", tag.trim()]);
    std::fs::write(&layer, "damaged").unwrap();
    let run = ["run", stored.to_str().unwrap(), "--place", "docker", "--param", "mode=ok"];
    let ended = containers.tmpl(&run).expect(3);
    assert!(ended.stderr.contains("error: the image can't be read from the bucket"), "{}", ended.stderr);
}

#[test]
fn podman_is_an_engine_too() {
    let podman = Podman::start();
    let containers = Containers::new(shared());
    let bucket = containers.place.bucket();
    let text = std::fs::read_to_string(bucket.join("templates/talker.json")).unwrap();
    let spec =
        containers.place.write("talker.json", &text.replace("tmpl-test/talker:1", "localhost/base:test"));
    let run = |mode: &str, arguments: &[&str]| {
        let mode = format!("mode={mode}");
        let run = ["run", spec.to_str().unwrap(), "--bucket", bucket.to_str().unwrap(), "--place", "docker"];
        let mut command = containers.command(&[&run[..], &["--param", &mode], arguments].concat());
        command.env("DOCKER_HOST", podman.host()).spawn().unwrap()
    };
    let ended = containers.place.ended(run("ok", &["--param", "text=hello"])).expect(0);
    assert!(ended.stderr.contains("repr: 'hello'"), "{}", ended.stderr);
    containers.place.ended(run("exit", &["--param", "count=9"])).expect(1);
    let hanging = run("hang", &["--id-file", "id"]);
    let id_file = containers.place.path("id");
    until("the program speaks", || {
        let id = std::fs::read_to_string(&id_file).unwrap_or_default();
        !id.is_empty() && containers.tmpl(&["jobs", "logs", id.trim()]).stdout.contains("pid:")
    });
    succeeded(&mut podman.command(&["kill", "--all"]));
    let ended = containers.place.ended(hanging).expect(3);
    assert!(ended.stderr.contains("launcher lost: its container was killed by signal 9"), "{}", ended.stderr);
    assert_eq!(succeeded(&mut podman.command(&["ps", "--all", "--quiet"])), "");
}
