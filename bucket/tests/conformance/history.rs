//! The list of jobs: newest first, page by page, filtered; and its index, which may be lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tmpl_bucket::{Bucket, JobFilter, JobRecord, layout};
use tmpl_template::{JobId, JobState};

use crate::support::jobs::{self, job_at, somebody};
use crate::support::stores::Stored;

async fn listed(bucket: &Bucket, filter: &JobFilter, limit: usize) -> Vec<JobId> {
    let list = bucket.jobs(filter, limit).await.unwrap();
    assert_eq!(list.warnings, [""; 0]);
    list.jobs.into_iter().map(|line| line.id).collect()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) async fn jobs_come_in_pages_newest_first(store: Stored) {
    let bucket = &store.bucket;
    let begin = time("2026-11-20T23:59:50Z");
    let mut ids = Vec::new();
    // Across midnight; the last two have not ended.
    for second in 0..14 {
        let record = job_at("wordcount-1", begin + SignedDuration::from_secs(second));
        if second < 12 {
            jobs::done(bucket, &record, JobState::Done).await;
        } else {
            jobs::begun(bucket, &record).await;
        }
        ids.insert(0, record.id);
    }
    let other = store.again();
    let (mut read, mut filter, mut pages) = (Vec::new(), JobFilter::default(), Vec::new());
    loop {
        let list = other.jobs(&filter, 5).await.unwrap();
        pages.push(list.jobs.len());
        read.extend(list.jobs.iter().map(|line| line.id.clone()));
        if !list.more {
            break;
        }
        filter.after = read.last().cloned();
    }
    assert_eq!(read, ids);
    assert_eq!(pages, [5, 5, 4]);
    let list = other.jobs(&JobFilter::default(), 3).await.unwrap();
    let states: Vec<JobState> = list.jobs.iter().map(|line| line.state).collect();
    assert_eq!(states, [JobState::Queued, JobState::Queued, JobState::Done]);
    assert_eq!(list.jobs[2].who, "ann");
    assert!(list.jobs[2].took.is_some() && list.jobs[0].took.is_none());
    assert_eq!(list.jobs[2].created(), begin + SignedDuration::from_secs(11));
    assert_eq!(listed(&other, &JobFilter::default(), 14).await, ids);
    let lines = other.indexed_jobs(None).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>(), ids);
    assert_eq!(lines.iter().filter(|line| line.took.is_none()).count(), 2);
    assert_eq!(other.indexed_jobs(Some(begin + SignedDuration::from_secs(10))).await.unwrap(), lines[..4]);
    assert_eq!(listed(&other, &JobFilter::default(), 0).await, [] as [JobId; 0]);
}

pub(crate) async fn every_filter_finds_its_jobs(store: Stored) {
    let bucket = &store.bucket;
    let at = |minute: u32| time("2026-11-21T10:00:00Z") + SignedDuration::from_mins(minute.into());
    let (long, robot) = ("n".repeat(200), "robot-of-the-".repeat(5));
    let mut records: Vec<JobRecord> = Vec::new();
    let mut add = |name: &str, change: &dyn Fn(&mut JobRecord)| {
        let mut record = job_at(name, at(u32::try_from(records.len()).unwrap()));
        change(&mut record);
        records.push(record);
    };
    add("plain", &|_| ());
    add("plain", &|record| record.template.name = "other".parse().unwrap());
    add("of-zoe", &|record| record.submitter = somebody("Zo\u{eb} K. @ops"));
    add(&long, &|_| ());
    add(&format!("{long}n"), &|_| ());
    add("labelled", &|record| {
        let labels = json!({ "team": "data", "cost": "17" });
        record.environment = serde_json::from_value(json!({ "additionalUserLabels": labels })).unwrap();
        record.submitter = somebody(&robot);
    });
    add("runs", &|_| ());
    add("cancelled", &|record| record.submitter = somebody(&format!("{robot}2")));
    for record in &records {
        match record.name.as_str() {
            "runs" => drop(jobs::begun(bucket, record).await),
            "cancelled" => jobs::done(bucket, record, JobState::Cancelled).await,
            "plain" => jobs::done(bucket, record, JobState::Done).await,
            _ => jobs::done(bucket, record, JobState::Failed).await,
        }
    }
    let other = store.again();
    let all = JobFilter::default;
    let label = |value: &str| [("team".to_owned(), value.to_owned())].into();
    for (words, filter, expected) in [
        ("template", JobFilter { template: Some("other".parse().unwrap()), ..all() }, &[1][..]),
        ("name", JobFilter { name: Some("plain".parse().unwrap()), ..all() }, &[1, 0]),
        ("a name that is cut", JobFilter { name: Some(long.parse().unwrap()), ..all() }, &[3]),
        ("no such name", JobFilter { name: Some("plai".parse().unwrap()), ..all() }, &[]),
        ("who", JobFilter { who: Some("Zo\u{eb} K. @ops".to_owned()), ..all() }, &[2]),
        ("somebody whose name is cut", JobFilter { who: Some(robot.clone()), ..all() }, &[5]),
        ("one state", JobFilter { states: vec![JobState::Done], ..all() }, &[1, 0]),
        ("active", JobFilter { states: vec![JobState::Queued], ..all() }, &[6]),
        ("states", JobFilter { states: vec![JobState::Cancelled, JobState::Queued], ..all() }, &[7, 6]),
        ("label", JobFilter { labels: label("data"), ..all() }, &[5]),
        ("no such label", JobFilter { labels: label("dat"), ..all() }, &[]),
        ("since", JobFilter { since: Some(at(6)), ..all() }, &[7, 6]),
        ("until", JobFilter { until: Some(at(1)), ..all() }, &[1, 0]),
        ("between", JobFilter { since: Some(at(2)), until: Some(at(3)), ..all() }, &[3, 2]),
        ("after", JobFilter { after: Some(records[2].id.clone()), ..all() }, &[1, 0]),
        (
            "all together",
            JobFilter {
                template: Some("wordcount".parse().unwrap()),
                states: vec![JobState::Failed],
                who: Some("ann".to_owned()),
                since: Some(at(1)),
                after: Some(records[5].id.clone()),
                ..all()
            },
            &[4, 3],
        ),
    ] {
        let expected: Vec<&JobId> = expected.iter().map(|index: &usize| &records[*index].id).collect();
        let found = listed(&other, &filter, 50).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{words}");
        // A page that is too small shows the newest of them, and says that there may be more.
        if expected.len() > 1 {
            let page = other.jobs(&filter, 1).await.unwrap();
            assert_eq!((&page.jobs[0].id, page.more), (expected[0], true), "{words}");
        }
    }
}

pub(crate) async fn an_index_that_is_gone_is_made_again(store: Stored) {
    let bucket = &store.bucket;
    for (second, state) in [(1, JobState::Done), (2, JobState::Failed)] {
        jobs::done(bucket, &job_at("a", Timestamp::from_second(1_800_000_000 + second).unwrap()), state)
            .await;
    }
    jobs::begun(bucket, &jobs::job("runs")).await;
    let before = bucket.jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!(before.jobs.len(), 3);
    for object in bucket.objects_below(layout::INDEX).await.unwrap() {
        bucket.remove_object(&object).await.unwrap();
    }
    let other = store.again();
    assert_eq!(other.jobs(&JobFilter::default(), 10).await.unwrap().jobs, []);
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let count = || {
        seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let (jobs, warnings) = other.rebuild_index(&count).await.unwrap();
    assert_eq!((jobs, warnings.len(), seen.into_inner()), (3, 0, 3));
    assert_eq!(other.jobs(&JobFilter::default(), 10).await.unwrap(), before);
}
