//! The index of a bucket in which very many jobs have ended.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use tmpl_template::JobId;

/// The entries of jobs that ended, one after each pause, the newest last.
pub(crate) fn entries(count: usize, pause: SignedDuration) -> impl Iterator<Item = String> {
    let begin: Timestamp = "2022-01-01T00:00:00Z".parse().unwrap();
    let times = std::iter::successors(Some(begin), move |time| Some(*time + pause));
    times.take(count).zip(0..).map(|(time, number)| {
        let id = JobId::new(time, number);
        let inverted = id.as_str().chars().fold(String::new(), |mut text, c| {
            let _ = match c.to_digit(10) {
                Some(digit) => write!(text, "{}", 9 - digit),
                None => write!(text, "{c}"),
            };
            text
        });
        format!("staging/index/{}.done,wordcount,nightly,ann,61000", inverted.replacen('_', "/", 1))
    })
}
