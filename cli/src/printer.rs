//! The only place that prints. Standard output is data; standard error is talk.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde::Serialize;
use tmpl_bucket::{LogLevel, LogLine};
use tmpl_template::{Digest, JobState};

use crate::report::Failure;

/// The form of data on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// The same as text, of graphs alone
    #[value(hide = true)]
    Tree,
    /// For Graphviz, of graphs alone
    #[value(hide = true)]
    Dot,
    /// A picture, of graphs alone
    #[value(hide = true)]
    Svg,
}

/// Prints what commands have to say, in the form that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    format: Format,
    quiet: bool,
    zone: TimeZone,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

impl Printer {
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet, zone: TimeZone::system() }
    }

    /// Whether data is printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// How data is printed.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether talk is wanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Data: a line on standard output.
    #[expect(clippy::unused_self, reason = "whoever prints has a printer")]
    pub(crate) fn data(&self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(anstream::stdout(), "{line}")?)
    }

    /// Data: a text on standard output, byte for byte, with no end of a line added.
    #[expect(clippy::unused_self, reason = "whoever prints has a printer")]
    pub(crate) fn bytes(&self, text: &str) -> Result<(), Failure> {
        let mut output = std::io::stdout().lock();
        output.write_all(text.as_bytes())?;
        Ok(output.flush()?)
    }

    /// Data: one JSON value on standard output.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(1, error.to_string()))?;
        self.data(&text)
    }

    /// Talk: a line on standard error.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            self.talk(line);
        }
    }

    /// Talk: something odd.
    pub(crate) fn warn(&self, line: &str) {
        self.talk(&format!("{WARNING}warning{WARNING:#}: {line}"));
    }

    /// Talk: a line of a job's log, with its time and level.
    pub(crate) fn log_line(&self, line: &LogLine) {
        self.say(&self.format_line(line));
    }

    /// A line of a job's log as people read it.
    pub(crate) fn format_line(&self, line: &LogLine) -> String {
        let time = line.time.to_zoned(self.zone.clone()).strftime("%H:%M:%S%.3f").to_string();
        let (style, level) = match line.level {
            LogLevel::Debug => (DIM, "DEBUG  "),
            LogLevel::Info => (Style::new(), "INFO   "),
            LogLevel::Warning => (WARNING, "WARNING"),
            LogLevel::Error => (ERROR, "ERROR  "),
        };
        format!("{DIM}{time}{DIM:#} {style}{level}{style:#} {}", printable(&line.message))
    }

    /// A time as people read it here.
    pub(crate) fn time(&self, time: jiff::Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// A state in its colour.
    pub(crate) fn state(state: JobState) -> String {
        let style = match state {
            JobState::Done => AnsiColor::Green.on_default(),
            JobState::Failed => AnsiColor::Red.on_default(),
            JobState::Cancelled | JobState::Cancelling => AnsiColor::Yellow.on_default(),
            _ => AnsiColor::Cyan.on_default(),
        };
        format!("{style}{}{style:#}", state.word())
    }

    /// A failure as `error:`, `caused by:`, `hint:`. One that nobody wants to hear of is not told.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.silent {
            return;
        }
        if let Some((first, causes)) = failure.chain.split_first() {
            self.talk(&format!("{ERROR}error{ERROR:#}: {}", printable(first)));
            for cause in causes {
                self.talk(&format!("  {ERROR}caused by{ERROR:#}: {}", printable(cause)));
            }
        }
        let advice = failure.advice.as_ref().map(|advice| format!("the template's author says: {advice}"));
        for hint in advice.iter().chain(&failure.hint) {
            self.talk(&format!("{HINT}hint{HINT:#}: {}", printable(hint)));
        }
    }

    /// Nobody reads talk on a closed terminal; that is no reason to fail.
    #[expect(clippy::unused_self, reason = "whoever prints has a printer")]
    fn talk(&self, line: &str) {
        let _ = writeln!(anstream::stderr(), "{line}");
    }
}

/// Text from elsewhere without the control characters that would move a terminal's cursor or change its colours.
pub(crate) fn printable(text: &str) -> String {
    let harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.chars().all(harmless) {
        return text.to_owned();
    }
    text.chars().map(|c| if harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// A version as people read it: the first digits of its digest.
pub(crate) fn short(digest: &Digest) -> &str {
    const SHOWN: usize = 12;
    let digits = digest.digest();
    digits.get(..SHOWN).unwrap_or(digits)
}

/// A size as people read it: `1.5 MB`.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let mut amount = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if amount < 999.5 {
            return if unit == "B" || amount >= 99.5 {
                format!("{amount:.0} {unit}")
            } else {
                format!("{amount:.1} {unit}")
            };
        }
        amount /= 1000.0;
    }
    format!("{amount:.1} TB")
}

/// A duration as people read it: `4.2 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn duration(duration: jiff::SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{:.1} s", duration.as_secs_f64().max(0.0)),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long something is kept, as people type it: `90d`, `36h`, `90s`.
pub(crate) fn span(duration: jiff::SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        _ if seconds > 0 && seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        _ => format!("{duration:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_well() {
        for (bytes, text) in
            [(0, "0 B"), (999, "999 B"), (1_234, "1.2 kB"), (99_960, "100 kB"), (123_456_789, "123 MB")]
        {
            assert_eq!(size(bytes), text);
        }
        for (milliseconds, text) in
            [(40, "0.0 s"), (4_200, "4.2 s"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min")]
        {
            assert_eq!(duration(jiff::SignedDuration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn spans_read_as_they_are_typed() {
        for (hours, text) in [(24 * 90, "90d"), (36, "36h"), (24, "1d")] {
            assert_eq!(span(jiff::SignedDuration::from_hours(hours)), text);
        }
    }

    #[test]
    fn terminal_escapes_of_others_are_not_passed_on() {
        assert_eq!(printable("a\x1b[31mb\rc\td"), "a\u{fffd}[31mb\u{fffd}c\td");
    }
}
