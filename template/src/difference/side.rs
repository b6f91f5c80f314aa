//! One of the two versions, as a launch meets it.

use std::collections::{HashMap, HashSet};

use super::accepted::Accepted;
use crate::option_name::is_option_name;
use crate::pipeline_options::{PipelineOption, reserved};
use crate::sdk::Sdk;
use crate::triggers::MOST_LINKS;
use crate::{Language, Parameter, TemplateSpec};

/// A version with its parameters by name.
pub(super) struct Side<'a> {
    pub(super) spec: &'a TemplateSpec,
    /// Each name once: of two declarations the first counts.
    pub(super) declared: Vec<&'a Parameter>,
    by_name: HashMap<&'a str, &'a Parameter>,
}

impl<'a> Side<'a> {
    pub(super) fn new(spec: &'a TemplateSpec) -> Self {
        let all = spec.metadata.as_ref().map_or(&[][..], |metadata| &metadata.parameters);
        let mut names = HashSet::new();
        let declared: Vec<_> = all.iter().filter(|parameter| names.insert(parameter.name.as_str())).collect();
        let by_name = declared.iter().map(|parameter| (parameter.name.as_str(), *parameter)).collect();
        Self { spec, declared, by_name }
    }

    /// Whether any parameter is accepted, because none is declared.
    pub(super) fn is_open(&self) -> bool {
        self.declared.is_empty()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a Parameter> {
        self.by_name.get(name).copied()
    }

    pub(super) fn language(&self) -> Option<&'a Language> {
        self.spec.sdk_info.as_ref()?.language.as_ref()
    }

    /// Whether Beam reads the program's options.
    pub(super) fn is_beam(&self) -> bool {
        Sdk::of(self.spec).is_beam()
    }

    /// The values that a launch can give under a name; none if the name is refused.
    pub(super) fn accepted(&self, name: &str) -> Option<Accepted<'a>> {
        if let Some(parameter) = self.parameter(name) {
            return is_option_name(name).then(|| Accepted::declared(parameter));
        }
        if let Some(option) = self.option(name) {
            // A declared name has its own rules, in whichever spelling it is given.
            if option.names().any(|known| self.parameter(known).is_some()) {
                return None;
            }
            return Some(Accepted::option(option, self.language()));
        }
        let is_reserved = self.is_beam() && reserved(name).is_some();
        (self.is_open() && is_option_name(name) && !is_reserved).then(Accepted::argument)
    }

    /// The option of every pipeline of that name.
    pub(super) fn option(&self, name: &str) -> Option<&'static PipelineOption> {
        Sdk::of(self.spec).option(name)
    }

    /// A parameter's links to its parent, to the parent's parent and so on; at most [`MOST_LINKS`].
    pub(super) fn links(&self, parameter: &'a Parameter) -> Vec<Link<'a>> {
        let mut links = Vec::new();
        let mut child = parameter;
        let mut seen = HashSet::from([child.name.as_str()]);
        while let Some(parent) = child.parent_name.as_deref().and_then(|name| self.by_name.get(name).copied())
        {
            links.push(Link { child, parent });
            // Parents in a circle ask each other.
            if !seen.insert(parent.name.as_str()) || links.len() == MOST_LINKS {
                break;
            }
            child = parent;
        }
        links
    }

    /// Whether every launch gives this parameter.
    pub(super) fn always_given(&self, name: &str) -> bool {
        self.parameter(name)
            .is_some_and(|parameter| !parameter.is_optional() && self.links(parameter).is_empty())
    }
}

/// A child and the parent whose value asks for it.
pub(super) struct Link<'a> {
    pub(super) child: &'a Parameter,
    pub(super) parent: &'a Parameter,
}
