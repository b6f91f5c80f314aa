//! The end of a job whose container ended before its launcher could say how: told from what the engine knows.

use tmpl_bucket::{Cause, FinalRecord};
use tmpl_template::JobState;

use crate::cause::signal_name;
use crate::engine::ContainerState;
use crate::memory_limit::OutOfMemory;

/// The program ran and failed.
const PROGRAM: u8 = 1;
/// A reason outside the program.
const ENVIRONMENT: u8 = 3;
/// Exit codes that a launcher itself ends with, and means: a wrong request, a reason outside, a temporary one.
const OF_A_LAUNCHER: [i64; 3] = [2, 3, 75];

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerEnd {
    /// It does not run any more.
    Ended {
        /// What the engine says of it.
        state: ContainerState,
        /// The last lines of its own output.
        output: String,
    },
    /// It is not there any more.
    Gone,
}

impl ContainerEnd {
    /// The end of a job of which nobody wrote one.
    pub(super) fn describe(&self) -> FinalRecord {
        let Self::Ended { state, output } = self else {
            let hint = "somebody removed it while the job ran; what the job had written may be incomplete; run it again";
            return failed("launcher lost: its container is gone".to_owned(), ENVIRONMENT, None, hint);
        };
        if state.out_of_memory {
            let out_of_memory = OutOfMemory { limit: Some(state.memory).filter(|limit| *limit > 0) };
            let cause = Cause { message: format!("killed: {out_of_memory}"), ..Cause::default() };
            let hint = "raise the limit with --memory, or give the job less to hold at a time";
            return failed("the container ran out of memory".to_owned(), PROGRAM, Some(cause), hint);
        }
        if !state.error.is_empty() {
            let cause = Cause { message: state.error.clone(), ..Cause::default() };
            return failed(
                "the container could not be run".to_owned(),
                ENVIRONMENT,
                Some(cause),
                "look at the image",
            );
        }
        match state.exit_code {
            signal @ 129..=192 => {
                let signal = i32::try_from(signal - 128).unwrap_or_default();
                let reason = format!(
                    "launcher lost: its container was killed by signal {signal} ({})",
                    signal_name(signal)
                );
                let hint = "somebody killed it, or the engine was stopped; what the job had written may be incomplete; \
                            run it again";
                failed(reason, ENVIRONMENT, None, hint)
            }
            code => {
                let exit = if OF_A_LAUNCHER.contains(&code) {
                    u8::try_from(code).unwrap_or_default()
                } else {
                    ENVIRONMENT
                };
                let (cause, hint) = last_words(output);
                let hint = hint.unwrap_or("see that the image's entry point is a launcher of tmpl");
                let reason = format!(
                    "the launcher in the container ended with exit code {code}, before it could say how the job did"
                );
                failed(reason, exit, cause, hint)
            }
        }
    }
}

fn failed(reason: String, exit_code: u8, cause: Option<Cause>, hint: &str) -> FinalRecord {
    FinalRecord {
        cause,
        hint: Some(hint.to_owned()),
        ..FinalRecord::new(JobState::Failed, reason, exit_code)
    }
}

/// What a launcher says when it can't even begin: `error:`, `caused by:` and `hint:`, else its last line.
fn last_words(output: &str) -> (Option<Cause>, Option<&str>) {
    let after =
        |start: &str| output.lines().rev().find_map(|line| line.trim().strip_prefix(start)).map(str::trim);
    let message = match (after("error:"), after("caused by:")) {
        (Some(error), Some(cause)) => Some(format!("{error}: {cause}")),
        (Some(error), None) => Some(error.to_owned()),
        _ => output.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()),
    };
    (message.map(|message| Cause { message, ..Cause::default() }), after("hint:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_nobody_wrote_is_told_in_plain_words() {
        let state = |exit_code: i64, out_of_memory: bool, error: &str| ContainerState {
            status: "exited".into(),
            running: false,
            out_of_memory,
            exit_code,
            error: error.into(),
            memory: if out_of_memory { 64 << 20 } else { 0 },
        };
        let ended =
            |state: ContainerState, output: &str| ContainerEnd::Ended { state, output: output.into() };
        for (end, code, reason, cause) in [
            (ContainerEnd::Gone, 3, "launcher lost: its container is gone", ""),
            (
                ended(state(137, true, ""), ""),
                1,
                "the container ran out of memory",
                "killed: out of memory (the limit is 64 MiB)",
            ),
            (
                ended(state(137, false, ""), "x"),
                3,
                "launcher lost: its container was killed by signal 9 (SIGKILL)",
                "",
            ),
            (
                ended(state(128, false, "no such device"), ""),
                3,
                "the container could not be run",
                "no such device",
            ),
            (
                ended(state(75, false, ""), "error: can't write\ncaused by: Permission denied\nhint: do\n"),
                75,
                "the launcher in the container ended with exit code 75, before it could say how the job did",
                "can't write: Permission denied",
            ),
            (
                ended(state(127, false, ""), "starting\nsh: no such thing\n\n"),
                3,
                "the launcher in the container ended with exit code 127, before it could say how the job did",
                "sh: no such thing",
            ),
        ] {
            let told = end.describe();
            let told_cause = told.cause.map(|cause| cause.message).unwrap_or_default();
            assert_eq!((told.exit_code, told.reason.as_str(), told_cause.as_str()), (code, reason, cause));
            assert!(told.hint.is_some() && told.state == JobState::Failed);
        }
    }
}
