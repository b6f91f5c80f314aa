//! Reading a JSON object key by key, as tolerantly as Google does and no more, and keeping what nobody asked for.
//!
//! Derived deserialisation would stop at the first difference in spelling and could say neither the key's path nor
//! its place; here every key is taken out by name, and what is left over is kept.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::key_path::Step;
use crate::keys::{Kind, PARAMETER_TYPES, Table};
use crate::reader::{Dialect, Reader};

/// Keys of Google's that were written in the other spelling, `is_optional` for `isOptional`: by the name, as written.
pub(crate) type Spelling = BTreeMap<&'static str, String>;

/// A JSON object whose keys are being taken out.
#[derive(Debug)]
pub(crate) struct Object<'reader> {
    reader: &'reader mut Reader,
    table: &'static Table,
    keys: Map<String, Value>,
    spelling: Spelling,
}

impl<'reader> Object<'reader> {
    /// Opens a value; one that is no object is reported and read as an empty one.
    pub(crate) fn open(value: Value, table: &'static Table, reader: &'reader mut Reader) -> Self {
        let mut keys = match value {
            Value::Object(keys) => keys,
            other => {
                reader.report(Problem::kind("an object", &other));
                Map::new()
            }
        };
        let mut spelling = Spelling::new();
        let written: Vec<String> = keys.keys().filter(|key| key.contains('_')).cloned().collect();
        for written in written {
            let Some(key) = table.key_in_any_spelling(&written) else { continue };
            // To gcloud this is no key at all, and without it the file is refused.
            let unseen = reader.dialect == Dialect::Author && key.required;
            let says_something =
                |value: &Value| !value.is_null() && !value.as_array().is_some_and(Vec::is_empty);
            if unseen || keys.get(key.name).is_some_and(says_something) {
                continue;
            }
            if let Some(value) = keys.remove(&written) {
                keys.insert(key.name.to_owned(), value);
                spelling.insert(key.name, written);
            }
        }
        Self { reader, table, keys, spelling }
    }

    /// The keys that were not taken, and how those that were are spelt.
    pub(crate) fn close(self) -> (Map<String, Value>, Spelling) {
        (self.keys, self.spelling)
    }

    /// Reports something that is wrong with a key, or with the object itself where the key is missing.
    pub(crate) fn report_at(&mut self, key: &str, problem: Problem) {
        let written = self.spelling.get(key).map_or(key, String::as_str).to_owned();
        self.reader.report_at(&written, problem);
    }

    /// Reports something that is wrong with the object itself.
    pub(crate) fn report(&mut self, problem: Problem) {
        self.reader.report(problem);
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.reader.dialect
    }

    /// Goes on reading below a key that was taken out.
    pub(crate) fn inside<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Reader) -> T) -> T {
        let step = self.step(key);
        self.reader.inside(step, read)
    }

    fn step(&self, key: &'static str) -> Step {
        match self.spelling.get(key) {
            Some(written) => Step::Key(written.clone().into()),
            None => Step::Key(key.into()),
        }
    }

    /// Takes a key out and reads its value; `null` is the same as absent.
    pub(crate) fn take<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value, &mut Reader) -> Option<T>,
    ) -> Option<T> {
        match self.keys.remove(key) {
            None | Some(Value::Null) => {
                self.spelling.remove(key);
                None
            }
            Some(value) => {
                let step = self.step(key);
                self.reader.inside(step, |reader| read(value, reader))
            }
        }
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.take(key, |value, reader| match value {
            // Nothing, to gcloud.
            Value::Array(items) if items.is_empty() => None,
            value => reader.text(value),
        })
    }

    /// A text that an author must give. The service does without; then it is empty.
    pub(crate) fn required_text(&mut self, key: &'static str, remedy: &str) -> String {
        let is_there = self.keys.get(key).is_some_and(|value| !value.is_null());
        let text = self.text(key);
        if self.reader.dialect == Dialect::Author {
            if text.as_deref() == Some("") {
                self.reader.report_at(key, Problem::new("the text is empty").hinted(remedy));
            } else if !is_there {
                self.report_missing(key, remedy);
            }
        }
        text.unwrap_or_default()
    }

    /// Reports a key that is not there, at its other spelling if that is there.
    pub(crate) fn report_missing(&mut self, key: &'static str, remedy: &str) {
        let other = crate::keys::snake_case(key);
        if other != key && self.keys.contains_key(&other) {
            let problem = Problem::new(format!("gcloud does not read `{other}`"));
            self.reader.report_at(&other, problem.hinted(format!("write `{key}`")));
        } else {
            self.reader.report(Problem::new(format!("the key `{key}` is missing")).hinted(remedy));
        }
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.take(key, |value, reader| read_flag(&value, reader))
    }

    /// A list; no key is the same as an empty one.
    pub(crate) fn list<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(Value, &mut Reader) -> T,
    ) -> Vec<T> {
        let items = self.take(key, |value, reader| match value {
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                Some(
                    items
                        .map(|(index, item)| reader.inside(Step::Index(index), |reader| read(item, reader)))
                        .collect(),
                )
            }
            // gcloud takes one object for a list of one.
            object @ Value::Object(_) => Some(vec![read(object, reader)]),
            other => {
                reader.report(Problem::kind("a list", &other));
                None
            }
        });
        items.unwrap_or_default()
    }

    /// A list of texts; gcloud takes one text for a list of one.
    pub(crate) fn texts<T>(
        &mut self,
        key: &'static str,
        mut read: impl FnMut(String, &mut Reader) -> Option<T>,
    ) -> Vec<T> {
        if let Some(Value::String(_)) = self.keys.get(key) {
            return self.take(key, |value, reader| read(reader.text(value)?, reader)).into_iter().collect();
        }
        let items = self.list(key, |item, reader| read(reader.text(item)?, reader));
        items.into_iter().flatten().collect()
    }

    /// An object of texts.
    pub(crate) fn text_map(&mut self, key: &'static str) -> Option<BTreeMap<String, String>> {
        self.take(key, |value, reader| match value {
            // Nothing, to gcloud.
            Value::Array(items) if items.is_empty() => None,
            value => read_text_map(value, reader),
        })
    }

    /// The name of one of a set: as it is written, or by its number.
    pub(crate) fn name(&mut self, key: &'static str) -> Option<String> {
        let kind = self.table.key(key)?.kind;
        self.take(key, |value, reader| read_name(value, kind, reader))
    }

    /// The name of a type. gcloud takes everything for one but an empty text and zero, and passes on what it does not know.
    pub(crate) fn type_name(&mut self) -> Option<String> {
        const KEY: &str = "paramType";
        let number = match self.keys.get(KEY)? {
            Value::String(name) if !name.is_empty() || self.reader.dialect == Dialect::Service => {
                return self.text(KEY);
            }
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            // Python counts it as the number 1.
            Value::Bool(true) => Some(1),
            Value::String(_) | Value::Bool(false) => Some(0),
            _ => None,
        };
        // Whatever else it is stays among the keys that nobody knows.
        let name = PARAMETER_TYPES.get(number?)?;
        self.keys.remove(KEY);
        if number == Some(0) && self.reader.dialect == Dialect::Author {
            let problem =
                Problem::new("gcloud takes no empty type").hinted("leave the key out, or write `DEFAULT`");
            self.report_at(KEY, problem);
        }
        Some((*name).to_owned())
    }

    /// Every key of the table that is there, each read as its kind says, in the form in which it is written.
    pub(crate) fn values(&mut self) -> BTreeMap<&'static str, Value> {
        let keys = self.table.keys.iter();
        keys.filter_map(|key| {
            Some((key.name, self.take(key.name, |value, reader| read_kind(value, key.kind, reader))?))
        })
        .collect()
    }
}

fn read_flag(value: &Value, reader: &mut Reader) -> Option<bool> {
    let problem = match value {
        Value::Bool(flag) => return Some(*flag),
        Value::String(text) if text == "true" || text == "false" => {
            Problem::kind("true or false", value).hinted("leave the quotes out")
        }
        other => Problem::kind("true or false", other),
    };
    reader.report(problem);
    None
}

fn read_text_map(value: Value, reader: &mut Reader) -> Option<BTreeMap<String, String>> {
    let entries = match value {
        Value::Object(entries) => entries,
        other => {
            reader.report(Problem::kind("an object", &other));
            return None;
        }
    };
    let read = |(key, value): (String, Value)| {
        if value.is_null() {
            return None;
        }
        let text = reader.inside(Step::Key(key.clone().into()), |reader| reader.text(value))?;
        Some((key, text))
    };
    Some(entries.into_iter().filter_map(read).collect())
}

/// A name, or the name of a number in Google's API, as gcloud takes it.
fn read_name(value: Value, kind: Kind, reader: &mut Reader) -> Option<String> {
    let (Kind::Name(names) | Kind::OpenName(names)) = kind else { return reader.text(value) };
    let problem = match &value {
        Value::String(name) if matches!(kind, Kind::OpenName(_)) || names.contains(&name.as_str()) => {
            return reader.text(value);
        }
        Value::String(name) => {
            let problem = Problem::new(format!("{name:?} is none of its names"));
            problem.hinted(format!("write {}", listed(names)))
        }
        Value::Number(number) if reader.dialect == Dialect::Service => {
            let index = number.as_u64().and_then(|number| usize::try_from(number).ok());
            match index.and_then(|index| names.get(index)) {
                Some(name) => return Some((*name).to_owned()),
                None => Problem::new(format!("there is no name for the number {number}"))
                    .hinted(format!("write {}", listed(names))),
            }
        }
        other => Problem::kind("a name", other).hinted(format!("write {}", listed(names))),
    };
    reader.report(problem);
    None
}

fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let mut list = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list += ", …";
    }
    list
}

/// Reads a value by its kind and gives it back as it is written.
fn read_kind(value: Value, kind: Kind, reader: &mut Reader) -> Option<Value> {
    match kind {
        Kind::Text => reader.text(value).map(Value::from),
        Kind::Flag => read_flag(&value, reader).map(Value::from),
        Kind::Integer => read_integer(&value, reader).map(Value::from),
        Kind::Name(_) | Kind::OpenName(_) => read_name(value, kind, reader).map(Value::from),
        Kind::TextMap => read_text_map(value, reader).map(|entries| entries.into_iter().collect()),
        Kind::Texts => match value {
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let read = |(index, item)| reader.inside(Step::Index(index), |reader| reader.text(item));
                Some(items.filter_map(read).collect())
            }
            Value::String(text) => Some(vec![text].into()),
            other => {
                reader.report(Problem::kind("a list", &other));
                None
            }
        },
        Kind::Object(_) | Kind::Objects(_) | Kind::CustomMetadata { .. } | Kind::Extension => Some(value),
    }
}

/// A whole number; Google's JSON also writes one as a text.
fn read_integer(value: &Value, reader: &mut Reader) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    if number.is_none() {
        reader.report(Problem::kind("a whole number", value));
    }
    number
}

/// Writes a message: keys in the spelling they were read in, what is empty left out as gcloud leaves it out.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    entries: Vec<(&'a str, Value)>,
    spelling: Option<&'a Spelling>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(spelling: &'a Spelling) -> Self {
        Self { entries: Vec::new(), spelling: Some(spelling) }
    }

    /// A value that is written unless there is none.
    pub(crate) fn add<T: Serialize>(mut self, key: &'a str, value: Option<&T>) -> Self {
        // A value that cannot be JSON is none of ours: ours have text keys and finite numbers.
        if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
            let written = self.spelling.and_then(|spelling| spelling.get(key)).map_or(key, String::as_str);
            self.entries.push((written, value));
        }
        self
    }

    /// A text that must be there: absent where it was.
    pub(crate) fn text(self, key: &'a str, text: &'a String) -> Self {
        self.add(key, (!text.is_empty()).then_some(text))
    }

    pub(crate) fn list<T: Serialize>(self, key: &'a str, items: &'a Vec<T>) -> Self {
        self.add(key, (!items.is_empty()).then_some(items))
    }

    pub(crate) fn all<'b>(mut self, entries: impl IntoIterator<Item = (&'static str, &'b Value)>) -> Self {
        for (key, value) in entries {
            self = self.add(key, Some(value));
        }
        self
    }

    /// Keys that are not Google's, as they were.
    pub(crate) fn write<S: Serializer>(
        self,
        other: &Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len() + other.len()))?;
        for (key, value) in &self.entries {
            map.serialize_entry(key, value)?;
        }
        for (key, value) in other {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
