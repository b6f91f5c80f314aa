//! Why a running job is to end: signals, the client, a request in the bucket, the time limit, a lease that can't be renewed.
//! Each has a watcher; whoever is first decides how the job's end is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, JobRecord, StopRequest};
use tmpl_template::JobId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

/// How often the bucket is asked for a request to stop.
const REQUEST_POLL: Duration = Duration::from_secs(1);

/// The attempt whose lease is held.
pub(crate) type CurrentAttempt = Arc<AtomicU32>;

/// Why a job is to end.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// The launcher itself received this signal.
    Signal(i32),
    /// `tmpl run` received this signal and passed it on.
    Client(i32),
    /// `tmpl run` is gone without a word.
    ClientLost,
    /// Somebody asked through the bucket.
    Requested(StopRequest),
    /// The job's time is over.
    Timeout(SignedDuration),
    /// The lease can't be renewed: somebody else may already have declared the job lost.
    LeaseLost,
}

/// Starts the watchers. They end with the runtime.
pub(crate) fn watch(bucket: &Bucket, record: &JobRecord, attempt: &CurrentAttempt, stops: &Sender<Stop>) {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()] {
        // Installing a handler also gives the program the default one: a shell starts background jobs with SIGINT ignored.
        let Ok(mut signals) = signal(kind) else { continue };
        let stops = stops.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = stops.send(Stop::Signal(kind.as_raw_value())).await;
            }
        });
    }
    if let Some(timeout) = record.timeout {
        let stops = stops.clone();
        tokio::spawn(async move {
            tokio::time::sleep(timeout.unsigned_abs()).await;
            let _ = stops.send(Stop::Timeout(timeout)).await;
        });
    }
    tokio::spawn(watch_requests(bucket.clone(), record.id.clone(), record.profile.is_some(), stops.clone()));
    tokio::spawn(renew(bucket.clone(), record.clone(), Arc::clone(attempt), stops.clone()));
}

async fn watch_requests(bucket: Bucket, id: JobId, engine: bool, stops: Sender<Stop>) {
    let mut drained = None;
    loop {
        // Only engines can drain. One that refused may be asked again, by another request.
        if engine
            && let Ok(Some(request)) = bucket.drain_request(&id).await
            && drained.replace(request.time) != Some(request.time)
        {
            let _ = stops.send(Stop::Requested(request)).await;
        }
        // A bucket that does not answer now may answer the next time; the lease tells when it is too late.
        if let Ok(Some(request)) = bucket.stop_request(&id).await {
            let _ = stops.send(Stop::Requested(request)).await;
            return;
        }
        tokio::time::sleep(REQUEST_POLL).await;
    }
}

/// Renews the lease. One that could not be renewed for half its length is given up, while nobody can have taken the job yet.
async fn renew(bucket: Bucket, record: JobRecord, attempt: CurrentAttempt, stops: Sender<Stop>) {
    let lease = bucket.lease(&record);
    let mut renewed = Instant::now();
    loop {
        let next = renewed + lease.renewal;
        let late = Instant::now() > next;
        // One that was refused is soon tried again.
        tokio::time::sleep(if late { lease.renewal / 8 } else { next - Instant::now() }).await;
        // A machine that slept: the job may have been declared lost meanwhile, and then it is.
        if renewed.elapsed() > lease.length && matches!(bucket.final_record(&record.id).await, Ok(Some(_))) {
            let _ = stops.send(Stop::LeaseLost).await;
            return;
        }
        let asked = Instant::now();
        let number = attempt.load(Ordering::SeqCst);
        // A bucket that does not answer at all is no better than one that refuses.
        match tokio::time::timeout(lease.renewal, bucket.renew_lease(&record.id, number)).await {
            // From the moment it was asked for: by the store's clock it is not older.
            Ok(Ok(())) => renewed = asked,
            Ok(Err(_)) | Err(_) if renewed.elapsed() > lease.length / 2 => {
                let _ = stops.send(Stop::LeaseLost).await;
                return;
            }
            Ok(Err(_)) | Err(_) => {}
        }
    }
}
