//! All jobs that are watched, and all who watch them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::http::StatusCode;
use tmpl_bucket::BucketError;
use tmpl_template::JobId;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::watch::Watch;
use crate::Server;
use crate::problem::Problem;
use crate::text::live as text;

/// So many readers at a time read the bucket themselves, because they are behind.
const CATCHING_UP: usize = 4;

/// Whoever watches which jobs.
#[derive(Debug)]
pub(crate) struct Hub {
    jobs: AsyncMutex<HashMap<JobId, Weak<Watch>>>,
    people: Mutex<HashMap<String, usize>>,
    pub(super) catching_up: Arc<Semaphore>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            jobs: AsyncMutex::default(),
            people: Mutex::default(),
            catching_up: Arc::new(Semaphore::new(CATCHING_UP)),
        }
    }
}

impl Hub {
    /// The watch of a job: that of everybody else who watches it.
    pub(super) async fn watch(&self, server: &Server, id: &JobId) -> Result<Arc<Watch>, BucketError> {
        let mut jobs = self.jobs.lock().await;
        if let Some(watch) = jobs.get(id).and_then(Weak::upgrade) {
            return Ok(watch);
        }
        jobs.retain(|_, watch| watch.strong_count() > 0);
        let watch = Watch::begin(server.bucket.clone(), id.clone(), server.settings.read_only).await?;
        jobs.insert(id.clone(), Arc::downgrade(&watch));
        Ok(watch)
    }

    /// How many jobs are watched.
    pub(crate) async fn watched_jobs(&self) -> usize {
        self.jobs.lock().await.values().filter(|watch| watch.strong_count() > 0).count()
    }
}

/// One who watches, counted for as long as they do.
#[derive(Debug)]
pub(super) struct Seat {
    server: Arc<Server>,
    who: String,
}

impl Seat {
    /// Takes a seat, where there is one left.
    pub(super) fn take(server: &Arc<Server>, who: &str) -> Result<Self, Problem> {
        let limits = &server.settings.limits;
        let mut people = server.hub.people.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = people.values().sum();
        let own = people.get(who).copied().unwrap_or_default();
        if all >= limits.streams || own >= limits.streams_per_person {
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Err(Problem::new(status, text::TOO_MANY, text::TOO_MANY_DETAIL));
        }
        people.insert(who.to_owned(), own + 1);
        server.metrics.streams.change(1);
        Ok(Self { server: Arc::clone(server), who: who.to_owned() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.server.metrics.streams.change(-1);
        let mut people = self.server.hub.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seats) = people.get_mut(&self.who) {
            *seats -= 1;
            if *seats == 0 {
                people.remove(&self.who);
            }
        }
    }
}
