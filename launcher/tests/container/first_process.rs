//! What a container's first process has to do, and what it may not count on.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use crate::support::{Ended, Image, send};

const FIRST: &[&str] = &["--pid", "--mount-proc"];

#[test]
fn orphans_are_reaped() {
    // The orphan ends at once; a dead process that nobody waited for would still have an entry.
    let script = "(sh -c 'echo $$ > orphan; exit 0' &) ; sleep 0.5\n\
        orphan=$(cat orphan); test -e /proc/$orphan && echo \"left over: $orphan\"; grep PPid /proc/$$/status";
    let image = Image::with_script(script, "[]");
    let ended = image.ended(image.unshare(FIRST, "exec $LAUNCHER").spawn().unwrap());
    assert_eq!(ended, Ended { code: 0, stdout: "PPid:\t1\n".to_owned(), stderr: String::new() });
}

#[test]
fn a_read_only_file_system_another_user_and_closed_input_are_enough() {
    let parameters = r#"[{"name": "query", "label": "Query", "helpText": "SQL", "isOptional": true, "customMetadata": {"tmpl.pass": "file"}}]"#;
    let image = Image::with_script("id -u; touch x 2>/dev/null || echo read-only", parameters);
    let start = "mount -o remount,ro,bind /; mount -o remount,ro,bind /tmp 2>/dev/null || true\n\
        exec setpriv --reuid 54321 --regid 54321 --clear-groups $LAUNCHER \"$@\" <&-";
    let launch = |arguments: &[&str]| {
        let mut command = image.unshare(FIRST, start);
        image.ended(command.arg("sh").args(arguments).spawn().unwrap())
    };
    let stdout = "54321\nread-only\n".to_owned();
    assert_eq!(launch(&[]), Ended { code: 0, stdout, stderr: String::new() });
    // Only where there is a file to write does it matter.
    let ended = launch(&["--param", "query=select 1"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""));
    let first = ended.stderr.lines().next().unwrap();
    assert!(
        first.starts_with(
            "error: the parameters that are passed as files can't be written to /tmp/tmpl-parameters-"
        ),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.ends_with("hint: mount a writable folder at /tmp, or name one with TMPDIR\n"),
        "{}",
        ended.stderr
    );
}

#[test]
fn signals_are_passed_on_and_the_exit_code_tells_how_the_program_ended() {
    for (script, signal, code) in [
        ("trap 'exit 9' TERM", "TERM", 9),
        ("trap 'exit 8' INT", "INT", 8),
        ("trap 'exit 7' USR1", "USR1", 7),
        ("trap 'exit 6' HUP", "HUP", 6),
        ("", "TERM", 143),
        ("", "QUIT", 131),
    ] {
        let (image, mut child, mut lines) = waiting(script);
        send(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{script} {signal}");
        assert!(lines.next().is_none());
        drop(image);
    }
}

#[test]
fn a_program_that_will_not_end_is_killed_after_the_second_time() {
    let (image, mut child, mut lines) = waiting("trap 'echo no' TERM");
    send(&child, "TERM");
    assert_eq!(lines.next().unwrap().unwrap(), "no");
    let asked = Instant::now();
    send(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(137));
    assert!(asked.elapsed() > Duration::from_secs(4), "{:?}", asked.elapsed());
    drop(image);
}

#[test]
fn a_program_that_the_kernel_killed_for_memory_is_told_as_such() {
    let image = Image::with_script("exec python3 -c 'x = bytearray(1 << 30)'", "[]");
    let group = Group::limited(64 << 20);
    let mut command = image.command("sh");
    command.args(["-ec", "echo $$ > \"$GROUP/cgroup.procs\"; exec $LAUNCHER"]);
    command.env("GROUP", &group.0).env("LAUNCHER", crate::support::LAUNCHER);
    let ended = image.ended(command.spawn().unwrap());
    let stderr = "error: the program was killed: out of memory\n\
        hint: give the container more memory, or the job less to hold at a time\n";
    assert_eq!(ended, Ended { code: 137, stdout: String::new(), stderr: stderr.to_owned() });
}

type Lines = std::io::Lines<BufReader<std::process::ChildStdout>>;

/// A launcher that is the first process, with a program that has set its traps and waits.
fn waiting(script: &str) -> (Image, Child, Lines) {
    let image = Image::with_script(&format!("{script}\necho ready; while :; do sleep 0.05; done"), "[]");
    let mut child = image.unshare(FIRST, "exec $LAUNCHER").spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    (image, child, lines)
}

/// A control group with a limit of memory.
struct Group(std::path::PathBuf);

impl Group {
    fn limited(bytes: u64) -> Self {
        let top = std::path::Path::new("/sys/fs/cgroup");
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let (folder, limit) = if top.join("memory").is_dir() {
            let path = own.lines().find_map(|line| line.split_once(":memory:")).map_or("/", |(_, path)| path);
            let inside = top.join("memory").join(path.trim_start_matches('/'));
            (if inside.is_dir() { inside } else { top.join("memory") }, "memory.limit_in_bytes")
        } else {
            (top.to_owned(), "memory.max")
        };
        let group = folder.join(format!("tmpl-test-{}", std::process::id()));
        std::fs::create_dir(&group).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; this test needs the right to make control groups: run it as root",
                group.display()
            )
        });
        std::fs::write(group.join(limit), bytes.to_string()).unwrap();
        Self(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}
