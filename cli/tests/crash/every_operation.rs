//! Killed with -9 at the n-th operation on the store, for every n.
//!
//! What the collection leaves for a day, since somebody might still be at it: the record of what a killed build relied on (with the
//! blobs it names), entries of the index for launches that were never accepted, and objects that the store was probed with.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use tmpl_testing::{Proxy, Then};

use crate::aftermath::{Fate, is_tidy, one_job, only_job, templates_launch};
use crate::lanes::until_last;
use crate::processes::{self, Victims};
use crate::site::Site;
use crate::support::Ended;

/// As many at a time: most of the time goes into waiting for leases to run out.
const LANES: usize = 16;
/// So often a launch follows that is not only planned.
const SAMPLE: usize = 5;
/// Long enough for launchers that live, on a machine that does much else: one that can't renew for half of it ends itself.
const LEASE: &str = "6s";

/// A command that was killed, or was not: it ended before.
struct Run {
    ended: Ended,
    killed: Vec<i32>,
    /// By which those who were not killed still reach the store.
    _proxy: Proxy,
}

/// Runs a command; processes of it are killed at its `n`-th operation, counted from the moment there is one of them.
fn run_and_kill(site: &Site, arguments: &[&str], victims: Victims, n: usize) -> Run {
    static MARKS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let mark = format!("{}", MARKS.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    let proxy = site.proxy();
    let (tell, told) = mpsc::channel();
    kill_at(&proxy, mark.clone(), victims, n, tell);
    let site = site.through(&proxy).with_lease(LEASE);
    let ended = site.ended(site.marked(&[], arguments, &mark));
    // Waits for the hook, which may still look whether all are dead.
    proxy.on_request(|_| Then::PassOn);
    Run { ended, killed: told.try_recv().unwrap_or_default(), _proxy: proxy }
}

fn kill_at(proxy: &Proxy, mark: String, victims: Victims, n: usize, killed: mpsc::Sender<Vec<i32>>) {
    let mut seen = 0;
    proxy.on_request(move |_| {
        if seen > 0 || !processes::find(&mark, victims).is_empty() {
            seen += 1;
        }
        if seen != n {
            return Then::PassOn;
        }
        let _ = killed.send(processes::kill(&mark, victims));
        Then::Drop
    });
}

/// A launch under a key and a name is killed at every operation, and asked for again.
fn launches(victims: Victims) {
    let (operations, fates) = until_last(
        LANES,
        |_| Site::minio().with_talker(),
        |site, n| {
            let (key, name) = (format!("key {n}"), format!("killed-{n}"));
            let arguments =
                ["run", "talker", "--param", "mode=ok", "--launch-key", &key, "--job-name", &name];
            let here = site.elsewhere(&name);
            let run = run_and_kill(&here, &arguments, victims, n);
            if run.killed.is_empty() {
                run.ended.expect(0);
                return None;
            }
            if victims == Victims::Launcher {
                assert!([0, 3, 75].contains(&run.ended.code), "{}", run.ended.whole());
            }
            templates_launch(&here, n.is_multiple_of(SAMPLE));
            let repeated = here.tmpl(&arguments);
            let fate = one_job(&here, &name, &repeated, &run.killed);
            here.tmpl(&["run", "talker", "--param", "mode=ok", "--job-name", &name]).expect(0);
            is_tidy(&here);
            Some(fate)
        },
    );
    let lost = fates.iter().filter(|fate| **fate == Fate::Lost).count();
    println!(
        "launches, {victims:?} killed: {operations} operations, {} kills, {lost} jobs lost, {} done when asked for again",
        fates.len(),
        fates.len() - lost
    );
    assert!(operations > 20 && fates.len() >= operations - 1, "{operations} operations");
}

#[test]
fn launches_killed_as_a_whole() {
    let _alone = crate::alone();
    launches(Victims::All);
}

#[test]
fn launches_whose_launcher_is_killed() {
    let _alone = crate::alone();
    launches(Victims::Launcher);
}

#[test]
fn launches_whose_client_is_killed() {
    let _alone = crate::alone();
    launches(Victims::Client);
}

/// A launch without a key that is cut off between the claim of its name and its record: the name is free again soon.
#[test]
fn a_name_of_a_launch_that_never_was() {
    // Beside the others: it waits for a minute.
    let site = Site::minio().with_talker();
    let arguments = ["run", "talker", "--param", "mode=ok", "--job-name", "stuck"];
    let proxy = site.proxy();
    proxy.on_request(|request| {
        let accepts = request.method == "PUT" && request.path.ends_with("/job.json");
        if accepts {
            processes::kill("stuck", Victims::All);
        }
        if accepts { Then::Drop } else { Then::PassOn }
    });
    let killed = site.ended(site.through(&proxy).marked(&[], &arguments, "stuck"));
    assert_eq!(killed.code, 1009, "killed with -9: {}", killed.stderr);
    let begun = Instant::now();
    let mut refused = 0;
    while site.tmpl(&arguments).code == 6 {
        refused += 1;
        assert!(begun.elapsed() < Duration::from_mins(3), "the name is stuck");
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("a claim without a job: refused {refused} times, free after {:.0?}", begun.elapsed());
    assert_eq!(only_job(&site, "stuck")["state"], "JOB_STATE_DONE");
    is_tidy(&site);
}

/// The first build in a bucket: the store is probed, and nothing is there.
#[test]
fn first_builds() {
    let _alone = crate::alone();
    let (operations, listed) = until_last(
        LANES,
        |_| Site::minio(),
        |machine, n| {
            let site = Site::minio().on(machine);
            let arguments = ["build", Site::talker(), "--check", "static"];
            let run = run_and_kill(&site, &arguments, Victims::All, n);
            if run.killed.is_empty() {
                run.ended.expect(0);
                return None;
            }
            let listed = templates_launch(&site, true);
            site.tmpl(&arguments).expect(0);
            assert_eq!(templates_launch(&site, n.is_multiple_of(SAMPLE)), 1);
            is_tidy(&site);
            Some(listed)
        },
    );
    let visible: usize = listed.iter().sum();
    println!(
        "first builds: {operations} operations, {} kills, {visible} times the template was visible",
        listed.len()
    );
    assert!(operations > 80 && listed.len() >= operations - 1, "{operations} operations");
}

/// A build of another version of a template that is there.
#[test]
fn further_builds() {
    let _alone = crate::alone();
    let (operations, changed) = until_last(
        LANES,
        |_| Site::minio().with_talker(),
        |site, n| {
            let project = site.changed_talker(&format!("version-{n}"));
            let digest = |site: &Site| site.json(&["template", "show", "talker"])["digest"].clone();
            let before = digest(site);
            let arguments = ["build", project.to_str().unwrap(), "--check", "static"];
            let run = run_and_kill(site, &arguments, Victims::All, n);
            if run.killed.is_empty() {
                run.ended.expect(0);
                return None;
            }
            assert_eq!(templates_launch(site, true), 1);
            let meanwhile = digest(site);
            // A collection between the two tries takes nothing away that the second one counts on.
            is_tidy(site);
            site.tmpl(&arguments).expect(0);
            let after = digest(site);
            assert!(after != before && (meanwhile == before || meanwhile == after));
            assert_eq!(templates_launch(site, n.is_multiple_of(SAMPLE)), 1);
            is_tidy(site);
            Some(meanwhile == after)
        },
    );
    println!(
        "further builds: {operations} operations, {} kills, {} times the new version was visible",
        changed.len(),
        changed.iter().filter(|changed| **changed).count()
    );
    assert!(operations > 20 && changed.len() >= operations - 1, "{operations} operations");
}
