//! 24 processes that do the same at the same moment, 20 rounds, on local disk and on `MinIO`, while others read.
//!
//! Real builds race in few rounds, since 24 of them take seconds of two processors. What they race for, the publish log, is raced for
//! by going back to 24 different versions, which is the same write: on local disk in all 20 rounds; on `MinIO`, where each of 24
//! that are refused asks again and a round is 3,000 requests, or eight seconds, in six.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::aftermath::{history, is_tidy};
use crate::site::Site;
use crate::support::Ended;

const PROCESSES: usize = 24;
const ROUNDS: usize = 20;
/// The exit code of what is refused since a name is in use.
const REFUSED: i32 = 6;

/// Runs commands at the same time.
fn at_once(site: &Site, commands: Vec<Command>) -> Vec<Ended> {
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            commands.into_iter().map(|command| scope.spawn(move || site.ended(command))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Does something while others read the bucket again and again. Gives how often they have.
fn while_read(site: &Site, act: impl FnOnce()) -> usize {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers = [scope.spawn(|| read_whole(site, &over)), scope.spawn(|| read_projection(site, &over))];
        // Readers end also when this fails.
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        over.store(true, Ordering::SeqCst);
        let reads = readers.map(|reader| reader.join().unwrap()).into_iter().sum();
        if let Err(panic) = acted {
            std::panic::resume_unwind(panic);
        }
        reads
    })
}

/// What commands show is never torn: they end well, and print what can be read.
fn read_whole(site: &Site, over: &AtomicBool) -> usize {
    let mut reads = 0;
    while !over.load(Ordering::SeqCst) {
        let listed = site.json(&["template", "list"]);
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
        let shown = site.json(&["template", "show", "talker"]);
        assert_eq!(shown["published"]["digest"], shown["digest"], "{shown:#}");
        let jobs = site.json(&["jobs", "list"]);
        assert!(jobs.as_array().unwrap().iter().all(|job| job["presumedLost"] == false), "{jobs:#}");
        reads += 3;
    }
    reads
}

/// On local disk the current spec is read as a file, as often as possible.
fn read_projection(site: &Site, over: &AtomicBool) -> usize {
    let Some(folder) = site.folder() else { return 0 };
    let mut reads = 0;
    while !over.load(Ordering::SeqCst) {
        let text = std::fs::read_to_string(folder.join("templates/talker.json")).unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "torn: {text}");
        reads += 1;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    reads
}

fn log(site: &Site) -> Vec<Value> {
    site.json(&["template", "versions", "talker"]).as_array().unwrap().clone()
}

fn digests(entries: &[Value]) -> BTreeSet<String> {
    entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect()
}

/// After a race: an entry for each process, each with a version of its own, and the newest is shown.
fn all_published(site: &Site, before: usize) {
    let entries = log(site);
    let mut numbers: Vec<u64> = entries.iter().map(|entry| entry["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=(before + PROCESSES) as u64).collect::<Vec<_>>());
    let newest = entries.iter().max_by_key(|entry| entry["number"].as_u64()).unwrap();
    let shown = site.json(&["template", "show", "talker"]);
    assert_eq!(shown["digest"], newest["digest"]);
    let of_this_race: Vec<Value> =
        entries.iter().filter(|entry| entry["number"].as_u64().unwrap() > before as u64).cloned().collect();
    assert_eq!(digests(&of_this_race).len(), PROCESSES, "{of_this_race:#?}");
}

fn builds_publish_one_name(site: &Site, round: usize) {
    let before = log(site).len();
    let projects: Vec<_> =
        (0..PROCESSES).map(|number| site.changed_talker(&format!("build-{round}-{number}"))).collect();
    let build = |project: &std::path::PathBuf| {
        site.command(&["build", project.to_str().unwrap(), "--check", "static"])
    };
    for ended in at_once(site, projects.iter().map(build).collect()) {
        ended.expect(0);
    }
    all_published(site, before);
}

fn rollbacks_publish_one_name(site: &Site) {
    let entries = log(site);
    let current = site.json(&["template", "show", "talker"])["digest"].as_str().unwrap().to_owned();
    let versions: Vec<String> = digests(&entries).into_iter().filter(|digest| *digest != current).collect();
    let commands = versions.iter().take(PROCESSES).map(|digest| {
        let version = format!("talker@{}", digest.trim_start_matches("sha256:"));
        site.command(&["template", "rollback", &version])
    });
    for ended in at_once(site, commands.collect()) {
        ended.expect(0);
    }
    all_published(site, entries.len());
}

fn launches_claim_one_name(site: &Site) {
    let arguments =
        ["run", "talker", "--param", "mode=sleep", "--param", "count=100", "--job-name", "same", "--detach"];
    let commands = (0..PROCESSES).map(|_| site.command(&arguments)).collect();
    let (winners, losers): (Vec<Ended>, Vec<Ended>) =
        at_once(site, commands).into_iter().partition(|ended| ended.code == 0);
    assert_eq!((winners.len(), losers.len()), (1, PROCESSES - 1), "{winners:#?}");
    let id = winners[0].stdout.trim();
    for loser in losers {
        let loser = loser.expect(REFUSED);
        assert!(loser.stderr.contains(id), "who has the name is told: {}", loser.stderr);
    }
    site.tmpl(&["jobs", "cancel", id]).expect(0);
    assert_eq!(history(site, id)["state"], "JOB_STATE_CANCELLED");
}

fn launches_use_one_key(site: &Site, round: usize) {
    let key = format!("key of round {round}");
    let name = format!("round-{round}");
    let arguments =
        ["run", "talker", "--param", "mode=ok", "--launch-key", &key, "--job-name", &name, "--detach"];
    let commands = (0..PROCESSES).map(|_| site.command(&arguments)).collect();
    let ids: BTreeSet<String> =
        at_once(site, commands).into_iter().map(|ended| ended.expect(0).stdout.trim().to_owned()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let id = ids.first().unwrap();
    site.tmpl(&["wait", id]).expect(0);
    let job = history(site, id);
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(job["job"]["launchKey"], key.as_str());
    assert_eq!(site.json(&["jobs", "list", "--name", &name]).as_array().unwrap().len(), 1);
}

fn race(site: &Site, store: &str, rounds_of_builds: usize, rounds_of_rollbacks: usize) {
    let begun = std::time::Instant::now();
    let reads = while_read(site, || {
        (0..rounds_of_builds).for_each(|round| builds_publish_one_name(site, round));
        let built = begun.elapsed();
        (0..rounds_of_rollbacks).for_each(|_| rollbacks_publish_one_name(site));
        let rolled = begun.elapsed();
        (0..ROUNDS).for_each(|_| launches_claim_one_name(site));
        let claimed = begun.elapsed();
        (0..ROUNDS).for_each(|round| launches_use_one_key(site, round));
        println!(
            "{store}: builds until {built:.0?}, rollbacks until {rolled:.0?}, names until {claimed:.0?}, keys until {:.0?}",
            begun.elapsed()
        );
    });
    let entries = log(site).len();
    assert_eq!(entries, 1 + PROCESSES * (rounds_of_builds + rounds_of_rollbacks));
    let jobs = site.json(&["jobs", "list", "--limit", "1000"]);
    assert_eq!(jobs.as_array().unwrap().len(), 2 * ROUNDS, "one job for each name and each key");
    is_tidy(site);
    println!(
        "{store}: {PROCESSES} processes, {rounds_of_builds} rounds of builds and {rounds_of_rollbacks} of rollbacks ({entries} entries), {ROUNDS} of one \
         name, {ROUNDS} of one key; {reads} reads meanwhile, none torn"
    );
    assert!(reads > 100, "{reads} reads");
}

#[test]
fn races_on_local_disk() {
    let _alone = crate::alone();
    race(&Site::local().with_talker(), "local disk", 3, ROUNDS);
}

#[test]
fn races_on_minio() {
    let _alone = crate::alone();
    race(&Site::minio().with_talker(), "MinIO", 2, 6);
}
