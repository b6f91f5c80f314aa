//! What people call the steps and collections that an engine names by the pipeline's own ids.

use std::collections::HashMap;

/// From the ids of a pipeline to the names that people know. Empty, it lets every id stand for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    steps: HashMap<String, String>,
    /// The step that makes a collection, and the collection's own name.
    collections: HashMap<String, (String, String)>,
}

impl Names {
    /// Says what people call a step.
    pub fn add_step(&mut self, id: impl Into<String>, name: impl Into<String>) {
        self.steps.insert(id.into(), name.into());
    }

    /// Says which step makes a collection, and what people call the collection.
    pub fn add_collection(
        &mut self,
        id: impl Into<String>,
        step: impl Into<String>,
        name: impl Into<String>,
    ) {
        self.collections.insert(id.into(), (step.into(), name.into()));
    }

    /// The full name of a step. Engines take steps apart and name the parts after them, those of Java `ID/Process`, Prism `eID_process`:
    /// the parts' figures are the step's.
    pub(super) fn step<'a>(&'a self, id: &'a str) -> &'a str {
        let of_java = || id.rmatch_indices('/').find_map(|(end, _)| self.steps.get(&id[..end]));
        let of_prism = || self.steps.get(id.strip_prefix('e')?.rsplit_once('_')?.0);
        self.steps.get(id).or_else(of_java).or_else(of_prism).map_or(id, String::as_str)
    }

    /// The step that makes a collection, and the collection's name. Nothing for one that an engine put between the pipeline's own
    /// steps, where these are known.
    pub(super) fn collection<'a>(&'a self, id: &'a str) -> Option<(&'a str, &'a str)> {
        match self.collections.get(id) {
            Some((step, name)) => Some((step, name)),
            None => self.collections.is_empty().then_some(("", id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_names_and_what_is_not_known_stands_for_itself() {
        let mut names = Names::default();
        names.add_step("ref_5", "Read/Split");
        names.add_collection("pc_1", "Read/Split", "words");
        for (id, name) in [
            ("ref_5", "Read/Split"),
            ("ref_5/PairWithRestriction", "Read/Split"),
            ("ref_5/a/b", "Read/Split"),
            ("ref_55", "ref_55"),
            ("eref_5_processandsplit", "Read/Split"),
            ("e_x", "e_x"),
            ("Write/Do", "Write/Do"),
            ("", ""),
        ] {
            assert_eq!(names.step(id), name);
        }
        assert_eq!(names.collection("pc_1"), Some(("Read/Split", "words")));
        assert_eq!(names.collection("pc_2"), None);
        assert_eq!(Names::default().collection("pc_2"), Some(("", "pc_2")));
    }
}
