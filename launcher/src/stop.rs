//! Why a running job is to end: signals, the client, a request in the bucket, the time limit, a lease that can't be renewed.
//! Each has a watcher; whoever is first decides how the job's end is told.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, LEASE, LEASE_RENEWAL, StopRequest};
use tmpl_template::JobId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

/// How often the bucket is asked for a request to stop.
const REQUEST_POLL: Duration = Duration::from_secs(1);

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
pub(crate) fn watch(bucket: &Bucket, id: &JobId, timeout: Option<SignedDuration>, stops: &Sender<Stop>) {
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
    if let Some(timeout) = timeout {
        let stops = stops.clone();
        tokio::spawn(async move {
            tokio::time::sleep(timeout.unsigned_abs()).await;
            let _ = stops.send(Stop::Timeout(timeout)).await;
        });
    }
    tokio::spawn(watch_requests(bucket.clone(), id.clone(), stops.clone()));
    tokio::spawn(renew(bucket.clone(), id.clone(), stops.clone()));
}

async fn watch_requests(bucket: Bucket, id: JobId, stops: Sender<Stop>) {
    loop {
        // A bucket that does not answer now may answer the next time; the lease tells when it is too late.
        if let Ok(Some(request)) = bucket.stop_request(&id).await {
            let _ = stops.send(Stop::Requested(request)).await;
            return;
        }
        tokio::time::sleep(REQUEST_POLL).await;
    }
}

/// Renews the lease. One that could not be renewed for half its length is given up, while nobody can have taken the job yet.
async fn renew(bucket: Bucket, id: JobId, stops: Sender<Stop>) {
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(LEASE_RENEWAL).await;
        // A machine that slept: the job may have been declared lost meanwhile, and then it is.
        let slept = renewed.elapsed() > LEASE;
        if slept && matches!(bucket.final_record(&id).await, Ok(Some(_))) {
            let _ = stops.send(Stop::LeaseLost).await;
            return;
        }
        // A bucket that does not answer at all is no better than one that refuses.
        match tokio::time::timeout(LEASE_RENEWAL, bucket.renew_lease(&id, 1)).await {
            Ok(Ok(())) => renewed = Instant::now(),
            Ok(Err(_)) | Err(_) if renewed.elapsed() > LEASE / 2 => {
                let _ = stops.send(Stop::LeaseLost).await;
                return;
            }
            Ok(Err(_)) | Err(_) => {}
        }
    }
}
