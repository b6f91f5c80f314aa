//! What changed between two versions of a template, and whether launches that worked still work.

mod accepted;
mod asking;
mod change;
mod constraint;
mod coverage;
mod parameter;
mod parameters;
mod program;
mod side;
mod template;
#[cfg(test)]
mod tests;
mod values;

use serde::Serialize;

pub use self::change::{Change, ChangeKind, Subject};
use self::side::Side;
use crate::TemplateSpec;

/// Everything that changed from one version of a template to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The changes: of the parameters in the order of the new metadata, then of those that are gone, then of the rest.
    pub changes: Vec<Change>,
}

impl Difference {
    /// Whether every launch that worked with the old version works with the new one.
    pub fn is_compatible(&self) -> bool {
        self.breaking().next().is_none()
    }

    /// Whether nothing changed that a launch, the program or a reader of the template could notice.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes that can make a launch fail that worked.
    pub fn breaking(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.breaking)
    }
}

/// Compares two versions of a template.
///
/// A launch worked if [`check`](crate::check()) accepted it, and if the machine fitted the build. Of two regexes it is not
/// known which is the wider: one that is new or changed breaks, unless it plainly accepts everything; where a value shows
/// it, the value is named. Names of options and variables can make a value too long by a few bytes; that is not looked at.
///
/// Not a change at all: the spelling of keys, keys that say what their absence says, the order of regexes, layers'
/// build keys and sizes where the digests are the same, and a second declaration of a parameter's name.
///
/// ```
/// use tmpl_template::{Metadata, difference};
///
/// let version = |parameters: &str| Metadata::parse(&format!(r#"{{"name": "T", "parameters": [
///     {{"name": "input", "label": "Input", "helpText": "Files to read."}}{parameters}]}}"#));
/// let old = version("")?.into();
/// let new = version(r#", {"name": "limit", "label": "Limit", "helpText": "Most lines.", "paramType": "NUMBER"}"#)?.into();
///
/// let found = difference(&old, &new);
/// assert!(!found.is_compatible());
/// assert_eq!(found.changes[0].to_string(), "parameter `limit` is new and required");
/// assert!(difference(&new, &new).is_empty());
/// # Ok::<(), tmpl_template::FormatError>(())
/// ```
pub fn difference(old: &TemplateSpec, new: &TemplateSpec) -> Difference {
    let (before, now) = (Side::new(old), Side::new(new));
    let mut changes = parameters::parameters_changes(&before, &now);
    changes.extend(template::template_changes(old, new));
    changes.extend(program::program_changes(&before, &now));
    Difference { changes }
}
