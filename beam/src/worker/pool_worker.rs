//! The life of one worker of a pool.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::pool::{HarnessSource, RunningHarness};
use super::refusal::Refusal;
use crate::messages::StartWorkerRequest;

/// How many of a worker's last lines are kept.
pub const TAIL_LINES: usize = 40;
/// Bytes of a line that are kept.
const LONGEST_LINE: usize = 2_000;
/// Lines that may wait.
const QUEUE: usize = 256;

/// How a worker's process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerExit {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal of this number.
    Signal(i32),
    /// Nobody knows: what watched it is gone.
    Unknown(String),
}

/// The end of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEnd {
    /// The runner's name for it.
    pub worker: String,
    /// How its process ended.
    pub exit: WorkerExit,
    /// Its last lines, at most [`TAIL_LINES`].
    pub tail: Vec<String>,
    /// How long it ran.
    pub ran_for: Duration,
    /// Whether it was told to end.
    pub stopped: bool,
}

impl WorkerEnd {
    /// Whether it ended although nobody told it to, and not well.
    pub fn is_failure(&self) -> bool {
        !self.stopped && self.exit != WorkerExit::Code(0)
    }
}

/// A worker that is asked for.
pub(super) struct Asked {
    pub(super) request: StartWorkerRequest,
    /// `true` when it is to end.
    pub(super) stopped: watch::Receiver<bool>,
    /// Where whoever asked waits to hear that it runs.
    pub(super) answer: oneshot::Sender<Result<(), String>>,
    /// How long it has to end when it is told to.
    pub(super) grace: Duration,
}

/// Starts a worker and stays with it until it is gone.
pub(super) async fn live<S: HarnessSource>(source: &S, asked: Asked) {
    let Asked { request, mut stopped, answer, grace } = asked;
    let worker = request.worker_id.clone();
    let (lines, mut written) = mpsc::channel(QUEUE);
    let started = tokio::select! {
        started = source.start(request.clone(), lines) => started,
        () = told_to_end(&mut stopped) => return,
    };
    let mut running = match started {
        Ok(running) => running,
        Err(error) => {
            let told = error.told();
            source.failed(&request, &error).await;
            match Refusal::of(&request, &told).await {
                Ok(refusal) => {
                    let _ = answer.send(Ok(()));
                    tokio::select! {
                        () = refusal.answer_all() => {}
                        () = told_to_end(&mut stopped) => {}
                    }
                }
                Err(_) => {
                    let _ = answer.send(Err(told));
                }
            }
            return;
        }
    };
    let began = Instant::now();
    let _ = answer.send(Ok(()));
    let mut tail = Tail::default();
    let mut was_stopped = false;
    let exit = loop {
        tokio::select! {
            // In this order: however much it writes, it can be stopped, and all it wrote is read before its end is told.
            biased;
            () = told_to_end(&mut stopped), if !was_stopped => {
                was_stopped = true;
                running.stop(grace).await;
            }
            Some(line) = written.recv() => {
                source.line(&worker, &line);
                tail.push(line);
            }
            exit = running.end() => break exit,
        }
    };
    while let Ok(line) = written.try_recv() {
        source.line(&worker, &line);
        tail.push(line);
    }
    let end = WorkerEnd { worker, exit, tail: tail.0.into(), ran_for: began.elapsed(), stopped: was_stopped };
    source.ended(running, end).await;
}

/// Waits until the worker is to end; a pool that is gone wants that too.
async fn told_to_end(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// The last lines.
#[derive(Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, mut line: String) {
        if line.len() > LONGEST_LINE {
            line.truncate(line.floor_char_boundary(LONGEST_LINE));
            line.push('…');
        }
        if self.0.len() == TAIL_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_holds_the_last_lines_and_none_whole_that_is_very_long() {
        let mut tail = Tail::default();
        for number in 0..100 {
            tail.push(format!("line {number}"));
        }
        tail.push("é".repeat(LONGEST_LINE));
        assert_eq!(tail.0.len(), TAIL_LINES);
        assert_eq!(tail.0[0], "line 61");
        assert_eq!(tail.0[TAIL_LINES - 1].chars().count(), LONGEST_LINE / 2 + 1);
    }
}
