//! What a container has written: two streams in frames of one, each frame behind eight bytes.

/// Joins the frames of an engine's answer: stream, three zeros, the length in four bytes, the bytes.
///
/// A container with a terminal has no frames; ours have none. What does not look like a frame is taken as it is.
pub(super) fn text(mut bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len());
    while let Some((head, rest)) = bytes.split_first_chunk::<8>() {
        let [0..=2, 0, 0, 0, length @ ..] = *head else { break };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX).min(rest.len());
        let (frame, after) = rest.split_at(length);
        text.extend_from_slice(frame);
        bytes = after;
    }
    text.extend_from_slice(bytes);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_in_their_order() {
        let frame = |stream: u8, bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            [&[stream, 0, 0, 0][..], &length, bytes].concat()
        };
        for (bytes, expected) in [
            (Vec::new(), ""),
            ([frame(1, b"out\n"), frame(2, b"err\n"), frame(1, b"")].concat(), "out\nerr\n"),
            // The engine was cut off in the middle.
            ([frame(1, b"whole\n"), frame(2, b"abcdef")[..11].to_vec()].concat(), "whole\nabc"),
            (b"a terminal's words".to_vec(), "a terminal's words"),
            (vec![1, 0], "\u{1}\0"),
            (frame(2, b"\xff"), "\u{fffd}"),
        ] {
            assert_eq!(text(&bytes), expected);
        }
    }
}
