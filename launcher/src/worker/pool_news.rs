//! What a pool tells of its workers, as a value and in words.

use std::fmt;

use tmpl_beam::worker::{WorkerEnd, WorkerExit};

/// What a pool tells of its workers.
#[derive(Clone, Copy, Debug)]
pub enum PoolNews<'a> {
    /// A worker runs.
    Started(&'a str),
    /// A worker wrote a line.
    Line(&'a str, &'a str),
    /// A worker could not be started, and why.
    Failed(&'a str, &'a str),
    /// A worker has ended.
    Ended(&'a WorkerEnd),
    /// The end of a worker could not be written down, and why.
    Unrecorded(&'a str, &'a str),
}

impl PoolNews<'_> {
    /// Whether something is wrong.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::Started(_) | Self::Line(..) => false,
            Self::Failed(..) | Self::Unrecorded(..) => true,
            Self::Ended(end) => end.is_failure(),
        }
    }
}

impl fmt::Display for PoolNews<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(worker) => write!(f, "worker {worker} runs"),
            Self::Line(worker, line) => write!(f, "worker {worker}: {line}"),
            Self::Failed(worker, why) => write!(f, "worker {worker} could not be started: {why}"),
            Self::Ended(end) => {
                let WorkerEnd { worker, exit, ran_for, stopped, .. } = end;
                let seconds = ran_for.as_secs_f64();
                if *stopped {
                    return write!(f, "worker {worker} was ended after {seconds:.1} s");
                }
                match exit {
                    WorkerExit::Code(code) => {
                        write!(f, "worker {worker} ended by itself after {seconds:.1} s, exit code {code}")
                    }
                    WorkerExit::Signal(signal) => {
                        write!(f, "worker {worker} was killed by signal {signal} after {seconds:.1} s")
                    }
                    WorkerExit::Unknown(why) => {
                        write!(f, "worker {worker} is gone after {seconds:.1} s: {why}")
                    }
                }
            }
            Self::Unrecorded(worker, why) => {
                write!(f, "the end of worker {worker} can't be written into the bucket: {why}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_of_a_worker_is_told_in_words() {
        let end = |exit, stopped| WorkerEnd {
            worker: "1-1".to_owned(),
            exit,
            tail: Vec::new(),
            ran_for: Duration::from_millis(1_250),
            stopped,
        };
        for (end, told, bad) in [
            (end(WorkerExit::Code(1), false), "worker 1-1 ended by itself after 1.2 s, exit code 1", true),
            (end(WorkerExit::Code(0), false), "worker 1-1 ended by itself after 1.2 s, exit code 0", false),
            (end(WorkerExit::Signal(9), false), "worker 1-1 was killed by signal 9 after 1.2 s", true),
            (end(WorkerExit::Signal(15), true), "worker 1-1 was ended after 1.2 s", false),
        ] {
            let news = PoolNews::Ended(&end);
            assert_eq!((news.to_string().as_str(), news.is_bad()), (told, bad));
        }
    }
}
