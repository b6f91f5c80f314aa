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
struct Node {
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
                Some((_, inner)) => node = inner,
                None => break,
            }
        }
        node.span.clone()
    }

    /// The bytes of the last key of a path, with its quotes; nothing if the path ends in an index or doesn't exist.
    pub(crate) fn key(&self, path: &KeyPath) -> Option<Range<usize>> {
        let mut node = &self.root;
        let mut found = None;
        for step in path.steps() {
            let (key, inner) = self.child(node, step)?;
            found = key;
            node = inner;
        }
        found
    }

    /// The keys of the object at the end of a path that are written more than once: each earlier place.
    pub(crate) fn repeated_keys(&self) -> Vec<(String, Range<usize>)> {
        let mut repeated = Vec::new();
        self.find_repeated(&self.root, &mut repeated);
        repeated
    }

    fn find_repeated(&self, node: &Node, repeated: &mut Vec<(String, Range<usize>)>) {
        match &node.inside {
            Inside::Nothing => {}
            Inside::Items(items) => items.iter().for_each(|item| self.find_repeated(item, repeated)),
            Inside::Keys(keys) => {
                let mut seen = std::collections::HashSet::new();
                for (key, value) in keys.iter().rev() {
                    let name = self.name(key);
                    if seen.contains(&name) {
                        repeated.push((name.into_owned(), key.clone()));
                    } else {
                        seen.insert(name);
                    }
                    self.find_repeated(value, repeated);
                }
            }
        }
    }

    /// A value one step inside another, and its key; of keys given twice the last, which is the one that counts.
    fn child<'node>(&self, node: &'node Node, step: &Step) -> Option<(Option<Range<usize>>, &'node Node)> {
        match (step, &node.inside) {
            (Step::Index(index), Inside::Items(items)) => items.get(*index).map(|item| (None, item)),
            (Step::Key(name), Inside::Keys(keys)) => keys
                .iter()
                .rev()
                .find(|(key, _)| self.name(key) == **name)
                .map(|(key, value)| (Some(key.clone()), value)),
            _ => None,
        }
    }

    /// What a key says, without quotes and escapes.
    fn name(&self, key: &Range<usize>) -> Cow<'text, str> {
        let written = self.text.get(key.clone()).unwrap_or_default();
        if written.contains('\\') {
            Cow::Owned(serde_json::from_str(written).unwrap_or_default())
        } else {
            Cow::Borrowed(written.trim_matches('"'))
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
        let mut keys = Vec::new();
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
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => 2,
                _ => 1,
            };
        }
        self.at = self.bytes.len();
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
    fn keys_are_found_where_they_stand() {
        let spans = Spans::new(TEXT);
        let written = |steps: &[Step]| spans.key(&path(steps)).map(|span| &TEXT[span]);
        assert_eq!(written(&[key("a"), Step::Index(2), key("bc")]), Some("\"b\\u0063\""));
        assert_eq!(written(&[key("a"), Step::Index(2)]), None);
        assert_eq!(written(&[key("b")]), None);
        let repeated = spans.repeated_keys();
        assert_eq!(repeated.len(), 1);
        assert_eq!((repeated[0].0.as_str(), spans.position(repeated[0].1.start).line), ("x", 3));
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
