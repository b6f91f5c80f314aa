//! Events as they go over the wire. Each is made once, however many people watch.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use tmpl_bucket::JobSummary;

use super::line::ShownLine;
use super::position::Position;

/// An event has at most so many lines, and is made of so many bytes of text.
const MOST_LINES: usize = 256;
const MOST_TEXT: usize = 64 * 1024;
/// So many counters are told; the page has all of them.
const MOST_COUNTERS: usize = 100;

/// What is said when there is nothing to say: proxies and browsers give up connections that are silent.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// How long a browser waits before it comes back, in milliseconds.
pub(super) const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n\n");

/// Lines of a log in one event.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) attempt: u32,
    /// Where they begin and end.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) event: Bytes,
}

#[derive(Serialize)]
struct Data<'a> {
    attempt: u32,
    lines: &'a [ShownLine],
}

/// Makes events of lines.
pub(super) fn lines(attempt: u32, lines: Vec<(ShownLine, u64)>) -> Vec<Lines> {
    let mut events = Vec::new();
    let mut group: Vec<ShownLine> = Vec::new();
    let (mut text, mut end) = (0, 0);
    for (line, after) in lines {
        if group.len() == MOST_LINES || (text + line.text.len() > MOST_TEXT && !group.is_empty()) {
            events.extend(event_of(attempt, &std::mem::take(&mut group), end));
            text = 0;
        }
        text += line.text.len();
        end = after;
        group.push(line);
    }
    events.extend(event_of(attempt, &group, end));
    events
}

fn event_of(attempt: u32, lines: &[ShownLine], end: u64) -> Option<Lines> {
    let start = lines.first()?.at;
    let id = Position { attempt, offset: end };
    let data = serde_json::to_string(&Data { attempt, lines }).ok()?;
    let event = format!("id: {id}\nevent: log\ndata: {data}\n\n").into();
    Some(Lines { attempt, start, end, event })
}

/// Where a job stands.
pub(super) fn state(summary: &JobSummary, stopping: bool) -> Bytes {
    event(
        "state",
        &json!({
            "state": summary.state.wire(),
            "word": summary.state.word(),
            "attempt": summary.attempt,
            "stopping": stopping,
            "presumedLost": summary.presumed_lost,
        }),
    )
}

/// The end of a job, where it has ended.
pub(super) fn end(summary: &JobSummary) -> Option<Bytes> {
    let ended = summary.ended.as_ref()?;
    let data = json!({
        "state": ended.state.wire(),
        "word": ended.state.word(),
        "reason": super::line::harmless(&ended.reason).0,
    });
    Some(event("end", &data))
}

/// What a job has counted.
pub(super) fn counters(metrics: &Value) -> Bytes {
    let all = metrics["counters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::String(text) => super::line::harmless(text).0,
        other => other.to_string(),
    };
    let told = all.iter().take(MOST_COUNTERS).map(|counter| {
        let step = counter["step"].as_str().map(|step| super::line::harmless(step).0);
        json!({ "step": step, "name": text(&counter["name"]), "value": text(&counter["value"]) })
    });
    event("counters", &json!({ "counters": told.collect::<Vec<_>>() }))
}

/// The log of another attempt begins.
pub(super) fn attempt(attempt: u32) -> Bytes {
    event("attempt", &json!({ "attempt": attempt }))
}

/// The server has nothing more to say, and why.
pub(super) fn leave(why: &str) -> Bytes {
    event("leave", &json!({ "why": why }))
}

fn event(name: &str, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: u64, text: &str) -> (ShownLine, u64) {
        (ShownLine::new(at, text.as_bytes(), true), at + text.len() as u64 + 1)
    }

    #[test]
    fn lines_are_told_many_at_a_time_with_the_offset_after_the_last() {
        let events = lines(2, (0..600).map(|n| line(n * 4, "abc")).collect());
        assert_eq!(
            events.iter().map(|lines| (lines.start, lines.end)).collect::<Vec<_>>(),
            [(0, 1024), (1024, 2048), (2048, 2400)]
        );
        let text = std::str::from_utf8(&events[2].event).unwrap();
        assert!(
            text.starts_with("id: 2:2400\nevent: log\ndata: {\"attempt\":2,\"lines\":[{\"at\":2048,"),
            "{text}"
        );
        assert!(text.ends_with("}]}\n\n") && text.lines().count() == 4);
        assert!(lines(1, Vec::new()).is_empty());
    }

    #[test]
    fn long_lines_are_told_one_by_one_and_an_event_is_one_line_of_data() {
        let long = "x".repeat(40_000);
        let events = lines(1, vec![line(0, &long), line(40_001, &long), line(80_002, "a\nb\rc\u{2028}d")]);
        assert_eq!(events.len(), 2);
        for lines in events {
            let text = std::str::from_utf8(&lines.event).unwrap().to_owned();
            assert_eq!(text.matches('\n').count(), 4, "{text}");
            assert!(!text.contains('\r'));
        }
    }

    #[test]
    fn counters_are_told_whatever_they_are_called() {
        let metrics = json!({ "counters": [
            { "step": "Read\u{1b}[1m", "namespace": "n", "name": "lines", "value": 12 },
            { "name": "odd", "value": "NaN" },
            7,
        ] });
        let text = String::from_utf8(counters(&metrics).to_vec()).unwrap();
        assert!(text.contains(r#"{"name":"lines","step":"Read","value":"12"}"#), "{text}");
        assert!(text.contains(r#"{"name":"odd","step":null,"value":"NaN"}"#), "{text}");
        assert!(String::from_utf8(counters(&json!(null)).to_vec()).unwrap().contains("[]"));
    }
}
