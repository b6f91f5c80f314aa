//! Settings: numbered, and nobody's change is lost.

use jiff::SignedDuration;
use tmpl_bucket::{BucketSettings, layout};

use crate::support::stores::Stored;

pub(crate) async fn settings_are_changed_in_turn(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    assert_eq!(bucket.settings().await.unwrap(), BucketSettings::default());
    let days = |days: i64| Some(SignedDuration::from_hours(24 * days));
    let keep_jobs = |settings: &mut BucketSettings| settings.keep_jobs = days(90);
    let keep_logs = |settings: &mut BucketSettings| settings.keep_logs = days(30);
    let notify = |settings: &mut BucketSettings| settings.notify = vec!["https://h/x".parse().unwrap()];
    let again = store.again();
    let (jobs, logs, notified) = tokio::join!(
        bucket.change_settings(&keep_jobs),
        other.change_settings(&keep_logs),
        again.change_settings(&notify),
    );
    for changed in [jobs, logs, notified] {
        changed.unwrap();
    }
    let settings = store.again().settings().await.unwrap();
    assert_eq!((settings.keep_jobs, settings.keep_logs), (days(90), days(30)));
    assert_eq!(settings.notify.len(), 1);
    assert_eq!(bucket.objects_below(layout::SETTINGS).await.unwrap().len(), 3);
}
