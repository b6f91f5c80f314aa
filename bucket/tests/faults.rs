//! A network and a server that fail now and then: nobody is told anything untrue, and what fails may be done again.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that can't go on fails")]

mod support;

use std::time::{Duration, Instant};

use futures::StreamExt;
use support::jobs::{self, attempt};
use support::stores::{Kind, Stored};
use support::{bytes, facts, name};
use tmpl_bucket::{Bucket, BucketError, BucketErrorKind, layout};
use tmpl_template::{JobState, sha256_of};
use tmpl_testing::{Fault, Faults, Proxy, Store};

/// How many objects are fought for, and by how many.
const OBJECTS: usize = 16;
const WRITERS: usize = 3;
/// How often something is done again that may be done again.
const REPETITIONS: usize = 10;

const FAULTS: [Fault; 12] = [
    Fault::Status(500),
    Fault::Status(503),
    Fault::Status(429),
    Fault::ResetBeforeRequest,
    Fault::ResetInRequestBody,
    Fault::ResetInResponseBody,
    Fault::TruncateResponse,
    Fault::StallSeconds(1),
    Fault::LostAnswer,
    Fault::RepeatedRequest,
    Fault::ExpiredCredentials(400),
    Fault::ExpiredCredentials(403),
];

#[tokio::test(flavor = "multi_thread")]
async fn all_holds_whichever_fault_a_fifth_of_the_requests_meets() {
    // Side by side: most of the time they wait.
    let cases = FAULTS.map(|fault| (fault, tokio::spawn(all_holds(0.2, vec![fault]))));
    for (fault, case) in cases {
        assert!(case.await.is_ok(), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_holds_with_every_fault_at_once() {
    all_holds(0.05, FAULTS.to_vec()).await;
}

/// Does something until it is done. What goes wrong on the way may be done again, and says so.
async fn until_done<T, Doing>(act: impl Fn() -> Doing) -> T
where
    Doing: Future<Output = Result<T, BucketError>>,
{
    for _ in 0..REPETITIONS {
        match act().await {
            Ok(done) => return done,
            Err(error) => assert_eq!(error.kind(), BucketErrorKind::Temporary, "{error:?}"),
        }
    }
    panic!("it fails again and again");
}

async fn all_holds(rate: f64, kinds: Vec<Fault>) {
    let store = Stored::of(Kind::Server(Store::Minio));
    let (proxy, bucket) = store.through_proxy();
    proxy.set_faults(Faults { rate, kinds: kinds.clone(), seed: 7 });
    let begun = Instant::now();
    tokio::join!(
        of_several_who_create_one_wins(&store, &proxy),
        reads_are_never_short(&store, &bucket),
        lists_are_complete(&store, &bucket),
        blobs_arrive(&store, &bucket),
        a_job_runs(&store, &bucket),
    );
    assert!(proxy.injected().values().sum::<usize>() > 0);
    println!(
        "{kinds:?}: {:?} of {} requests, {:?}",
        proxy.injected(),
        proxy.requests().len(),
        begun.elapsed()
    );
}

/// A writer who is not told how it went asks again with the same bytes: these are there, or another's.
async fn of_several_who_create_one_wins(store: &Stored, proxy: &Proxy) {
    let place = store.place();
    let url = place.url_by(proxy.endpoint()).parse().unwrap();
    let writers: Vec<Bucket> =
        (0..WRITERS).map(|_| Bucket::open_with(&url, &place.server.variables()).unwrap()).collect();
    let races = (0..OBJECTS).map(|object| {
        let (object, writers) = (format!("staging/race/{object}"), &writers);
        async move {
            let told = futures::future::join_all(writers.iter().enumerate().map(|(writer, bucket)| {
                let (object, body) = (&object, format!("{writer}"));
                until_done(move || bucket.create_object(object, body.clone()))
            }));
            (told.await, object)
        }
    });
    let races: Vec<_> = futures::stream::iter(races).buffer_unordered(4).collect().await;
    for (told, object) in races {
        let winners: Vec<usize> = (0..WRITERS).filter(|writer| told[*writer]).collect();
        let there = store.bucket.read_object(&object).await.unwrap().unwrap();
        let [winner] = winners[..] else { panic!("{object}: {told:?}, there is {there:?}") };
        assert_eq!(there, winner.to_string(), "{object}: {told:?}");
    }
}

async fn reads_are_never_short(store: &Stored, bucket: &Bucket) {
    let large = bytes(3_000_000, 0);
    store.bucket.write_object("staging/read/large", large.clone()).await.unwrap();
    store.bucket.write_object("staging/read/small", "12345").await.unwrap();
    for _ in 0..10 {
        let read = until_done(|| bucket.read_object("staging/read/large")).await.unwrap();
        assert!(read == large, "{} bytes were read", read.len());
        assert_eq!(until_done(|| bucket.read_object("staging/read/small")).await.unwrap(), "12345");
        assert_eq!(until_done(|| bucket.read_object("staging/read/none")).await, None);
    }
}

async fn lists_are_complete(store: &Stored, bucket: &Bucket) {
    let mut expected: Vec<String> = (0..60).map(|number| format!("staging/list/{number:02}")).collect();
    for object in &expected {
        store.bucket.write_object(object, "x").await.unwrap();
    }
    for _ in 0..10 {
        assert_eq!(until_done(|| bucket.objects_below("staging/list")).await, expected);
    }
    for object in expected.drain(..10) {
        until_done(|| bucket.remove_object(&object)).await;
    }
    assert_eq!(store.bucket.objects_below("staging/list").await.unwrap(), expected);
}

async fn blobs_arrive(store: &Stored, bucket: &Bucket) {
    for round in 0..3 {
        let bytes = bytes(9_000_000, round);
        let (path, digest) = (store.folder.path().join(format!("blob-{round}")), sha256_of(&bytes));
        fs_err::write(&path, &bytes).unwrap();
        until_done(|| bucket.put_blob(&digest, &path, &|_| ())).await;
        assert!(store.bucket.verify_blob(&digest).await.unwrap());
        assert!(until_done(|| bucket.verify_blob(&digest)).await);
        let small = until_done(|| bucket.put_bytes_blob(format!("small {round}"))).await;
        assert!(store.bucket.verify_blob(&small).await.unwrap());
    }
}

async fn a_job_runs(store: &Stored, bucket: &Bucket) {
    let (template, ann) = (name("t"), facts("ann"));
    until_done(|| bucket.publish(&template, "{\"image\": \"x\"}", &ann)).await;
    let log = store.bucket.versions(&name("t")).await.unwrap();
    assert_eq!(log.entries.len(), 1, "{log:?}");
    let (record, attempt) = (jobs::job("wordcount-1"), attempt(1));
    until_done(|| bucket.accept_job(&record)).await;
    assert!(until_done(|| bucket.take_attempt(&record.id, 1, &attempt)).await);
    for sequence in 0..5 {
        let event = jobs::state(JobState::Running);
        until_done(|| bucket.record_event(&record.id, 1, sequence, &event)).await;
        until_done(|| bucket.renew_lease(&record.id, 1)).await;
        let line = format!("{{\"line\": {sequence}}}\n").into_bytes();
        let offset = sequence * line.len() as u64;
        until_done(|| bucket.write_log_segment(&record.id, 1, offset, line.clone())).await;
    }
    until_done(|| bucket.compact_log(&record.id, 1)).await;
    let end = jobs::ended(JobState::Done, "done");
    assert_eq!(until_done(|| bucket.finish_job(&record, &end)).await, end);
    let view = store.bucket.job_view(&record.id).await.unwrap();
    assert_eq!((view.events.len(), view.summary.state), (5, JobState::Done));
    let log = store.bucket.read_log(&record.id, 1, 0).await.unwrap();
    assert_eq!(log.split(|byte| *byte == b'\n').count(), 6);
    assert_eq!(store.bucket.objects_below(&layout::logs(&record.id, 1)).await.unwrap().len(), 1);
}

/// A lost answer, wherever it is lost.
#[tokio::test]
async fn whose_answer_is_lost_has_won_all_the_same() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let (proxy, bucket) = store.through_proxy();
    for fault in [Fault::LostAnswer, Fault::RepeatedRequest, Fault::ResetInResponseBody] {
        let record = jobs::job("wordcount-1");
        bucket.accept_job(&record).await.unwrap();
        if fault != Fault::ResetInResponseBody {
            proxy.fault_once("PUT", "/attempts/", fault);
        }
        assert!(bucket.take_attempt(&record.id, 1, &attempt(1)).await.unwrap(), "{fault:?}");
        assert!(!bucket.take_attempt(&record.id, 1, &attempt(2)).await.unwrap(), "{fault:?}");
    }
    // One answer is lost, and the one to the question that follows is too.
    proxy.fault_once("PUT", "/t/log/", Fault::LostAnswer);
    proxy.fault_once("GET", "/t/log/00000001", Fault::ResetInResponseBody);
    let published = bucket.publish(&name("t"), "{\"image\": \"x\"}", &facts("ann")).await.unwrap();
    assert_eq!((published.entry, published.changed), (1, true));
    assert_eq!(store.bucket.versions(&name("t")).await.unwrap().entries.len(), 1);
}

/// The server has put the parts together, and nobody knows.
#[tokio::test]
async fn an_upload_whose_last_answer_is_lost_has_arrived() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let (proxy, bucket) = store.through_proxy();
    for (round, fault) in [(0, Fault::LostAnswer), (1, Fault::RepeatedRequest), (2, Fault::Status(503))] {
        let bytes = vec![round; 9_000_000];
        let (path, digest) = (store.folder.path().join("blob"), sha256_of(&bytes));
        fs_err::write(&path, &bytes).unwrap();
        proxy.fault_once("POST", "uploadId=", fault);
        bucket.put_blob(&digest, &path, &|_| ()).await.unwrap();
        assert!(store.bucket.verify_blob(&digest).await.unwrap(), "{fault:?}");
    }
}

/// How long it takes until a lost network is said to be one: with the limits of the program, but for a shorter patience with a
/// server that says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_is_said_to_be_one() {
    let store = Stored::of(Kind::Server(Store::Minio));
    store.bucket.publish(&name("t"), "{\"image\": \"x\"}", &facts("ann")).await.unwrap();
    let place = store.place();
    let proxy = Proxy::start(place.server.endpoint());
    let mut variables = place.server.variables();
    variables.push(("AWS_READ_TIMEOUT".to_owned(), "1 second".to_owned()));
    let bucket = Bucket::open_with(&place.url_by(proxy.endpoint()).parse().unwrap(), &variables).unwrap();
    bucket.publish(&name("t"), "{\"image\": \"x\"}", &facts("ann")).await.unwrap();
    proxy.block();
    let begun = Instant::now();
    let (read, listed, created, written) = tokio::join!(
        bucket.read_object("templates/t.json"),
        bucket.template_names(),
        bucket.create_object("staging/x", "x"),
        bucket.write_object("staging/y", "y"),
    );
    let took = begun.elapsed();
    println!("a lost network is said to be one after {took:?}");
    assert!(took < Duration::from_mins(1), "{took:?}");
    let errors = [read.unwrap_err(), listed.unwrap_err(), created.unwrap_err(), written.unwrap_err()];
    for error in errors {
        assert_eq!(error.kind(), BucketErrorKind::Temporary, "{error:?}");
    }
    proxy.unblock();
    bucket.create_object("staging/x", "x").await.unwrap();
    bucket.write_object("staging/y", "y").await.unwrap();
    assert_eq!(bucket.template_names().await.unwrap(), [name("t")]);
}
