//! The newest part of a job's log, kept for all who read it: each takes from it what comes after what they have.

use std::collections::VecDeque;

use bytes::Bytes;

use super::news::Lines;
use super::position::Position;

/// How many bytes of events are kept. Whoever is further behind reads the bucket.
const LARGEST: usize = 4 * 1024 * 1024;

/// Events of an attempt's log without a gap between them, up to what was read last.
#[derive(Debug)]
pub(super) struct Tail {
    /// Where what is kept begins and ends.
    start: Position,
    end: Position,
    events: VecDeque<Lines>,
    size: usize,
}

/// What comes after a position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This; from then on the position is that of its end.
    Event(Bytes, Position),
    /// What is not kept any more: up to here it is in the bucket.
    InBucket(Position),
    /// Nothing yet.
    Nothing,
}

impl Tail {
    /// A tail that begins there.
    pub(super) fn from(start: Position) -> Self {
        Self { start, end: start, events: VecDeque::new(), size: 0 }
    }

    /// What was read last ends here.
    pub(super) fn end(&self) -> Position {
        self.end
    }

    /// Keeps what was read next.
    pub(super) fn push(&mut self, lines: Lines) {
        self.end.offset = lines.end;
        self.size += lines.event.len();
        self.events.push_back(lines);
        while self.size > LARGEST
            && let Some(oldest) = self.events.pop_front()
        {
            self.size -= oldest.event.len();
            self.start.offset = oldest.end;
        }
    }

    /// What comes after a position. An event that begins before it is read from the bucket up to its end.
    pub(super) fn after(&self, position: Position) -> Next {
        if position >= self.end {
            return Next::Nothing;
        }
        if position < self.start {
            return Next::InBucket(self.start);
        }
        let at = self.events.partition_point(|lines| lines.end <= position.offset);
        match self.events.get(at) {
            Some(lines) => {
                let end = Position { attempt: lines.attempt, offset: lines.end };
                if position.offset <= lines.start {
                    Next::Event(lines.event.clone(), end)
                } else {
                    Next::InBucket(end)
                }
            }
            None => Next::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(start: u64, end: u64, size: usize) -> Lines {
        Lines { attempt: 1, start, end, event: Bytes::from(vec![b'x'; size]) }
    }

    fn at(offset: u64) -> Position {
        Position { attempt: 1, offset }
    }

    #[test]
    fn everybody_gets_what_comes_after_what_they_have() {
        let mut tail = Tail::from(at(100));
        assert_eq!(tail.after(at(100)), Next::Nothing);
        tail.push(lines(100, 200, 1));
        tail.push(lines(200, 300, 2));
        // Between two events there may be empty lines.
        tail.push(lines(310, 400, 3));
        let event = |size, end| Next::Event(Bytes::from(vec![b'x'; size]), at(end));
        for (position, next) in [
            (0, Next::InBucket(at(100))),
            (100, event(1, 200)),
            (150, Next::InBucket(at(200))),
            (200, event(2, 300)),
            (300, event(3, 400)),
            (400, Next::Nothing),
            (999, Next::Nothing),
        ] {
            assert_eq!(tail.after(at(position)), next, "{position}");
        }
        assert_eq!(tail.after(Position { attempt: 2, offset: 0 }), Next::Nothing);
    }

    #[test]
    fn what_is_old_is_let_go() {
        let mut tail = Tail::from(at(0));
        for n in 0..100 {
            tail.push(lines(n * 10, n * 10 + 10, 100_000));
        }
        assert!(tail.size <= LARGEST && tail.end() == at(1000));
        let Next::InBucket(kept) = tail.after(at(0)) else { panic!("all is kept") };
        assert!(kept > at(500) && matches!(tail.after(kept), Next::Event(..)));
    }
}
