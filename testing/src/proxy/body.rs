//! Bodies on their way: counted, cut, held up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Frame, Incoming};

use super::Shared;
use super::record::Entry;

/// Why a body, or an answer, does not come.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;
/// A body on its way.
pub(super) type Passed = UnsyncBoxBody<Bytes, Error>;

const BEFORE_A_CUT: Duration = Duration::from_millis(20);

/// Which of a request's two bodies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Request,
    Response,
}

/// What happens in the middle of a body.
pub(super) struct Cut {
    /// How many bytes are passed on before.
    pub(super) after: u64,
    /// What is done to the connection then.
    pub(super) then: Box<dyn FnOnce() + Send>,
}

/// A body that is whole.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Passed {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

struct Way {
    body: Incoming,
    entry: Arc<Entry>,
    side: Side,
    shared: Arc<Shared>,
    left: Option<u64>,
    cut: Option<Cut>,
}

/// Passes a body on, frame by frame.
pub(super) fn pass(
    body: Incoming,
    shared: &Arc<Shared>,
    entry: &Arc<Entry>,
    side: Side,
    cut: Option<Cut>,
) -> Passed {
    if body.is_end_stream() {
        return whole(Bytes::new());
    }
    let left = cut.as_ref().map(|cut| cut.after);
    let way = Way { body, entry: Arc::clone(entry), side, shared: Arc::clone(shared), left, cut };
    let frames = stream::unfold(Some(way), async |way| {
        let mut way = way?;
        match way.next().await {
            Ok(Some(frame)) => Some((Ok(frame), Some(way))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Reads a body to its end, and counts it.
pub(super) async fn read(
    body: Incoming,
    shared: &Arc<Shared>,
    entry: &Arc<Entry>,
    side: Side,
) -> Result<Bytes, Error> {
    Ok(pass(body, shared, entry, side, None).collect().await?.to_bytes())
}

impl Way {
    async fn next(&mut self) -> Result<Option<Frame<Bytes>>, Error> {
        if self.left == Some(0) {
            // What was passed on is sent before the connection breaks.
            tokio::time::sleep(BEFORE_A_CUT).await;
            return Err(self.cut());
        }
        let frame = self.body.frame().await.transpose()?;
        self.shared.unblocked().await;
        let Some(frame) = frame else {
            // Shorter than it was said to be: the cut is at its end.
            return if self.cut.is_some() { Err(self.cut()) } else { Ok(None) };
        };
        let Ok(mut data) = frame.into_data() else {
            return Ok(Some(Frame::data(Bytes::new())));
        };
        if let Some(left) = &mut self.left {
            data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= data.len() as u64;
        }
        self.counter().fetch_add(data.len() as u64, Ordering::SeqCst);
        Ok(Some(Frame::data(data)))
    }

    fn cut(&mut self) -> Error {
        if let Some(cut) = self.cut.take() {
            (cut.then)();
        }
        "cut by a fault".into()
    }

    fn counter(&self) -> &AtomicU64 {
        match self.side {
            Side::Request => &self.entry.request_bytes,
            Side::Response => &self.entry.response_bytes,
        }
    }
}
