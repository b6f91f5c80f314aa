//! A value of the text that is looked at: where it stands, what its path is, and what lies inside.

use std::borrow::Cow;
use std::ops::Range;

use crate::key_path::{KeyPath, Step};
use crate::keys::snake_case;
use crate::spans::{Node, Spans};

/// A value in its text.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    spans: &'a Spans<'a>,
    node: &'a Node,
    path: KeyPath,
}

impl<'a> Place<'a> {
    /// The outermost value.
    pub(super) fn root(spans: &'a Spans<'a>) -> Self {
        Self { spans, node: spans.root(), path: KeyPath::default() }
    }

    pub(super) fn path(&self) -> &KeyPath {
        &self.path
    }

    /// The bytes of the value.
    pub(super) fn span(&self) -> Range<usize> {
        self.node.span()
    }

    /// The bytes that a finding about the value marks: all of a text or number, the bracket of an object or list.
    pub(super) fn mark(&self) -> Range<usize> {
        let span = self.span();
        if self.is_nested() { span.start..span.start + 1 } else { span }
    }

    /// The value as it is written.
    pub(super) fn written(&self) -> &'a str {
        self.spans.written(self.span())
    }

    /// What a text says.
    pub(super) fn said(&self) -> Option<Cow<'a, str>> {
        self.is_text().then(|| self.spans.said(self.span()))
    }

    pub(super) fn is_object(&self) -> bool {
        self.node.is_object()
    }

    /// Whether something lies inside.
    pub(super) fn is_nested(&self) -> bool {
        self.node.is_object() || self.node.is_list()
    }

    pub(super) fn is_text(&self) -> bool {
        self.written().starts_with('"')
    }

    /// The value of a key of Google's, in whichever spelling it is written.
    pub(super) fn get(&self, key: &'static str) -> Option<Self> {
        self.member(key).or_else(|| self.member(&snake_case(key)))
    }

    /// The value of a key, by its name as it is written.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        self.members().rev().find(|member| member.name() == name).map(|member| member.place())
    }

    /// An item of a list.
    pub(super) fn item(&self, index: usize) -> Option<Self> {
        let node = self.node.items().get(index)?;
        Some(Self { spans: self.spans, node, path: self.path.index(index) })
    }

    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let count = self.node.items().len();
        (0..count).filter_map(|index| self.item(index))
    }

    /// The value itself or, of a list, the first item from an index on that is this text.
    pub(super) fn text(&self, text: &str, from: usize) -> Option<Self> {
        if self.said().is_some_and(|said| said == text) {
            return Some(self.clone());
        }
        let mut items = self.node.items().iter().skip(from);
        let is_text = |item: &Node| {
            self.spans.written(item.span()).starts_with('"') && self.spans.said(item.span()) == text
        };
        self.item(from + items.position(is_text)?)
    }

    /// The keys of an object in the order of the text.
    pub(super) fn members(&self) -> impl DoubleEndedIterator<Item = Member<'a, '_>> {
        self.node.keys().iter().map(|(key, node)| Member { object: self, key, node })
    }

    /// Whether a key may be written twice in an object that lies here: seen quickly, and nearly always seen that none is.
    pub(super) fn may_repeat_keys(&self) -> bool {
        may_repeat_keys(self.node, self.spans)
    }

    /// The value at the end of a path that begins here, or the innermost one on the way that exists.
    pub(super) fn at(&self, path: &KeyPath) -> Self {
        let mut place = self.clone();
        for step in path.steps() {
            let inner = match step {
                Step::Index(index) => place.item(*index),
                Step::Key(name) => place.member(name),
            };
            match inner {
                Some(inner) => place = inner,
                None => break,
            }
        }
        place
    }
}

/// A key of an object, and its value.
#[derive(Debug)]
pub(super) struct Member<'a, 'object> {
    object: &'object Place<'a>,
    key: &'a Range<usize>,
    node: &'a Node,
}

impl<'a> Member<'a, '_> {
    /// What the key says.
    pub(super) fn name(&self) -> Cow<'a, str> {
        self.object.spans.said(self.key.clone())
    }

    /// The bytes of the key, with its quotes.
    pub(super) fn key(&self) -> Range<usize> {
        self.key.clone()
    }

    /// The value as it is written.
    pub(super) fn written(&self) -> &'a str {
        self.object.spans.written(self.node.span())
    }

    /// The path of the value.
    pub(super) fn path(&self) -> KeyPath {
        self.object.path.key(self.name().into_owned())
    }

    pub(super) fn place(&self) -> Place<'a> {
        Place { spans: self.object.spans, node: self.node, path: self.path() }
    }

    /// Whether something lies inside the value.
    pub(super) fn is_nested(&self) -> bool {
        self.node.is_object() || self.node.is_list()
    }
}

fn may_repeat_keys(node: &Node, spans: &Spans<'_>) -> bool {
    /// Keys that are compared with each other one by one.
    const FEW: usize = 20;
    let keys = node.keys();
    let written = |key: &Range<usize>| spans.written(key.clone());
    let repeats = |(index, (key, _)): (usize, &(Range<usize>, Node))| {
        // A key with a backslash is another one than is written.
        written(key).contains('\\')
            || keys
                .iter()
                .skip(index + 1)
                .any(|(later, _)| key.len() == later.len() && written(key) == written(later))
    };
    keys.len() > FEW
        || keys.iter().enumerate().any(repeats)
        || keys.iter().any(|(_, value)| may_repeat_keys(value, spans))
        || node.items().iter().any(|item| may_repeat_keys(item, spans))
}
