//! Builds and launches while one of twenty requests goes wrong.

use std::collections::BTreeMap;

use tmpl_testing::{Fault, Faults, Proxy};

use crate::aftermath::{is_tidy, only_job};
use crate::lanes::each;
use crate::site::Site;
use crate::support::Ended;

/// Builds of a changed project, each with a launch.
const ROUNDS: usize = 100;
const LANES: usize = 4;
const RATE: f64 = 0.05;
const SEED: u64 = 20_261_121;
/// Nothing runs, safe to repeat.
const TEMPORARY: i32 = 75;
/// How often a command is run in all: the second time may meet faults too.
const TRIES: usize = 3;

const KINDS: [Fault; 11] = [
    Fault::Status(500),
    Fault::Status(503),
    Fault::Status(429),
    Fault::ResetBeforeRequest,
    Fault::ResetInRequestBody,
    Fault::ResetInResponseBody,
    Fault::TruncateResponse,
    Fault::LostAnswer,
    Fault::RepeatedRequest,
    Fault::ExpiredCredentials(400),
    Fault::ExpiredCredentials(403),
];

/// A thread's bucket, and the proxy before it.
struct Lane {
    direct: Site,
    site: Site,
    proxy: Proxy,
}

impl Lane {
    fn new(number: usize, with_faults: bool) -> Self {
        let direct = Site::minio().with_talker();
        let proxy = direct.proxy();
        if with_faults {
            let seed = SEED + number as u64;
            proxy.set_faults(Faults { rate: RATE, kinds: KINDS.to_vec(), seed });
        }
        if with_faults && number == 0 {
            proxy.fault_once("GET", "/staging/blobs/", Fault::StallSeconds(30));
        }
        Self { site: direct.through(&proxy), direct, proxy }
    }
}

/// What came of a series.
#[derive(Default)]
struct Tally {
    requests: usize,
    bytes: u64,
    injected: BTreeMap<Fault, usize>,
    /// How many commands needed how many tries.
    tries: BTreeMap<usize, usize>,
}

/// Runs a command, and again where it says that this is safe.
fn persistently(site: &Site, arguments: &[&str]) -> (Ended, usize) {
    for tries in 1..TRIES {
        let ended = site.tmpl(arguments);
        if ended.code != TEMPORARY {
            return (ended.expect(0), tries);
        }
    }
    (site.tmpl(arguments).expect(0), TRIES)
}

fn series(with_faults: bool) -> Tally {
    let rounds = each(
        LANES,
        ROUNDS,
        |number| Lane::new(number, with_faults),
        |lane, number| {
            lane.proxy.clear();
            let project = lane.site.changed_talker(&format!("version-{number}"));
            let built = persistently(&lane.site, &["build", project.to_str().unwrap(), "--check", "static"]);
            let (key, name) = (format!("key {number}"), format!("job-{number}"));
            let arguments =
                ["run", "talker", "--param", "mode=ok", "--launch-key", &key, "--job-name", &name];
            let launched = persistently(&lane.site, &arguments);
            let tally = Tally {
                requests: lane.proxy.requests().len(),
                bytes: lane.proxy.request_bytes(),
                injected: lane.proxy.injected(),
                tries: [built.1, launched.1].into_iter().fold(BTreeMap::new(), |mut tries, one| {
                    *tries.entry(one).or_default() += 1;
                    tries
                }),
            };
            let job = only_job(&lane.direct, &name);
            assert_eq!(job["state"], "JOB_STATE_DONE", "{job:#}");
            assert_eq!(job["job"]["launchKey"], key.as_str());
            // The version that was built is the one that ran.
            let current = lane.direct.json(&["template", "show", "talker"]);
            assert_eq!(job["job"]["template"]["digest"], current["digest"]);
            if number + LANES > ROUNDS {
                is_tidy(&lane.direct);
            }
            tally
        },
    );
    rounds.into_iter().fold(Tally::default(), |mut all, one| {
        all.requests += one.requests;
        all.bytes += one.bytes;
        one.injected.into_iter().for_each(|(fault, count)| *all.injected.entry(fault).or_default() += count);
        one.tries.into_iter().for_each(|(tries, count)| *all.tries.entry(tries).or_default() += count);
        all
    })
}

#[test]
fn builds_and_launches_get_through() {
    let _alone = crate::alone();
    let plain = series(false);
    assert_eq!(plain.tries, BTreeMap::from([(1, 2 * ROUNDS)]));
    let faulty = series(true);
    let injected: usize = faulty.injected.values().sum();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let ratio = faulty.bytes as f64 / plain.bytes as f64;
    println!(
        "faults: seed {SEED}, {ROUNDS} builds and {ROUNDS} launches, {} requests ({} without faults), {injected} faults {:?}; \
         commands by tries: {:?}; {} bytes sent, {} without faults: {ratio:.3} times",
        faulty.requests, plain.requests, faulty.injected, faulty.tries, faulty.bytes, plain.bytes
    );
    assert!(injected > 150, "{injected} faults");
    assert!(KINDS.iter().all(|kind| faulty.injected.contains_key(kind)), "{:?}", faulty.injected);
    assert_eq!(faulty.injected.get(&Fault::StallSeconds(30)), Some(&1));
    assert!(ratio <= 1.2, "{ratio:.3} times the bytes");
}
