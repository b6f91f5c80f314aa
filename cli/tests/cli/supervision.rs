//! Ends of every kind: signals, limits, requests, and processes killed with -9. Nothing of a job outlives it.

use std::process::Child;

use insta::assert_snapshot;

use crate::support::{Ended, Place, runs, send, started_by, until};

/// A running `tmpl run` and the job it waits for.
struct Running<'a> {
    place: &'a Place,
    child: Child,
    id: String,
}

/// Starts `talker` in this mode and waits until the program itself has spoken.
fn start<'a>(place: &'a Place, mode: &str, arguments: &[&str]) -> Running<'a> {
    let id_file = place.path("id");
    let _ = std::fs::remove_file(&id_file);
    let mode = format!("mode={mode}");
    let all = [&["run", "talker", "--id-file", "id", "--param", &mode], arguments].concat();
    let child = place.command(&all).spawn().unwrap();
    until("the id is written", || std::fs::read_to_string(&id_file).is_ok_and(|id| id.ends_with('\n')));
    let id = std::fs::read_to_string(&id_file).unwrap().trim_end().to_owned();
    let running = Running { place, child, id };
    until("the program speaks", || !running.pids().is_empty());
    running
}

impl Running<'_> {
    /// The processes that the program has told of: itself, and its children where it has some.
    fn pids(&self) -> Vec<String> {
        let log = self.place.tmpl(&["jobs", "logs", &self.id]).stdout;
        let told = log.lines().filter_map(|line| {
            line.split_once("pid: ").or_else(|| line.split_once("child"))?.1.rsplit(": ").next()
        });
        told.map(str::to_owned).collect()
    }

    /// The launcher, by the attempt that it took.
    fn launcher(&self) -> String {
        self.place.job(&self.id)["attempts"][0]["pid"].to_string()
    }

    /// The process above the program.
    fn guard(&self) -> String {
        parent(&self.pids()[0])
    }

    fn signal(&self, signal: &str) {
        send(signal, &self.child.id().to_string());
    }

    fn end(self) -> Ended {
        self.place.ended(self.child)
    }
}

fn parent(pid: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().to_owned()
}

fn all_gone(pids: &[String]) {
    assert!(!pids.is_empty());
    until("every process of the job is gone", || pids.iter().all(|pid| !runs(pid)));
}

/// Three processes: the program, a child in its group, a child in a session of its own.
fn wait_for_children(running: &Running<'_>) -> Vec<String> {
    until("the children are told", || running.pids().len() == 3);
    running.pids()
}

#[test]
fn a_signal_cancels_the_job_and_ends_everything_it_started() {
    for (signal, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let place = Place::with_talker();
        let running = start(&place, "spawn-children", &[]);
        let pids = wait_for_children(&running);
        running.signal(signal);
        let id = running.id.clone();
        let ended = running.end().expect(code);
        assert!(
            ended.stderr.contains(&format!("cancelled: `tmpl run` received SIG{signal}")),
            "{}",
            ended.stderr
        );
        all_gone(&pids);
        let job = place.job(&id);
        assert_eq!(job["state"], "JOB_STATE_CANCELLED");
        let states: Vec<&str> =
            job["events"].as_array().unwrap().iter().filter_map(|event| event["state"].as_str()).collect();
        assert_eq!(states, ["JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING"]);
    }
}

#[test]
fn a_program_that_ignores_signals_is_killed_after_a_grace() {
    let place = Place::with_talker();
    let running = start(&place, "ignore-sigterm", &[]);
    let pids = running.pids();
    running.signal("INT");
    let ended = running.end().expect(130);
    assert!(ended.stderr.contains("ignored: SIGTERM"), "{}", ended.stderr);
    all_gone(&pids);
}

#[test]
fn a_signal_may_leave_the_job_alone() {
    let place = Place::with_talker();
    let running = start(&place, "hang", &["--on-signal", "detach"]);
    let (id, pids) = (running.id.clone(), running.pids());
    running.signal("INT");
    assert_snapshot!(running.end().expect(130).whole(), @r"
    exit: 130
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    running
    [TIME] INFO    pid: [PID]
    error: job [JOB] goes on: this command was told to leave it
    hint: `tmpl wait [JOB]` waits for it, `tmpl jobs cancel [JOB]` ends it
    ");
    assert!(runs(&pids[0]));
    place.tmpl(&["jobs", "cancel", &id]).expect(0);
    all_gone(&pids);
}

#[test]
fn a_job_is_cancelled_from_another_process() {
    let place = Place::with_talker();
    let running = start(&place, "spawn-children", &[]);
    let pids = wait_for_children(&running);
    let id = running.id.clone();
    assert_snapshot!(place.tmpl(&["jobs", "cancel", &id]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] cancelled: asked for by ann on [HOST]
    ");
    running.end().expect(4);
    all_gone(&pids);
    assert_snapshot!(place.tmpl(&["jobs", "cancel", &id]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: job [JOB] has already ended: cancelled
    hint: `tmpl jobs show [JOB]` shows what it did
    ");
    assert_snapshot!(place.tmpl(&["wait", &id]).expect(4).whole(), @r"
    exit: 4
    --- stdout
    --- stderr
    error: job [JOB] cancelled: asked for by ann on [HOST]
    hint: `tmpl jobs logs [JOB]` shows the whole log
    ");
}

#[test]
fn a_job_may_run_so_long_and_no_longer() {
    let place = Place::with_talker();
    let ended = place.talk("spawn-children", &["--timeout", "2s"]).expect(1);
    assert!(ended.stderr.contains("failed: timed out after 2s"), "{}", ended.stderr);
}

#[test]
fn waiting_may_end_before_the_job_does() {
    let place = Place::with_talker();
    let running = start(&place, "hang", &["--wait-timeout", "3s"]);
    let (id, pids) = (running.id.clone(), running.pids());
    assert_snapshot!(running.end().expect(5).whole(), @r"
    exit: 5
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    running
    [TIME] INFO    pid: [PID]
    error: job [JOB] goes on: the time to wait is over
    hint: `tmpl wait [JOB]` waits for it, `tmpl jobs cancel [JOB]` ends it
    ");
    assert!(runs(&pids[0]));
    assert_snapshot!(place.tmpl(&["wait", &id, "--wait-timeout", "200ms"]).expect(5).whole(), @r"
    exit: 5
    --- stdout
    --- stderr
    error: job [JOB] goes on; the time to wait is over
    hint: `tmpl wait [JOB]` waits on
    ");
    place.tmpl(&["jobs", "cancel", &id]).expect(0);
    all_gone(&pids);
}

#[test]
fn killing_the_waiting_command_ends_the_program() {
    let place = Place::with_talker();
    let running = start(&place, "spawn-children", &[]);
    let (id, pids) = (running.id.clone(), wait_for_children(&running));
    running.signal("KILL");
    running.end().expect(1009);
    all_gone(&pids);
    until("the job has ended", || place.job(&id)["state"] == "JOB_STATE_FAILED");
    assert!(place.job(&id)["end"]["reason"].as_str().unwrap().starts_with("launcher lost: the `tmpl run`"));
}

#[test]
fn killing_the_launcher_ends_the_program_and_the_next_reader_says_so() {
    let place = Place::with_talker();
    let running = start(&place, "spawn-children", &[]);
    let (id, pids) = (running.id.clone(), wait_for_children(&running));
    send("KILL", &running.launcher());
    all_gone(&pids);
    // Whoever waits for it is a reader too: it hears when the lease has run out.
    let ended = running.end().expect(3);
    assert!(
        ended.stderr.contains("failed: launcher lost: it stopped renewing its lease"),
        "{}",
        ended.stderr
    );
    assert_eq!(place.job(&id)["state"], "JOB_STATE_FAILED");
}

#[test]
fn killing_the_guard_ends_the_program() {
    let place = Place::with_talker();
    let running = start(&place, "spawn-children", &[]);
    let pids = wait_for_children(&running);
    send("KILL", &running.guard());
    let ended = running.end().expect(75);
    assert!(ended.stderr.contains("caused by: the guard process ended unexpectedly"), "{}", ended.stderr);
    all_gone(&pids);
}

#[test]
fn a_service_manager_that_signals_everything_leaves_the_program_its_grace() {
    let place = Place::with_talker();
    let running = start(&place, "sleep", &["--param", "count=3", "--quiet"]);
    for signal in ["TERM", "INT", "HUP"] {
        send(signal, &running.guard());
    }
    assert_eq!(running.end().code, 0, "the guard went on, and the program with it");
}

#[test]
fn a_signal_to_the_launcher_itself_cancels() {
    let place = Place::with_talker();
    let running = start(&place, "hang", &[]);
    let pids = running.pids();
    send("TERM", &running.launcher());
    let ended = running.end().expect(4);
    assert!(ended.stderr.contains("cancelled: the launcher received SIGTERM"), "{}", ended.stderr);
    all_gone(&pids);
}

/// A control group with little memory, as a container has. It needs root, as CI has.
struct LittleMemory(std::path::PathBuf);

impl LittleMemory {
    fn new(bytes: &str) -> Self {
        let name = format!("tmpl-test-{}", std::process::id());
        let older = std::path::Path::new("/sys/fs/cgroup/memory");
        let (group, limit) = if older.is_dir() {
            (older.join(name), "memory.limit_in_bytes")
        } else {
            (std::path::Path::new("/sys/fs/cgroup").join(name), "memory.max")
        };
        let made = std::fs::create_dir(&group).and_then(|()| std::fs::write(group.join(limit), bytes));
        made.expect("this test limits the memory of a control group: run it as root");
        Self(group)
    }
}

impl Drop for LittleMemory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_program_that_the_kernel_kills_for_its_memory_says_so() {
    let place = Place::with_talker();
    let group = LittleMemory::new("100000000");
    let run = place.command(&["run", "talker", "--param", "mode=memory"]);
    let script = "echo $$ > $0/cgroup.procs; exec \"$@\"";
    let mut limited = started_by("sh", &["-c", script, group.0.to_str().unwrap()], &run);
    let ended = place.ended(limited.spawn().unwrap()).expect(1);
    let told = ended.whole();
    assert_snapshot!(told.split_once("error: ").unwrap().1, @r"
    job [JOB] failed: the program was killed by signal 9 (SIGKILL)
      caused by: killed: out of memory (the limit is 95 MiB)
    hint: raise the limit (with place docker: --memory), or give the job less to hold at a time
    ");
}
