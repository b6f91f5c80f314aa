//! The program's two streams, read as lines. A line of any length, and bytes that are no UTF-8, are taken as they come.

use tmpl_bucket::{LogLevel, LogSource};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::mpsc::Sender;

/// A longer line is cut into pieces of this many bytes, so that a program without line ends can't fill the memory.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;

/// A line as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    pub(crate) source: LogSource,
    /// How important it is, where that is known without reading it.
    pub(crate) level: Option<LogLevel>,
    pub(crate) text: String,
}

/// Reads a stream to its end and sends its lines. Waits where they are taken more slowly than they come.
pub(crate) async fn read_lines(stream: impl AsyncRead + Unpin, source: LogSource, lines: Sender<RawLine>) {
    let mut reader = BufReader::with_capacity(LONGEST_LINE, stream);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match (&mut reader).take(LONGEST_LINE as u64).read_until(b'\n', &mut bytes).await {
            // A stream that can't be read any more has ended.
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line).into_owned();
        if lines.send(RawLine { source, level: None, text }).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<String> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(100);
        read_lines(bytes, LogSource::Stdout, sender).await;
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line.text);
        }
        lines
    }

    #[tokio::test]
    async fn lines_of_every_kind_are_read() {
        assert_eq!(lines_of(b"one\ntwo\r\n\nlast without end").await, ["one", "two", "", "last without end"]);
        assert_eq!(lines_of(b"caf\xff\n").await, ["caf\u{fffd}"]);
        let long = vec![b'x'; LONGEST_LINE + 10];
        let pieces = lines_of(&long).await;
        assert_eq!(pieces.iter().map(String::len).collect::<Vec<_>>(), [LONGEST_LINE, 10]);
    }
}
