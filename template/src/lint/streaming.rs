//! Rules for the modes of streaming.

use crate::lint::Code;
use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::nearest;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    const MODES: [&str; 3] = ["UNSPECIFIED", "EXACTLY_ONCE", "AT_LEAST_ONCE"];
    let Some((metadata, place)) = &context.metadata else { return };
    let mode = metadata.default_streaming_mode.as_deref().filter(|mode| !matches!(*mode, "" | "UNSPECIFIED"));
    let at_least_once = metadata.supports_at_least_once;
    let exactly_once = metadata.supports_exactly_once;
    let mut add = |key: &'static str, message: String, hint: &str| {
        let place = place.get(key).unwrap_or_else(|| place.clone());
        findings.add(Draft::at(Code::StreamingModes, &place, message).hint(hint));
    };
    if let Some(mode) = mode.filter(|mode| !MODES.contains(mode)) {
        let near = nearest(mode, MODES.into_iter());
        let hint = near.map_or("write `EXACTLY_ONCE` or `AT_LEAST_ONCE`".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        add("defaultStreamingMode", format!("there is no mode `{mode}`"), &hint);
        return;
    }
    if !metadata.is_streaming() {
        const HINT: &str = "write `\"streaming\": true`, or leave it out";
        if let Some(mode) = mode {
            add(
                "defaultStreamingMode",
                format!("`{mode}` is a mode of streaming, and this is a batch template"),
                HINT,
            );
        }
        if at_least_once == Some(true) {
            add(
                "supportsAtLeastOnce",
                "a batch template processes every record exactly once".to_owned(),
                HINT,
            );
        }
        if exactly_once == Some(false) {
            add(
                "supportsExactlyOnce",
                "a batch template processes every record exactly once".to_owned(),
                HINT,
            );
        }
        return;
    }
    if exactly_once == Some(false) && at_least_once != Some(true) {
        let message = "the template supports neither mode of streaming".to_owned();
        add("supportsExactlyOnce", message, "write `\"supportsAtLeastOnce\": true`, or leave it out");
    } else if let Some(mode) = mode
        && (exactly_once == Some(false) || at_least_once != Some(true))
    {
        let message = format!(
            "a default mode counts only where both are supported, and `{mode}` has no other beside it"
        );
        let hint =
            "write `\"supportsAtLeastOnce\": true` and `\"supportsExactlyOnce\": true`, or leave it out";
        add("defaultStreamingMode", message, hint);
    }
}
