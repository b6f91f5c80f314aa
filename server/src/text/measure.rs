//! The words of lengths of time and of sizes. The script has those of lengths once more.

/// Units of sizes, each a thousand of the one before.
pub(crate) const SIZES: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];

/// A length of time: its two largest units.
pub(crate) fn length(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, 0) => "under a second".to_owned(),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, 0) => format!("{minutes} min"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// A size of less than a thousand bytes.
pub(crate) fn bytes(count: u64) -> String {
    format!("{count} B")
}
