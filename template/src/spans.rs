//! Where every key and value of a JSON text stands, so that an error of meaning can say its place as exactly as an error of
//! syntax, and a fix can change a text without touching what is beside it.

use std::borrow::Cow;
use std::ops::Range;

use crate::key_path::{KeyPath, Step};
use crate::position::{Lines, Position};

/// The places in a text that is valid JSON.
#[derive(Debug)]
pub(crate) struct Spans<'text> {
    text: &'text str,
    lines: Lines,
    root: Node,
}

/// One value: its bytes and what is inside.
#[derive(Debug)]
pub(crate) struct Node {
    span: Range<usize>,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    Nothing,
    Items(Vec<Node>),
    /// Bytes of each key, with its quotes, and its value.
    Keys(Vec<(Range<usize>, Node)>),
}

impl Node {
    /// The bytes of the value.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The values of a list, none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.inside {
            Inside::Items(items) => items,
            _ => &[],
        }
    }

    /// The keys of an object, each with its quotes, and their values in the order of the text; none of anything else.
    pub(crate) fn keys(&self) -> &[(Range<usize>, Self)] {
        match &self.inside {
            Inside::Keys(keys) => keys,
            _ => &[],
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.inside, Inside::Keys(_))
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.inside, Inside::Items(_))
    }
}

impl<'text> Spans<'text> {
    /// Indexes a text that a JSON parser has accepted; what it would have refused gets some place or other.
    pub(crate) fn new(text: &'text str) -> Self {
        let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
        let root = scanner.value();
        Self { text, lines: Lines::new(text), root }
    }

    /// The place of a byte.
    pub(crate) fn position(&self, offset: usize) -> Position {
        self.lines.position(self.text, offset)
    }

    /// The bytes of the value at the end of a path, or of the innermost value on the way that exists.
    pub(crate) fn value(&self, path: &KeyPath) -> Range<usize> {
        let mut node = &self.root;
        for step in path.steps() {
            match self.child(node, step) {
                Some(inner) => node = inner,
                None => break,
            }
        }
        node.span.clone()
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// What stands at some bytes of the text.
    pub(crate) fn written(&self, span: Range<usize>) -> &'text str {
        self.text.get(span).unwrap_or_default()
    }

    /// What a key or text says, without quotes and escapes.
    pub(crate) fn said(&self, span: Range<usize>) -> Cow<'text, str> {
        let written = self.written(span);
        if written.contains('\\') {
            Cow::Owned(serde_json::from_str(written).unwrap_or_default())
        } else {
            let inside = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            Cow::Borrowed(inside.unwrap_or(written))
        }
    }

    /// A value one step inside another; of keys given twice the last, which is the one that counts.
    fn child<'node>(&self, node: &'node Node, step: &Step) -> Option<&'node Node> {
        match step {
            Step::Index(index) => node.items().get(*index),
            Step::Key(name) => {
                let mut keys = node.keys().iter().rev();
                keys.find(|(key, _)| self.said(key.clone()) == **name).map(|(_, value)| value)
            }
        }
    }
}

/// Goes over valid JSON and notes where values begin and end. The depth is bounded by the parser that came before.
struct Scanner<'text> {
    bytes: &'text [u8],
    at: usize,
}

impl Scanner<'_> {
    fn value(&mut self) -> Node {
        self.blanks();
        let start = self.at;
        let inside = match self.bytes.get(self.at) {
            Some(b'{') => Inside::Keys(self.keys()),
            Some(b'[') => Inside::Items(self.items()),
            Some(b'"') => {
                self.string();
                Inside::Nothing
            }
            _ => {
                self.skip(|byte| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'));
                Inside::Nothing
            }
        };
        Node { span: start..self.at, inside }
    }

    fn items(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        self.at += 1;
        while self.goes_on(b']') {
            let before = self.at;
            items.push(self.value());
            // A text that is no JSON must not keep this loop for ever.
            if self.at == before {
                break;
            }
        }
        items
    }

    fn keys(&mut self) -> Vec<(Range<usize>, Node)> {
        // Most objects are parameters, and have about as many keys.
        let mut keys = Vec::with_capacity(8);
        self.at += 1;
        while self.goes_on(b'}') {
            let start = self.at;
            self.string();
            let key = start..self.at;
            self.blanks();
            if self.bytes.get(self.at) == Some(&b':') {
                self.at += 1;
            }
            let value = self.value();
            if self.at == start {
                break;
            }
            keys.push((key, value));
        }
        keys
    }

    /// Whether another member comes before the closing bracket, which is passed over.
    fn goes_on(&mut self, close: u8) -> bool {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b','));
        match self.bytes.get(self.at) {
            None => false,
            Some(byte) if *byte == close => {
                self.at += 1;
                false
            }
            Some(_) => true,
        }
    }

    fn string(&mut self) {
        if self.bytes.get(self.at) != Some(&b'"') {
            return;
        }
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return;
            };
            self.at += found;
            if self.bytes.get(self.at) == Some(&b'"') {
                self.at += 1;
                return;
            }
            self.at += 2;
        }
    }

    fn blanks(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|&byte| is_skipped(byte)) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a\": [1, \"ä\\\"\", {\"b\\u0063\": true}],\r\n  \"x\": 1,\n  \"x\": 22\n}";

    fn path(steps: &[Step]) -> KeyPath {
        steps.iter().cloned().collect()
    }

    fn key(name: &str) -> Step {
        Step::Key(name.to_owned().into())
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let spans = Spans::new(TEXT);
        for (steps, value, line, column) in [
            (vec![key("a"), Step::Index(1)], "\"ä\\\"\"", 2, 12),
            (vec![key("a"), Step::Index(2), key("bc")], "true", 2, 31),
            (vec![key("a"), Step::Index(2), key("missing")], "{\"b\\u0063\": true}", 2, 19),
            (vec![key("x")], "22", 4, 8),
            (vec![], TEXT, 1, 1),
        ] {
            let span = spans.value(&path(&steps));
            assert_eq!(&TEXT[span.clone()], value);
            assert_eq!(spans.position(span.start), Position { line, column });
        }
        assert_eq!(Spans::new("\n []").value(&path(&[])), 2..4);
    }

    #[test]
    fn keys_stand_in_the_order_of_the_text() {
        let spans = Spans::new(TEXT);
        let keys = |node: &Node| -> Vec<(String, String)> {
            let keys = node.keys().iter();
            keys.map(|(key, value)| {
                (spans.said(key.clone()).into_owned(), spans.written(value.span()).to_owned())
            })
            .collect()
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(keys(spans.root())[1..], [pair("x", "1"), pair("x", "22")]);
        let list = &spans.root().keys()[0].1;
        assert!(list.is_list() && keys(list).is_empty());
        assert_eq!(spans.said(list.items()[1].span()), "ä\"");
        assert_eq!(keys(&list.items()[2]), [pair("bc", "true")]);
        assert!(list.items()[2].is_object());
    }

    #[test]
    fn what_is_no_json_ends_too() {
        for text in
            ["", "{", "[", "{\"", "[}", "{]", "{a:1}", "[[[", "{\"a\"", "\"\\", "]", "{,,", "[\u{feff}]"]
        {
            let spans = Spans::new(text);
            assert!(spans.value(&path(&[key("a")])).end <= text.len() + 1, "{text}");
        }
    }
}
