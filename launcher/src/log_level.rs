//! How important a line is: read from the forms in which pipelines log. Python's `logging`, its tracebacks and warnings, and the
//! JSON lines of container programs.

use tmpl_bucket::{LogLevel, LogSource};

use crate::cause::CHAINED;

/// Reads the levels of one stream's lines. It remembers being inside a traceback.
#[derive(Debug, Default)]
pub(crate) struct LevelReader {
    in_traceback: bool,
    after_traceback: bool,
}

impl LevelReader {
    /// The level of the next line, and its text: that of a JSON line is its message.
    pub(crate) fn read(&mut self, source: LogSource, line: String) -> (LogLevel, String) {
        if self.in_traceback {
            // Frames are indented; the first line that is not is the exception itself, and ends it.
            self.in_traceback = line.starts_with([' ', '\t']) || line.is_empty();
            self.after_traceback = !self.in_traceback;
            return (LogLevel::Error, line);
        }
        if self.after_traceback && (line.is_empty() || CHAINED.contains(&line.as_str())) {
            return (LogLevel::Error, line);
        }
        self.after_traceback = false;
        if line.starts_with("Traceback (most recent call last)") {
            self.in_traceback = true;
            return (LogLevel::Error, line);
        }
        if line.starts_with('{')
            && let Some((level, message)) = json_line(&line)
        {
            return (level, message);
        }
        let level = level_word(&line).unwrap_or(match source {
            LogSource::Stderr if is_warning(&line) => LogLevel::Warning,
            _ => LogLevel::Info,
        });
        (level, line)
    }
}

/// `{"severity": "WARNING", "message": "…"}`, as Cloud Logging and structlog write it.
fn json_line(line: &str) -> Option<(LogLevel, String)> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let text = |names: [&str; 3]| names.iter().find_map(|name| object.get(*name)?.as_str());
    let level = level_of(&text(["severity", "level", "levelname"])?.to_ascii_uppercase())?;
    Some((level, text(["message", "msg", "event"])?.to_owned()))
}

/// `INFO:root:…`, `2026-11-21 08:00:00,123 INFO …`, `[WARNING] …`: a level among the first words.
fn level_word(line: &str) -> Option<LogLevel> {
    let start = line.get(..64.min(line.len())).unwrap_or(line);
    start.split([' ', '\t', ':', '[', ']', '|']).filter(|word| !word.is_empty()).take(5).find_map(level_of)
}

fn level_of(word: &str) -> Option<LogLevel> {
    Some(match word {
        "DEBUG" | "TRACE" => LogLevel::Debug,
        "INFO" | "NOTICE" => LogLevel::Info,
        "WARNING" | "WARN" => LogLevel::Warning,
        "ERROR" | "CRITICAL" | "FATAL" | "SEVERE" => LogLevel::Error,
        _ => return None,
    })
}

/// `/x/y.py:12: DeprecationWarning: …`
fn is_warning(line: &str) -> bool {
    line.split(": ").nth(1).is_some_and(|word| word.ends_with("Warning"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_from_common_forms() {
        for (line, level) in [
            ("INFO:root:Reading", LogLevel::Info),
            ("WARNING:apache_beam.options:odd", LogLevel::Warning),
            ("2026-11-21 08:00:00,123 ERROR main: no", LogLevel::Error),
            ("[DEBUG] x", LogLevel::Debug),
            ("CRITICAL:root:end", LogLevel::Error),
            ("/x/y.py:12: DeprecationWarning: old", LogLevel::Warning),
            ("plain words with no ERRORS in it", LogLevel::Info),
            ("", LogLevel::Info),
            (
                "ünïcödé at the very start of a long line that has to be cut at sixty-four bytes é",
                LogLevel::Info,
            ),
        ] {
            assert_eq!(LevelReader::default().read(LogSource::Stderr, line.into()).0, level, "{line}");
        }
    }

    #[test]
    fn a_traceback_is_an_error_to_its_last_line() {
        let mut reader = LevelReader::default();
        let lines = [
            "Traceback (most recent call last):",
            "  File \"x\"",
            "    f()",
            "ValueError: no",
            "INFO:root:on",
        ];
        let levels: Vec<LogLevel> =
            lines.iter().map(|line| reader.read(LogSource::Stderr, (*line).to_owned()).0).collect();
        assert_eq!(
            levels,
            [LogLevel::Error, LogLevel::Error, LogLevel::Error, LogLevel::Error, LogLevel::Info]
        );
    }

    #[test]
    fn a_json_line_is_its_message() {
        let read = LevelReader::default()
            .read(LogSource::Stdout, r#"{"severity": "warning", "message": "slow"}"#.into());
        assert_eq!(read, (LogLevel::Warning, "slow".to_owned()));
        let other = r#"{"word": "INFO"}"#;
        assert_eq!(LevelReader::default().read(LogSource::Stdout, other.into()).1, other);
    }
}
