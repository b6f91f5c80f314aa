//! Whoever is killed, no worker is left behind.

use crate::pool::{Launched, Pool, runner};
use crate::support::{runs, send, until};

/// A pool with workers that run, and every process below it.
fn working(launched: &Launched, workers: usize) -> (Pool, Vec<String>) {
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    let runner = runner();
    for number in 0..workers {
        let id = format!("lasting-{number}");
        assert_eq!(pool.start_worker(&id, &runner, &[]).0, "");
        pool.says(&format!("begun {id}"));
    }
    // A guard, the worker, and what it has started.
    until("all run", || pool.below().len() >= 3 * workers);
    let below = pool.below();
    (pool, below)
}

#[test]
fn a_pool_that_is_killed_leaves_no_worker() {
    let launched = Launched::new();
    let (pool, below) = working(&launched, 3);
    assert!(!pool.ends_with("KILL").success());
    until("all are gone", || below.iter().all(|pid| !runs(pid)));
    // Their folders are gone too.
    let workers = launched.place.path("own-cache/workers");
    until("their folders are gone", || std::fs::read_dir(&workers).unwrap().next().is_none());
}

#[test]
fn a_pool_that_is_told_to_end_ends_its_workers_first() {
    for signal in ["TERM", "INT"] {
        let launched = Launched::new();
        let (pool, below) = working(&launched, 3);
        assert_eq!(pool.ends_with(signal).code(), Some(0));
        assert!(below.iter().all(|pid| !runs(pid)), "{signal}");
        assert_eq!(launched.ends(), Vec::<serde_json::Value>::new());
    }
}

#[test]
fn a_guard_that_is_killed_takes_its_worker_along_and_no_other() {
    let launched = Launched::new();
    let (pool, _) = working(&launched, 2);
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", pool.pid())).unwrap();
    let guards: Vec<&str> = children.split_whitespace().collect();
    assert_eq!(guards.len(), 2, "{children}");
    let own = |guard: &str| std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
    let (first, second) = (own(guards[0]), own(guards[1]));
    send("KILL", guards[0]);
    until("its worker is gone", || !runs(first.trim()));
    until("that is written down", || !launched.ends().is_empty());
    assert!(runs(guards[1]) && runs(second.trim()));
    let end = launched.ends().remove(0);
    assert!(end["exit"].is_null(), "{end}");
    assert!(end["tail"].to_string().contains("the guard process ended unexpectedly"), "{end}");
    assert_eq!(pool.stop_worker("lasting-1"), "");
}

#[test]
fn a_worker_that_is_killed_is_written_down() {
    let launched = Launched::new();
    let (pool, _) = working(&launched, 1);
    let guard = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", pool.pid())).unwrap();
    let guard = guard.trim();
    let worker = std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).unwrap();
    send("KILL", worker.trim());
    until("that is written down", || !launched.ends().is_empty());
    assert_eq!(launched.ends()[0]["exit"], serde_json::json!({"signal": 9}));
}
