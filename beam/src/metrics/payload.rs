//! The forms in which Beam writes figures: numbers of variable length, doubles, lists of texts, tries.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;

/// The bits of one byte of a number that count.
const SEVEN_BITS: u64 = 0x7f;
/// The length of a list that is not known.
const UNKNOWN_LENGTH: i32 = -1;
/// A trie's paths are shown as far as this many.
const MOST_PATHS: usize = 1_000;

/// Reads a payload from its beginning to its end.
pub(super) struct Payload<'a> {
    rest: &'a [u8],
}

/// The payload does not have the form that its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("the value is cut off")]
    CutOff,
    #[error("a number has more than 64 bits")]
    TooLarge,
    #[error("a text is not UTF-8")]
    NoText,
    #[error("there are bytes behind the value")]
    TooLong,
    #[error("a count is negative")]
    Negative,
    #[error("it is no trie")]
    NoTrie,
}

impl<'a> Payload<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Beam's `varint`: seven bits a byte, the least first, negative numbers as 64 bits.
    pub(super) fn varint(&mut self) -> Result<i64, Broken> {
        let mut number = 0_u64;
        for shift in (0..).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Broken::CutOff)?;
            self.rest = rest;
            let bits = u64::from(*byte) & SEVEN_BITS;
            if shift > 63 || (shift == 63 && bits > 1) {
                return Err(Broken::TooLarge);
            }
            number |= bits << shift;
            if u64::from(*byte) <= SEVEN_BITS {
                break;
            }
        }
        Ok(number.cast_signed())
    }

    /// Beam's `double`: eight bytes, the most significant first.
    pub(super) fn double(&mut self) -> Result<f64, Broken> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// Beam's `iterable` of texts: how many as four bytes, and they; or -1 and any number of smaller lists, the last of them empty.
    pub(super) fn texts(&mut self) -> Result<BTreeSet<String>, Broken> {
        let mut texts = BTreeSet::new();
        let length = i32::from_be_bytes(self.array()?);
        if length != UNKNOWN_LENGTH {
            let length = u32::try_from(length).map_err(|_| Broken::Negative)?;
            for _ in 0..length {
                texts.insert(self.text()?);
            }
            return Ok(texts);
        }
        loop {
            let length = u64::try_from(self.varint()?).map_err(|_| Broken::Negative)?;
            if length == 0 {
                return Ok(texts);
            }
            for _ in 0..length {
                texts.insert(self.text()?);
            }
        }
    }

    fn text(&mut self) -> Result<String, Broken> {
        let length = usize::try_from(self.varint()?).map_err(|_| Broken::Negative)?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(Broken::CutOff)?;
        self.rest = rest;
        Ok(std::str::from_utf8(text).map_err(|_| Broken::NoText)?.to_owned())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Broken::CutOff)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// That nothing is left.
    pub(super) fn end(self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err(Broken::TooLong) }
    }
}

/// `BoundedTrie`: one path, or a tree of them.
#[derive(Clone, PartialEq, Message)]
struct Trie {
    #[prost(message, optional, tag = "2")]
    root: Option<TrieNode>,
    #[prost(string, repeated, tag = "3")]
    singleton: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct TrieNode {
    #[prost(bool, tag = "1")]
    truncated: bool,
    #[prost(btree_map = "string, message", tag = "2")]
    children: BTreeMap<String, Self>,
}

/// The paths of a trie, their parts joined. One that ends with `*` stands for all that begin so.
pub(super) fn trie_paths(payload: &Bytes) -> Result<BTreeSet<String>, Broken> {
    let trie = Trie::decode(payload.clone()).map_err(|_| Broken::NoTrie)?;
    let mut paths = BTreeSet::new();
    if !trie.singleton.is_empty() {
        paths.insert(trie.singleton.concat());
    }
    if let Some(root) = &trie.root {
        // No deeper than prost reads: a hundred.
        walk(root, &mut String::new(), &mut paths);
    }
    Ok(paths)
}

fn walk(node: &TrieNode, path: &mut String, paths: &mut BTreeSet<String>) {
    if paths.len() >= MOST_PATHS {
        paths.insert("*".to_owned());
        return;
    }
    if node.truncated {
        paths.insert(format!("{path}*"));
    } else if node.children.is_empty() && !path.is_empty() {
        paths.insert(path.clone());
    }
    for (part, child) in &node.children {
        let length = path.len();
        path.push_str(part);
        walk(child, path, paths);
        path.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(hex: &str) -> Result<i64, Broken> {
        let bytes = hex::decode(hex).unwrap();
        let mut payload = Payload::new(&bytes);
        let number = payload.varint()?;
        payload.end().map(|()| number)
    }

    #[test]
    fn numbers_of_variable_length_are_read_as_beam_writes_them() {
        // As Beam 2.77's VarIntCoder encodes them.
        for (hex, number) in [
            ("00", 0),
            ("01", 1),
            ("7f", 127),
            ("8001", 128),
            ("ac02", 300),
            ("8080808008", 1 << 31),
            ("ffffffffffffffff7f", i64::MAX),
            ("ffffffffffffffffff01", -1),
            ("80808080808080808001", i64::MIN),
        ] {
            assert_eq!(varint(hex), Ok(number), "{hex}");
        }
        for (hex, broken) in [
            ("", Broken::CutOff),
            ("80", Broken::CutOff),
            ("0000", Broken::TooLong),
            ("ffffffffffffffffff02", Broken::TooLarge),
            ("ffffffffffffffffffff01", Broken::TooLarge),
            ("8080808080808080808080808000", Broken::TooLarge),
        ] {
            assert_eq!(varint(hex), Err(broken), "{hex}");
        }
    }

    #[test]
    fn lists_of_texts_are_read_with_and_without_their_length() {
        let read = |hex: &str| {
            let bytes = hex::decode(hex).unwrap();
            let mut payload = Payload::new(&bytes);
            let texts = payload.texts()?;
            payload.end().map(|()| texts.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(read("00000002016102c3a4"), Ok(vec!["a".to_owned(), "ä".to_owned()]));
        assert_eq!(read("00000000"), Ok(Vec::new()));
        assert_eq!(read("ffffffff020161016200"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        for (hex, broken) in [
            ("0000", Broken::CutOff),
            // Four thousand million texts are said to follow, and none does.
            ("7fffffff", Broken::CutOff),
            ("00000001ff", Broken::CutOff),
            ("00000001ffffffffffffffffff01", Broken::Negative),
            ("0000000101ff", Broken::NoText),
            ("fffffffe", Broken::Negative),
            ("ffffffff01", Broken::CutOff),
            ("ffffffffffffffffffffffffff01", Broken::Negative),
        ] {
            assert_eq!(read(hex), Err(broken), "{hex}");
        }
    }

    #[test]
    fn a_tries_paths_are_texts() {
        let read = |hex: &str| {
            trie_paths(&hex::decode(hex).unwrap().into())
                .map(|paths| paths.into_iter().collect::<Vec<_>>().join(" "))
        };
        // Two files and a table; one path alone; more than the trie may hold.
        let three = "08641244121e0a0362713a121712150a02702e120f120d0a02642e120712050a0174120012220a0367733a121b12190a0762\
                     75636b65742f120e12050a0161120012050a01621200";
        assert_eq!(read(three).unwrap(), "bq:p.d.t gs:bucket/a gs:bucket/b");
        assert_eq!(read("08641a0367733a1a036f6e65").unwrap(), "gs:one");
        assert_eq!(read("0802121312110a0367733a120a12080a02622f12020801").unwrap(), "gs:b/*");
        assert_eq!(read("").unwrap(), "");
        assert_eq!(read("ff"), Err(Broken::NoTrie));
    }
}
