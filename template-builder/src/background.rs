//! Work that keeps a processor busy (hashing, compressing) runs beside the async build, so that Ctrl-C is heard meanwhile;
//! and it ends soon after nobody waits for it any more.

use std::io::{self, Write};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{BuildError, Phase, Progress};

enum Event {
    Started(Phase, String, Option<u64>),
    Advanced(Phase, String, u64),
    Finished(Phase, String),
}

impl Event {
    fn tell(self, progress: &dyn Progress) {
        match self {
            Self::Started(phase, title, total) => progress.started(phase, &title, total),
            Self::Advanced(phase, title, bytes) => progress.advanced(phase, &title, bytes),
            Self::Finished(phase, title) => progress.finished(phase, &title),
        }
    }
}

/// How background work talks to the build that waits for it.
#[derive(Clone)]
pub(crate) struct Reporter {
    events: UnboundedSender<Event>,
    abandoned: Arc<AtomicBool>,
}

impl Reporter {
    pub(crate) fn started(&self, phase: Phase, title: &str, total: Option<u64>) {
        self.send(Event::Started(phase, title.to_owned(), total));
    }

    pub(crate) fn finished(&self, phase: Phase, title: &str) {
        self.send(Event::Finished(phase, title.to_owned()));
    }

    /// A writer that tells of every write, and fails once nobody waits for the work any more: the way out of a long loop in
    /// another crate.
    pub(crate) fn watch<W: Write>(&self, phase: Phase, title: &str, inner: W) -> Watched<W> {
        Watched { inner, phase, title: title.to_owned(), reporter: self.clone() }
    }

    pub(crate) fn advanced(&self, phase: Phase, title: &str, bytes: u64) {
        self.send(Event::Advanced(phase, title.to_owned(), bytes));
    }

    /// An error once nobody waits for the work any more.
    pub(crate) fn still_wanted(&self) -> io::Result<()> {
        if self.abandoned.load(Ordering::Relaxed) {
            Err(io::Error::other("the build was interrupted"))
        } else {
            Ok(())
        }
    }

    /// The receiver is gone only when the build is; there is nobody left to tell then.
    fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

/// See [`Reporter::watch`].
pub(crate) struct Watched<W> {
    inner: W,
    phase: Phase,
    title: String,
    reporter: Reporter,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.reporter.still_wanted()?;
        let written = self.inner.write(buffer)?;
        self.reporter.advanced(self.phase, &self.title, written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct AbandonOnDrop(Arc<AtomicBool>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on a thread of its own and passes its events on to `progress`.
pub(crate) async fn in_background<T: Send + 'static>(
    progress: &dyn Progress,
    work: impl FnOnce(&Reporter) -> Result<T, BuildError> + Send + 'static,
) -> Result<T, BuildError> {
    let (events, mut received) = unbounded_channel();
    let abandoned = Arc::new(AtomicBool::new(false));
    let _abandon = AbandonOnDrop(abandoned.clone());
    let reporter = Reporter { events, abandoned };
    let task = tokio::task::spawn_blocking(move || work(&reporter));
    while let Some(event) = received.recv().await {
        event.tell(progress);
    }
    match task.await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(BuildError::File(io::Error::other("the build was interrupted"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Collected(Mutex<Vec<String>>);

    impl Progress for Collected {
        fn started(&self, phase: Phase, title: &str, total: Option<u64>) {
            self.0.lock().unwrap().push(format!("{phase} {title} {total:?}"));
        }
        fn advanced(&self, _: Phase, title: &str, bytes: u64) {
            self.0.lock().unwrap().push(format!("{title} +{bytes}"));
        }
        fn finished(&self, phase: Phase, title: &str) {
            self.0.lock().unwrap().push(format!("{phase} {title} done"));
        }
    }

    #[tokio::test]
    async fn events_arrive_in_order_and_the_result_after_them() {
        let collected = Collected::default();
        let result = in_background(&collected, |reporter| {
            reporter.started(Phase::Layer, "app", Some(3));
            reporter.advanced(Phase::Layer, "app", 3);
            reporter.finished(Phase::Layer, "app");
            Ok(7)
        });
        assert_eq!(result.await.unwrap(), 7);
        assert_eq!(*collected.0.lock().unwrap(), ["layer app Some(3)", "app +3", "layer app done"]);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_ends() {
        let (ended, has_ended) = tokio::sync::oneshot::channel();
        let work = in_background(&crate::Silent, |reporter| {
            let mut sink = reporter.watch(Phase::Layer, "app", io::sink());
            while sink.write_all(b"x").is_ok() {}
            let _ = ended.send(());
            Ok(())
        });
        tokio::time::timeout(std::time::Duration::from_millis(20), work).await.unwrap_err();
        has_ended.await.unwrap();
    }
}
