//! Bytes of a log, as they come, into lines.

use super::line::ShownLine;

/// Of a longer record the beginning is kept: a text of 64 KiB fits into it, however it is written.
const LONGEST_RECORD: usize = 512 * 1024;

/// Takes bytes in order, and gives whole lines.
#[derive(Debug)]
pub(super) struct Splitter {
    /// Where the next byte lies.
    next: u64,
    /// The beginning of a line whose end has not come yet, and where it lies.
    begun: Vec<u8>,
    at: u64,
    /// The bytes before the first line's beginning are not of interest: somebody asked from the middle of a line.
    skipping: bool,
}

impl Splitter {
    /// Of bytes from an offset on. Unless it is 0 the first byte that it is given must be the one before the offset.
    pub(super) fn from(offset: u64) -> Self {
        let skipping = offset > 0;
        let next = if skipping { offset - 1 } else { 0 };
        Self { next, begun: Vec::new(), at: next, skipping }
    }

    /// Of bytes from a line's beginning on.
    pub(super) fn from_line(offset: u64) -> Self {
        Self { next: offset, begun: Vec::new(), at: offset, skipping: false }
    }

    /// Which byte it wants next.
    pub(super) fn wants(&self) -> u64 {
        self.next
    }

    /// Where the line begins that has not ended yet: everything before was given.
    pub(super) fn given(&self) -> u64 {
        if self.skipping { self.next } else { self.at }
    }

    /// Takes bytes, and gives the lines that ended in them, each with the offset after its end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<(ShownLine, u64)> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.next += part.len() as u64;
            let content = part.strip_suffix(b"\n");
            if !self.skipping {
                let room = LONGEST_RECORD + 1 - self.begun.len();
                let content = content.unwrap_or(part);
                self.begun.extend_from_slice(&content[..content.len().min(room)]);
            }
            if content.is_some() {
                if !self.skipping && !self.begun.is_empty() {
                    let whole = self.begun.len() <= LONGEST_RECORD;
                    lines.push((ShownLine::new(self.at, &self.begun, whole), self.next));
                }
                self.begun.clear();
                self.skipping = false;
                self.at = self.next;
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: Vec<(ShownLine, u64)>) -> Vec<(u64, String, u64)> {
        lines.into_iter().map(|(line, end)| (line.at, line.text, end)).collect()
    }

    #[test]
    fn lines_come_whole_however_bytes_are_cut() {
        let bytes = b"one\ntwo\n\nfour\nfi";
        let all = vec![(0, "one".to_owned(), 4), (4, "two".to_owned(), 8), (9, "four".to_owned(), 14)];
        for cut in 0..=bytes.len() {
            let mut splitter = Splitter::from(0);
            let mut lines = splitter.take(&bytes[..cut]);
            lines.extend(splitter.take(&bytes[cut..]));
            assert_eq!(texts(lines), all, "{cut}");
            assert_eq!((splitter.wants(), splitter.given()), (16, 14));
        }
    }

    #[test]
    fn whoever_asks_from_the_middle_begins_with_the_next_line() {
        let bytes = b"one\ntwo\nthree\n";
        for (from, first) in [(0, "one"), (4, "two"), (5, "three"), (7, "three"), (8, "three")] {
            let mut splitter = Splitter::from(from);
            let at = usize::try_from(splitter.wants()).unwrap();
            assert_eq!(texts(splitter.take(&bytes[at..]))[0].1, first, "{from}");
        }
        assert!(Splitter::from(14).take(b"\n").is_empty());
    }

    #[test]
    fn a_line_without_an_end_does_not_fill_the_memory() {
        let mut splitter = Splitter::from(0);
        for _ in 0..100 {
            assert!(splitter.take(&vec![b'x'; 100_000]).is_empty());
            assert!(splitter.begun.len() <= LONGEST_RECORD + 1);
        }
        let lines = splitter.take(b"\nnext\n");
        assert!(lines[0].0.cut && lines[0].1 == 10_000_001 && lines[0].0.text.len() <= 64 * 1024);
        assert_eq!((lines[1].0.text.as_str(), lines[1].0.cut), ("next", false));
    }
}
