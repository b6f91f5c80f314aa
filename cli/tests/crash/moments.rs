//! Builds and launches killed with -9 at random moments, on local disk.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::aftermath::{Fate, is_tidy, leftovers_are_collected, one_job, templates_launch};
use crate::lanes::{each, random};
use crate::processes::{self, Victims};
use crate::site::Site;

const MOMENTS: usize = 200;
const LANES: usize = 8;
const LEASE: &str = "3s";

/// A thread's bucket, and how long things take there.
struct Lane {
    site: Site,
    build: Duration,
    launch: Duration,
}

impl Lane {
    fn new(number: usize) -> Self {
        let site = Site::local().with_talker();
        let timed = |arguments: &[&str]| {
            let begun = Instant::now();
            site.tmpl(arguments).expect(0);
            begun.elapsed()
        };
        let project = site.changed_talker(&format!("measured-{number}"));
        let build = timed(&["build", project.to_str().unwrap(), "--check", "static"]);
        let launch = timed(&["run", "talker", "--param", "mode=ok"]);
        Self { site, build, launch }
    }
}

/// What was killed, and what became of it.
enum Killed {
    Build {
        visible: bool,
    },
    Launch(Fate),
    /// It had ended before.
    Nothing,
}

/// Runs a command, and kills all of its processes at a moment between its beginning and its usual end. Gives whom it killed. One that
/// ends before tells how long it takes now: other threads come and go.
fn run_and_kill(site: &Site, arguments: &[&str], seed: u64, usual: &mut Duration) -> Vec<i32> {
    let mark = format!("moment-{seed}");
    let part = u32::try_from(random(seed) % 1000).unwrap();
    let after = *usual * part / 1000;
    let command = site.with_lease(LEASE).marked(&[], arguments, &mark);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            std::thread::sleep(after);
            processes::kill(&mark, Victims::All)
        });
        let begun = Instant::now();
        let ended = site.ended(command);
        let duration = begun.elapsed();
        let victims = killer.join().unwrap();
        if victims.is_empty() {
            ended.expect(0);
            *usual = duration;
        } else {
            // How long it would have taken is not known: a little longer is tried, so that the last moments are met too.
            *usual += *usual / 20;
        }
        victims
    })
}

/// A build, of every second the first in its bucket.
fn build(lane: &mut Lane, number: usize, seed: u64) -> Killed {
    let fresh = number.is_multiple_of(4);
    let site = if fresh { Site::local().on(&lane.site) } else { lane.site.clone() };
    let project = site.changed_talker(&format!("version-{number}"));
    let arguments = ["build", project.to_str().unwrap(), "--check", "static"];
    let before = usize::from(!fresh);
    let killed = run_and_kill(&site, &arguments, seed, &mut lane.build);
    // A bucket that was not yet made has no list.
    let made = site.folder().unwrap().is_dir();
    let listed = if made { templates_launch(&site, true) } else { 0 };
    assert!(listed >= before);
    site.tmpl(&arguments).expect(0);
    assert_eq!(templates_launch(&site, true), 1);
    is_tidy(&site);
    if killed.is_empty() {
        return Killed::Nothing;
    }
    Killed::Build { visible: listed > before }
}

fn launch(lane: &mut Lane, number: usize, seed: u64) -> Killed {
    let (key, name) = (format!("key {number}"), format!("killed-{number}"));
    // On a machine where nothing is unpacked yet: that is cut off too.
    let site = lane.site.elsewhere(&name);
    let arguments = ["run", "talker", "--param", "mode=ok", "--launch-key", &key, "--job-name", &name];
    let killed = run_and_kill(&site, &arguments, seed, &mut lane.launch);
    templates_launch(&site, number.is_multiple_of(5));
    let repeated = site.tmpl(&arguments);
    let fate = one_job(&site, &name, &repeated, &killed);
    site.tmpl(&["run", "talker", "--param", "mode=ok", "--job-name", &name]).expect(0);
    is_tidy(&site);
    if killed.is_empty() {
        return Killed::Nothing;
    }
    Killed::Launch(fate)
}

#[test]
fn random_moments() {
    let _alone = crate::alone();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seed = std::env::var("TMPL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(u64::try_from(now.as_millis()).unwrap());
    println!("TMPL_TEST_SEED={seed}");
    let sites = Mutex::new(Vec::new());
    let begin = |number| {
        let lane = Lane::new(number);
        sites.lock().unwrap().push(lane.site.clone());
        lane
    };
    let killed = each(LANES, MOMENTS, begin, |lane, number| {
        let seed = seed.wrapping_add(number as u64);
        if number.is_multiple_of(2) { build(lane, number, seed) } else { launch(lane, number, seed) }
    });
    let left: usize = sites.into_inner().unwrap().iter().map(leftovers_are_collected).sum();
    let count = |is: &dyn Fn(&Killed) -> bool| killed.iter().filter(|one| is(one)).count();
    let builds = count(&|one| matches!(one, Killed::Build { .. }));
    let launches = count(&|one| matches!(one, Killed::Launch(_)));
    println!(
        "random moments: {MOMENTS}; {builds} builds killed, {} of them with the first version visible; {launches} launches killed, {} jobs lost; \
         {} had ended before; {left} files of writes that were cut off, collected when they were old",
        count(&|one| matches!(one, Killed::Build { visible: true })),
        count(&|one| matches!(one, Killed::Launch(Fate::Lost))),
        count(&|one| matches!(one, Killed::Nothing)),
    );
    assert!(builds > 40 && launches > 40, "{builds} builds and {launches} launches were killed");
}
