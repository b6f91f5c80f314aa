//! What Java's stack traces say, in one line: a person needs the last cause, and not the ninety frames above it.

/// A longer message is cut: the whole of it is in the engine's logs.
const LONGEST_MESSAGE: usize = 1_000;
/// Classes whose name adds nothing to what they say: what wraps other errors, and what everybody throws.
const PLAIN: [&str; 16] = [
    "CompletionException",
    "ExecutionException",
    "Exception",
    "FlinkException",
    "FlinkRuntimeException",
    "HandlerRequestException",
    "IllegalArgumentException",
    "IllegalStateException",
    "InvocationTargetException",
    "JobException",
    "JobExecutionException",
    "NotFoundException",
    "ProgramInvocationException",
    "RestHandlerException",
    "RuntimeException",
    "UserCodeException",
];
/// What Beam writes before an error of the SDK's process: `… for instruction 2: the error`.
const FROM_WORKER: &str = "Error received from SDK harness for instruction ";
/// What our own entry class begins its messages with: it says what its cause means.
const OURS: &str = "tmpl: ";
const TRACEBACK: &str = "Traceback (most recent call last)";

/// One error of a stack trace.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JavaError {
    /// The whole name of its class; empty where the text has none.
    class: String,
    /// All lines of its message.
    message: String,
}

/// Whether a trace has an error of a class, by the class's own name.
pub(super) fn mentions(trace: &str, class: &str) -> bool {
    errors(trace).iter().any(|error| simple_name(&error.class) == class)
}

/// The line that matters most: of the deepest cause that says something. None for a text without words.
pub(super) fn first_cause(trace: &str) -> Option<String> {
    let errors = errors(trace);
    // Deeper causes without a message (a timeout, a null) are only worth telling if nothing else is said.
    let told = errors.iter().rev().find(|error| !error.message.trim().is_empty());
    let told = errors.iter().find(|error| error.message.starts_with(OURS)).or(told);
    let line = match told {
        Some(error) => said(error),
        None => simple_name(&errors.last()?.class).to_owned(),
    };
    Some(shorten(&line)).filter(|line| !line.is_empty())
}

/// An error in one line, with its class where that says something.
fn said(error: &JavaError) -> String {
    let message = last_words(&error.message);
    let class = simple_name(&error.class);
    if class.is_empty() || PLAIN.contains(&class) || message.starts_with(class) {
        message
    } else {
        format!("{class}: {message}")
    }
}

/// The line of a message that matters: the first one, and the last one of a Python traceback.
fn last_words(message: &str) -> String {
    let message = match message.split_once(FROM_WORKER) {
        Some((_, rest)) => rest.split_once(": ").map_or(rest, |(_, error)| error),
        None => message,
    };
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let line = if message.contains(TRACEBACK) {
        lines.rfind(|line| !line.starts_with([' ', '\t']))
    } else {
        lines.next()
    };
    let line = line.unwrap_or_default().trim();
    line.strip_prefix(OURS).unwrap_or(line).to_owned()
}

/// The errors of a trace, from the outermost to the deepest.
fn errors(trace: &str) -> Vec<JavaError> {
    let mut errors: Vec<JavaError> = Vec::new();
    // Whether lines still belong to a message: it ends where frames begin.
    let mut in_message = false;
    for line in trace.lines() {
        let line = line.strip_prefix("<Exception on server side:").unwrap_or(line);
        let trimmed = line.trim();
        if trimmed.starts_with("End of exception on server side") {
            break;
        }
        if trimmed.starts_with("at ") && line.starts_with(['\t', ' ']) || trimmed.starts_with("... ") {
            in_message = false;
        } else if let Some(cause) = line.strip_prefix("Caused by: ") {
            errors.push(parse(cause));
            in_message = true;
        } else if in_message {
            if let Some(error) = errors.last_mut() {
                error.message.push('\n');
                error.message.push_str(line);
            }
        } else if errors.is_empty() && !trimmed.is_empty() {
            errors.push(parse(line));
            in_message = true;
        }
    }
    errors
}

/// `class: message`, `class`, or only a message.
fn parse(line: &str) -> JavaError {
    let (class, message) = line.split_once(": ").unwrap_or((line, ""));
    let is_class = class.contains('.')
        && class.chars().all(|char| char.is_alphanumeric() || matches!(char, '.' | '_' | '$'))
        && simple_name(class).starts_with(char::is_uppercase);
    if is_class {
        return JavaError { class: class.to_owned(), message: message.to_owned() };
    }
    JavaError { class: String::new(), message: line.to_owned() }
}

fn simple_name(class: &str) -> &str {
    class.rsplit(['.', '$']).next().unwrap_or(class)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trace of these errors, with frames between them.
    fn trace(errors: &[&str]) -> String {
        errors.join("\n\tat a.b.C(D.java:1)\n\t... 1 more\nCaused by: ") + "\n\tat a.b.C(D.java:1)\n"
    }

    #[test]
    fn the_deepest_cause_that_says_something_is_told() {
        let nothing = "x.RestHandlerException: No jobs included in application.";
        let no_class = [
            "x.RestHandlerException: Could not execute application.",
            "x.CompletionException: x.FlinkRuntimeException: Could not execute application.",
            "x.ProgramInvocationException: The main method caused an error: no",
            "java.lang.ClassNotFoundException: tmpl.flink.Launch",
        ];
        let null = ["x.JobException: it failed", "java.lang.NullPointerException"];
        let server = "<Exception on server side:\nx.FlinkException: not sent\n\tat y\nEnd of exception on server side>";
        let ours =
            ["x.E: x", "y.IllegalArgumentException: tmpl: the graph cannot be read: x.E: no", "x.E: no"];
        for (trace, line) in [
            (trace(&ours), "the graph cannot be read: x.E: no"),
            (trace(&[nothing]), "No jobs included in application."),
            (trace(&no_class), "ClassNotFoundException: tmpl.flink.Launch"),
            (trace(&null), "it failed"),
            (trace(&["java.util.concurrent.TimeoutException"]), "TimeoutException"),
            (trace(&["x.TimeoutException: Heartbeat of tm-1"]), "TimeoutException: Heartbeat of tm-1"),
            ("POST request not allowed".to_owned(), "POST request not allowed"),
            (server.to_owned(), "not sent"),
        ] {
            assert_eq!(first_cause(&trace).as_deref(), Some(line));
        }
        assert_eq!(first_cause(" \n"), None);
        assert_eq!(first_cause(&"x".repeat(5_000)).unwrap().chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn errors_of_workers_are_told_in_their_own_words() {
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: at first\n\n\
                      During handling of the above exception, another exception occurred:\n\n\
                      Traceback (most recent call last):\n  File \"b.py\", line 2\n\
                      ValueError: no: \"x\" [while running 'Count, them']\n";
        let go = "process bundle failed: boom\n\tcaused by:\nx";
        let java = "org.apache.beam.sdk.util.UserCodeException: x.IllegalStateException: boom\n\tat a.b\n\
                    Caused by: x.IllegalStateException: boom\n\tat a.b\n";
        for (said, line) in [
            (python, "ValueError: no: \"x\" [while running 'Count, them']"),
            (go, "process bundle failed: boom"),
            (java, "boom"),
        ] {
            let error = format!("x.RuntimeException: {FROM_WORKER}2: {said}");
            assert_eq!(first_cause(&trace(&["x.JobException: suppressed", &error])).unwrap(), line);
        }
    }

    #[test]
    fn a_class_is_found_wherever_it_stands() {
        let trace =
            trace(&["a.B: x", "o.a.f.DuplicateJobSubmissionException: Job has already been submitted."]);
        assert!(mentions(&trace, "DuplicateJobSubmissionException"));
        assert!(!mentions("a.B: DuplicateJobSubmissionException", "DuplicateJobSubmissionException"));
    }
}
