//! What may go wrong on the way, and which request it happens to.

/// What may happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The answer is this status (500, 503, 429), with an error of S3 as the body. The server never sees the request.
    Status(u16),
    /// The connection is reset before the server sees anything of the request.
    ResetBeforeRequest,
    /// The connection is reset in the middle of the request's body, and so is the one to the server.
    ResetInRequestBody,
    /// The connection is reset in the middle of the answer's body.
    ResetInResponseBody,
    /// The connection is closed in order in the middle of the answer's body.
    TruncateResponse,
    /// The answer is held for so many seconds, and then passed on.
    StallSeconds(u64),
    /// The server does what it was asked, and the client gets a reset in place of the answer.
    LostAnswer,
    /// The server gets the request twice, and the client the second answer. The request's body is held in memory.
    RepeatedRequest,
    /// The answer is this status with S3's error `ExpiredToken`: AWS says 400, other stores 403.
    ExpiredCredentials(u16),
}

impl Fault {
    /// Whether it can happen to a request: what has no body is not cut in it, and only the answer of a `GET` has one that
    /// matters.
    pub(super) fn concerns(self, method: &hyper::Method, has_body: bool) -> bool {
        match self {
            Self::ResetInRequestBody => has_body,
            Self::ResetInResponseBody | Self::TruncateResponse => method == hyper::Method::GET,
            _ => true,
        }
    }
}

/// How often which faults happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// The part of the requests that meet a fault: 0.0 none, 1.0 all.
    pub rate: f64,
    /// The kinds, equally often among those that can happen to the request.
    pub kinds: Vec<Fault>,
    /// What the choice is made from.
    pub seed: u64,
}

/// Decides, request by request.
#[derive(Debug)]
pub(super) struct Dice {
    faults: Faults,
    state: u64,
}

impl Dice {
    pub(super) fn new(faults: Faults) -> Self {
        let state = faults.seed;
        Self { faults, state }
    }

    /// The fault of the next request. Each takes two throws, whatever comes of them, so that one request's nature does not
    /// change what the others meet.
    pub(super) fn throw(&mut self, method: &hyper::Method, has_body: bool) -> Option<Fault> {
        let (chance, choice) = (self.next(), self.next());
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let chance = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        if chance >= self.faults.rate {
            return None;
        }
        let kinds: Vec<Fault> =
            self.faults.kinds.iter().copied().filter(|kind| kind.concerns(method, has_body)).collect();
        let count = u64::try_from(kinds.len()).ok()?;
        let index = choice.checked_rem(count)?;
        kinds.get(usize::try_from(index).ok()?).copied()
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::*;

    fn throws(seed: u64, count: usize) -> Vec<Option<Fault>> {
        let kinds = vec![Fault::LostAnswer, Fault::ResetInRequestBody, Fault::TruncateResponse];
        let mut dice = Dice::new(Faults { rate: 0.3, kinds, seed });
        (0..count).map(|_| dice.throw(&Method::GET, false)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        assert_eq!(throws(7, 200), throws(7, 200));
        assert_ne!(throws(7, 200), throws(8, 200));
    }

    #[test]
    fn the_rate_is_kept_and_only_what_can_happen_happens() {
        let faults = throws(1, 10_000);
        let count = |fault| faults.iter().filter(|other| **other == fault).count();
        assert!((6800..7200).contains(&count(None)), "{}", count(None));
        assert!((1350..1650).contains(&count(Some(Fault::LostAnswer))));
        assert_eq!(count(Some(Fault::ResetInRequestBody)), 0, "a GET has no body");
    }
}
