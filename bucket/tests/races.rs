//! Twenty-four at the same moment, each with a bucket of its own: one wins, nothing is lost, nobody reads half of anything.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that can't go on fails")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Map;
use support::jobs::{self, attempt};
use support::stores::{Kind, Stored};
use support::{facts, name};
use tmpl_bucket::{Bucket, JobFilter, JobRecord, KeyedLaunch, layout};
use tmpl_template::TemplateName;
use tmpl_testing::Store;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const RACERS: usize = 24;
const ROUNDS: usize = 20;

macro_rules! races {
    ($($race:ident),+) => {
        mod folder {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $race() {
                super::$race(Race::on(Kind::Folder).await).await;
            })+
        }
        mod minio {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $race() {
                super::$race(Race::on(Kind::Server(Store::Minio)).await).await;
            })+
        }
    };
}

races!(all_who_publish_are_in_the_log, one_claims_a_name, one_launch_holds_a_key, one_takes_an_attempt);

/// A bucket, as each of the racers has opened it.
struct Race {
    store: Stored,
    buckets: Vec<Bucket>,
}

impl Race {
    async fn on(kind: Kind) -> Self {
        let store = Stored::of(kind);
        // The first writer finds out whether the store is safe.
        store.bucket.publish(&name("first"), "{}", &facts("ann")).await.unwrap();
        let buckets = (0..RACERS).map(|_| store.again()).collect();
        Self { store, buckets }
    }

    /// All do it at the same moment. What each of them got, in order.
    async fn run<T, Doing>(&self, act: impl Fn(usize, Bucket) -> Doing) -> Vec<T>
    where
        T: Send + 'static,
        Doing: Future<Output = T> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(RACERS));
        let mut racers = JoinSet::new();
        for (number, bucket) in self.buckets.iter().enumerate() {
            let (start, doing) = (Arc::clone(&start), act(number, bucket.clone()));
            racers.spawn(async move {
                start.wait().await;
                (number, doing.await)
            });
        }
        let mut got = racers.join_all().await;
        got.sort_by_key(|(number, _)| *number);
        got.into_iter().map(|(_, got)| got).collect()
    }
}

fn spec(round: usize, racer: usize) -> String {
    // Long enough to be seen in parts, if it could be.
    format!("{{\"image\": \"{round}-{racer}\", \"x\": \"{}\"}}", "x".repeat(50_000))
}

fn template(round: usize) -> TemplateName {
    name(&format!("t{round}"))
}

/// Somebody who reads all the time, and can parse everything.
struct Reader {
    ends: Arc<AtomicBool>,
    /// Which template it reads.
    round: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Reader {
    fn of(bucket: Bucket) -> Self {
        let [round, reads] = [const { AtomicUsize::new(0) }; 2].map(Arc::new);
        let ends = Arc::new(AtomicBool::new(false));
        let (over, current, count) = (Arc::clone(&ends), Arc::clone(&round), Arc::clone(&reads));
        let task = tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let template = template(current.load(Ordering::Relaxed));
                if let Some(found) = bucket.current_template(&template).await.unwrap() {
                    serde_json::from_str::<serde_json::Value>(&found.text).unwrap();
                    let newest = bucket.newest_entry(&template).await.unwrap().unwrap();
                    let log = bucket.versions(&template).await.unwrap();
                    assert_eq!(log.warnings, [""; 0]);
                    assert!(log.entries[0].number >= newest.number);
                    let list = bucket.template_list(None).await.unwrap();
                    let problems: Vec<_> =
                        list.templates.into_iter().filter_map(|line| line.problem).collect();
                    assert_eq!(problems, [""; 0]);
                    count.fetch_add(1, Ordering::Relaxed);
                }
                tokio::task::yield_now().await;
            }
        });
        Self { ends, round, reads, task }
    }

    async fn end(self) -> usize {
        self.ends.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        self.reads.load(Ordering::Relaxed)
    }
}

async fn all_who_publish_are_in_the_log(race: Race) {
    let reader = Reader::of(race.store.again());
    let bucket = &race.store.bucket;
    for round in 0..ROUNDS {
        reader.round.store(round, Ordering::Relaxed);
        let published = race
            .run(|racer, bucket| async move {
                let published = bucket.publish(&template(round), &spec(round, racer), &facts("ann")).await;
                published.unwrap().entry
            })
            .await;
        let entries: BTreeSet<u64> = published.into_iter().collect();
        assert_eq!(entries, (1..=RACERS as u64).collect(), "each has an entry of its own");
        let log = bucket.versions(&template(round)).await.unwrap();
        let digests: BTreeSet<_> =
            log.entries.iter().map(|found| found.entry.digest.as_ref().unwrap().to_string()).collect();
        assert_eq!((log.entries.len(), digests.len()), (RACERS, RACERS));
        let current = bucket.current_template(&template(round)).await.unwrap().unwrap();
        assert_eq!(log.entries[0].entry.digest, Some(current.digest), "the newest is shown");
    }
    let reads = reader.end().await;
    assert!(reads > 0);
    println!("{:?}: {ROUNDS} logs of {RACERS} entries; {reads} times all was read", race.store.kind);
}

async fn one_claims_a_name(race: Race) {
    for round in 0..ROUNDS {
        let records: Vec<JobRecord> = (0..RACERS).map(|_| jobs::job("nightly")).collect();
        let claimed = race
            .run(|racer, bucket| {
                let record = records[racer].clone();
                async move {
                    let holder = bucket.claim_job_name(&record).await.unwrap();
                    if holder.is_none() {
                        bucket.accept_job(&record).await.unwrap();
                    }
                    holder
                }
            })
            .await;
        let winners: Vec<usize> = (0..RACERS).filter(|racer| claimed[*racer].is_none()).collect();
        let [winner] = winners[..] else { panic!("round {round}: {winners:?}") };
        let holder = &records[winner];
        assert!(claimed.iter().flatten().all(|seen| *seen == holder.id), "round {round}: {claimed:?}");
        let bucket = &race.store.bucket;
        assert_eq!(bucket.job_of_name(&holder.name).await.unwrap().as_ref(), Some(&holder.id));
        // The name is free for the next round.
        bucket.finish_job(holder, &jobs::ended(tmpl_template::JobState::Done, "done")).await.unwrap();
    }
    let claims = race.store.bucket.objects_below(layout::NAMES).await.unwrap();
    assert_eq!(claims.len(), ROUNDS, "{claims:?}");
}

async fn one_launch_holds_a_key(race: Race) {
    for round in 0..ROUNDS {
        let key = format!("key-{round}");
        let held = race
            .run(|racer, bucket| {
                let record = JobRecord { launch_key: Some(key.clone()), ..jobs::job("nightly") };
                let launch = KeyedLaunch::new(&key, Map::new(), record);
                async move {
                    let held = bucket.take_launch_key(launch).await.unwrap();
                    bucket.accept_job(&held.job).await.unwrap();
                    let began = bucket.take_attempt(&held.job.id, 1, &attempt(racer)).await;
                    let began = began.unwrap();
                    (held.job.id, began)
                }
            })
            .await;
        assert!(held.iter().all(|(id, _)| *id == held[0].0), "round {round}: {held:?}");
        assert_eq!(held.iter().filter(|(_, began)| *began).count(), 1, "round {round}: {held:?}");
    }
    let list = race.store.bucket.jobs(&JobFilter::default(), 1000).await.unwrap();
    assert_eq!(list.jobs.len(), ROUNDS);
}

async fn one_takes_an_attempt(race: Race) {
    for round in 0..ROUNDS {
        let record = jobs::job("nightly");
        race.store.bucket.accept_job(&record).await.unwrap();
        let began = race
            .run(|racer, bucket| {
                let (id, attempt) = (record.id.clone(), attempt(racer));
                async move { bucket.take_attempt(&id, 1, &attempt).await.unwrap() }
            })
            .await;
        let winners: Vec<usize> = (0..RACERS).filter(|racer| began[*racer]).collect();
        let [winner] = winners[..] else { panic!("round {round}: {winners:?}") };
        let written = race.store.bucket.attempt(&record.id, 1).await.unwrap().unwrap();
        assert_eq!(written.pid as usize, winner, "round {round}");
    }
}
