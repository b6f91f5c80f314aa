//! The first cause of a failure, found in the last lines of a program: the exception's type and message and the pipeline's step,
//! said before the stack trace, because nobody should have to read one to learn what is wrong.

use std::collections::VecDeque;

use tmpl_bucket::{Cause, ExitStatus, LogSource};

use crate::memory_limit::OutOfMemory;

/// How much of a program's output is kept to look for the cause in.
const KEPT_LINES: usize = 4_000;
const KEPT_BYTES: usize = 1024 * 1024;
/// A longer message is cut: the whole of it is in the log.
const LONGEST_MESSAGE: usize = 1_000;

const TRACEBACK: &str = "Traceback (most recent call last)";
/// What Python writes between the tracebacks of one failure.
pub(crate) const CHAINED: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// The last lines of a program.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    lines: VecDeque<(LogSource, String)>,
    bytes: usize,
}

impl Tail {
    pub(crate) fn push(&mut self, source: LogSource, line: &str) {
        self.bytes += line.len();
        self.lines.push_back((source, line.to_owned()));
        while self.lines.len() > KEPT_LINES || self.bytes > KEPT_BYTES {
            let Some((_, gone)) = self.lines.pop_front() else { break };
            self.bytes -= gone.len();
        }
    }

    /// Why the program failed, as far as its own words and its end tell.
    pub(crate) fn cause(&self, status: ExitStatus, out_of_memory: Option<OutOfMemory>) -> Option<Cause> {
        if let ExitStatus::Signal(signal) = status {
            let message = match (signal, out_of_memory) {
                (9, Some(out_of_memory)) => format!("killed: {out_of_memory}"),
                (signal, _) => format!("killed by signal {signal} ({})", signal_name(signal)),
            };
            return Some(Cause { message, ..Cause::default() });
        }
        let lines: Vec<&str> = self.lines_of(LogSource::Stderr);
        self.raised().or_else(|| {
            let said = lines.iter().rev().find(|line| line.contains("error: ") || line.starts_with("ERROR"));
            let said = said.or_else(|| lines.iter().rev().find(|line| !line.trim().is_empty()))?;
            Some(Cause { message: shorten(said.trim()), ..Cause::default() })
        })
    }

    /// The first exception that was raised, wherever it was told: what the engine says of its workers counts before what the program
    /// said when it built the graph.
    pub(crate) fn raised(&self) -> Option<Cause> {
        let sources = [LogSource::Engine, LogSource::Stderr, LogSource::Stdout];
        sources.into_iter().find_map(|source| from_traceback(&self.lines_of(source)))
    }

    /// Why a job failed on its engine, as far as that and the workers tell.
    pub(crate) fn engine_cause(&self) -> Option<Cause> {
        self.raised().or_else(|| {
            let lines = self.lines_of(LogSource::Engine);
            // Of a stack trace of Java's the last cause, which is the first thing that went wrong.
            let is_frame = |line: &str| line.starts_with("at ") || line.starts_with("... ");
            let mut said = lines.iter().rev().map(|line| line.trim());
            let said = said.find(|line| !line.is_empty() && !is_frame(line))?;
            let said = said.strip_prefix("Caused by: ").unwrap_or(said);
            // Prism names the part of the work: `bundle inst003 stage-006 failed:` and the worker's words.
            let of_bundle = said.strip_prefix("bundle ").and_then(|rest| rest.split_once(" failed:"));
            let said = of_bundle.map_or(said, |(_, words)| words);
            Some(Cause { message: shorten(said), ..Cause::default() })
        })
    }

    fn lines_of(&self, wanted: LogSource) -> Vec<&str> {
        self.lines.iter().filter(|(source, _)| *source == wanted).map(|(_, line)| line.as_str()).collect()
    }
}

/// The first exception of the last chain of tracebacks: later ones are what came of it.
fn from_traceback(lines: &[&str]) -> Option<Cause> {
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains(TRACEBACK))
        .map(|(number, _)| number)
        .collect();
    let last = *starts.last()?;
    let mut first = last;
    for &start in starts.iter().rev().skip(1) {
        if !lines[start..first].iter().any(|line| CHAINED.contains(&line.trim())) {
            break;
        }
        first = start;
    }
    let step = lines[first..].iter().find_map(|line| step_of(line));
    let (exception, message) = exception_after(&lines[first + 1..])?;
    Some(Cause { exception: Some(exception), message: shorten(without_step(&message)), step })
}

/// The line that ends a traceback: `package.SomeError: message`, not indented.
fn exception_after(lines: &[&str]) -> Option<(String, String)> {
    let (number, line) =
        lines.iter().enumerate().find(|(_, line)| !line.is_empty() && !line.starts_with([' ', '\t']))?;
    let (name, message) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.')
            && !name.starts_with('.')
    };
    if !is_name(name) {
        return Some(("Exception".to_owned(), (*line).to_owned()));
    }
    // A message may begin on the next line, as those of generated checks do.
    let message = if message.is_empty() {
        lines
            .get(number + 1)
            .filter(|next| !next.trim().is_empty() && !next.contains(TRACEBACK))
            .map_or("", |next| next.trim())
    } else {
        message
    };
    let short = name.rsplit('.').next().unwrap_or(name);
    Some((short.to_owned(), message.to_owned()))
}

/// Beam's note of the step: `[while running 'Count/Map(f)-ptransform-12']`.
fn step_of(line: &str) -> Option<String> {
    let (_, after) = line.rsplit_once("[while running '")?;
    let step = after.rsplit_once("']").map_or(after, |(step, _)| step);
    let step = step.rsplit_once("-ptransform-").map_or(step, |(step, _)| step);
    Some(step.to_owned())
}

fn without_step(message: &str) -> &str {
    message.split(" [while running '").next().unwrap_or(message)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// The name of a signal that programs die of.
pub(crate) fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        _ => "unnamed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause_of(stderr: &str, status: ExitStatus, out_of_memory: bool) -> Option<String> {
        let mut tail = Tail::default();
        for line in stderr.lines() {
            tail.push(LogSource::Stderr, line);
        }
        let out_of_memory = out_of_memory.then_some(OutOfMemory { limit: Some(64 << 20) });
        tail.cause(status, out_of_memory).map(|cause| cause.to_string())
    }

    #[test]
    fn the_first_exception_of_a_chain_is_the_cause() {
        let chained = "INFO:root:start\n\
            Traceback (most recent call last):\n  File \"a.py\", line 1\n    f()\nkeys.KeyMissing: 'customer'\n\n\
            During handling of the above exception, another exception occurred:\n\n\
            Traceback (most recent call last):\n  File \"b.py\", line 2\n    g()\n\
            RuntimeError: could not read [while running 'Read/ParDo(Parse)-ptransform-8']\n";
        assert_eq!(
            cause_of(chained, ExitStatus::Code(1), false).unwrap(),
            "KeyMissing: 'customer' (in step Read/ParDo(Parse))"
        );
    }

    #[test]
    fn every_kind_of_end_has_a_cause() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\"\n";
        for (stderr, status, out_of_memory, cause) in [
            (format!("{traceback}ValueError: no\n"), ExitStatus::Code(1), false, Some("ValueError: no")),
            (
                format!("{traceback}KeyboardInterrupt\n"),
                ExitStatus::Code(1),
                false,
                Some("KeyboardInterrupt"),
            ),
            (format!("{traceback}MemoryError\n"), ExitStatus::Code(1), false, Some("MemoryError")),
            (
                format!("{traceback}old.Error: 1\nINFO:x\n{traceback}new.Error: 2\n"),
                ExitStatus::Code(1),
                false,
                Some("Error: 2"),
            ),
            (
                "usage: main.py\nmain.py: error: unrecognized arguments: --x\n".into(),
                ExitStatus::Code(2),
                false,
                Some("main.py: error: unrecognized arguments: --x"),
            ),
            ("last words\n\n".into(), ExitStatus::Code(3), false, Some("last words")),
            (String::new(), ExitStatus::Code(3), false, None),
            (
                format!("{traceback}ValueError: no\n"),
                ExitStatus::Signal(9),
                true,
                Some("killed: out of memory (the limit is 64 MiB)"),
            ),
            (String::new(), ExitStatus::Signal(9), false, Some("killed by signal 9 (SIGKILL)")),
            (String::new(), ExitStatus::Signal(11), true, Some("killed by signal 11 (SIGSEGV)")),
        ] {
            assert_eq!(cause_of(&stderr, status, out_of_memory).as_deref(), cause, "{stderr}");
        }
    }
}
