//! How long it takes from an engine's question to a worker's first instruction, when nothing has to be unpacked.

use std::time::SystemTime;

use crate::pool::{Launched, runner};
use crate::support::until;

const STARTS: usize = 20;

#[test]
fn the_way_to_a_warm_worker_is_measured() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    let runner = runner();
    let mut milliseconds: Vec<f64> = (0..STARTS)
        .map(|number| {
            let id = format!("timed-{number}");
            let asked = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(pool.start_worker(&id, &runner, &[]).0, "");
            let written = launched.place.path(&id);
            let read = || std::fs::read_to_string(&written).ok()?.trim().parse::<u128>().ok();
            until("it has begun", || read().is_some());
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            let took = (read().unwrap() - asked.as_nanos()) as f64 / 1e6;
            took
        })
        .collect();
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "from StartWorker to the worker's first instruction, {STARTS} times: median {:.1} ms, longest {:.1} ms",
        milliseconds[STARTS / 2],
        milliseconds[STARTS - 1]
    );
}
