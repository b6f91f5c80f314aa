//! What the rules look at: the values of a file beside their places in the text.

use std::collections::HashMap;

use crate::lint::FileKind;
use crate::lint::place::Place;
use crate::{CommandSpec, Language, Metadata, Parameter, TemplateSpec};

/// A file that was read.
#[derive(Debug)]
pub(super) enum File {
    Metadata(Metadata),
    Spec(Box<TemplateSpec>),
    CommandSpec(CommandSpec),
}

/// A file and the places of what is in it.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) kind: FileKind,
    pub(super) root: Place<'a>,
    pub(super) spec: Option<&'a TemplateSpec>,
    pub(super) command: Option<&'a CommandSpec>,
    /// The metadata, of a spec those that lie inside it.
    pub(super) metadata: Option<(&'a Metadata, Place<'a>)>,
    /// The parameters, without values that are none.
    pub(super) parameters: Vec<Declared<'a>>,
    /// Of each name the index of the first parameter, which is the one that counts.
    names: HashMap<&'a str, usize>,
}

/// A parameter and its place.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub(super) parameter: &'a Parameter,
    pub(super) place: Place<'a>,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: &'a File, root: Place<'a>) -> Self {
        let (kind, spec, command, metadata) = match file {
            File::Metadata(metadata) => {
                (FileKind::Metadata, None, None, root.is_object().then(|| (metadata, root.clone())))
            }
            File::Spec(spec) => {
                let place = root.get("metadata").filter(Place::is_object);
                (FileKind::Spec, Some(spec.as_ref()), None, spec.metadata.as_ref().zip(place))
            }
            File::CommandSpec(command) => (FileKind::CommandSpec, None, Some(command), None),
        };
        let parameters: Vec<Declared<'a>> =
            metadata.as_ref().map(|(metadata, place)| declared(metadata, place)).unwrap_or_default();
        let mut names = HashMap::with_capacity(parameters.len());
        for (index, declared) in parameters.iter().enumerate() {
            names.entry(declared.parameter.name.as_str()).or_insert(index);
        }
        Self { kind, root, spec, command, metadata, parameters, names }
    }

    /// The language of the pipeline, where the file says it.
    pub(super) fn language(&self) -> Option<&'a Language> {
        self.spec?.sdk_info.as_ref()?.language.as_ref()
    }

    /// The index of the parameter of that name.
    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The parameter of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<&Declared<'a>> {
        self.parameters.get(self.index(name)?)
    }
}

fn declared<'a>(metadata: &'a Metadata, place: &Place<'a>) -> Vec<Declared<'a>> {
    let Some(list) = place.get("parameters") else { return Vec::new() };
    // One object is read as a list of one.
    let place_of = |index| if list.is_object() { Some(list.clone()) } else { list.item(index) };
    let parameters = metadata.parameters.iter().enumerate().take(Metadata::MOST_PARAMETERS);
    parameters
        .filter_map(|(index, parameter)| Some(Declared { parameter, place: place_of(index)? }))
        .filter(|declared| declared.place.is_object())
        .collect()
}

impl<'a> Declared<'a> {
    /// The place of one of its keys, or its own where the key is not there.
    pub(super) fn key(&self, key: &'static str) -> Place<'a> {
        self.place.get(key).unwrap_or_else(|| self.place.clone())
    }

    /// The place of one of the texts that were read from a list. What is no text was not read, so it stands at the same index or
    /// behind.
    pub(super) fn text(&self, key: &'static str, text: &str, index: usize) -> Place<'a> {
        let list = self.key(key);
        list.text(text, index).unwrap_or(list)
    }

    /// The place of a key of `customMetadata`.
    pub(super) fn custom(&self, key: &str) -> Place<'a> {
        let custom = self.key("customMetadata");
        custom.member(key).unwrap_or(custom)
    }
}
