//! An upload that a registry has begun: where it goes on, and in what parts.

use reqwest::header::{HeaderMap, HeaderValue};
use url::Url;

use super::origin;

/// GitHub's registry refuses longer parts, and does not say so.
const GITHUB_CHUNK: u64 = 4 * 1024 * 1024;

/// In what parts a registry gets blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parts {
    /// As the options say.
    Usual,
    /// In parts of at most so many bytes, each over a connection of its own: connections break, and the registry forgets an
    /// upload whose connection broke (docker-registry 2 does).
    Small(u64),
    /// Not in parts: it refuses them.
    None,
}

/// A part is not made smaller than this.
const SMALLEST: u64 = 256 * 1024;

impl Parts {
    /// Parts that get through where a request broke after so many bytes. Some of them may never have left this machine.
    pub(super) fn small(sent: u64) -> Self {
        Self::Small((sent / 4).max(SMALLEST))
    }
}

/// An upload as a registry has it.
pub(super) struct Session {
    /// Where the next request goes. Its query may be a signature: it is sent as it came, and never told.
    pub(super) url: Url,
    /// How many bytes the registry has.
    pub(super) kept: u64,
    pub(super) limits: ChunkLimits,
    /// The blob is sent in parts.
    pub(super) chunked: bool,
}

/// The bytes of a part that a registry takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkLimits {
    least: u64,
    most: u64,
}

impl ChunkLimits {
    /// The limits that the answer to an opened upload names, or that are known of the registry.
    pub(super) fn of(registry: &str, headers: &HeaderMap) -> Self {
        let limit = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok()?;
            (value > 0).then_some(value)
        };
        let known = if registry == "ghcr.io" { GITHUB_CHUNK } else { u64::MAX };
        let most = limit("oci-chunk-max-length").unwrap_or(u64::MAX).min(known);
        Self { least: limit("oci-chunk-min-length").unwrap_or(1), most }
    }

    /// The length of a part that is wanted to be so long. The least counts before the most.
    pub(super) fn chunk(self, wanted: u64) -> u64 {
        wanted.min(self.most).max(self.least)
    }
}

/// Where an upload goes on.
pub(super) fn next(request: &Url, location: &HeaderValue) -> Result<Url, &'static str> {
    let location = location.to_str().map_err(|_| "its `Location` is no address")?;
    origin::follow(request, location)
}

/// How many bytes a registry has, from the header `Range`. An empty upload and one of a single byte look the same; the
/// byte is sent again.
pub(super) fn kept(range: Option<&HeaderValue>) -> Option<u64> {
    let text = range?.to_str().ok()?.trim();
    let (start, end) = text.strip_prefix("bytes=").unwrap_or(text).split_once('-')?;
    match (start, end.parse::<u64>().ok()?) {
        ("0", 0) => Some(0),
        ("0", end) => end.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read() {
        for (range, expected) in [
            ("0-0", Some(0)),
            ("0-1", Some(2)),
            ("0-5242879", Some(5_242_880)),
            ("bytes=0-9", Some(10)),
            ("5-9", None),
            ("0-18446744073709551615", None),
            ("0-", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(kept(Some(&HeaderValue::from_str(range).unwrap())), expected, "{range}");
        }
        assert_eq!(kept(None), None);
    }

    #[test]
    fn parts_are_as_long_as_the_registry_takes_them() {
        for (registry, least, most, wanted, expected) in [
            ("r.io", None, None, 64, 64),
            ("r.io", Some("100"), None, 64, 100),
            ("r.io", None, Some("10"), 64, 10),
            ("r.io", Some("20"), Some("10"), 64, 20),
            ("r.io", Some("0"), Some("0"), 64, 64),
            ("r.io", Some("many"), Some("-1"), 64, 64),
            ("ghcr.io", None, None, 64 << 20, 4 << 20),
            ("ghcr.io", None, Some("1000"), 64 << 20, 1000),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("oci-chunk-min-length", least), ("oci-chunk-max-length", most)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(ChunkLimits::of(registry, &headers).chunk(wanted), expected, "{least:?} {most:?}");
        }
    }
}
