//! All that a form sends: the parameters, and what is said of the launch itself.

use std::collections::HashMap;

use tmpl_template::{DigestPrefix, JobId, Parameter};

use crate::form::{Entered, FIELD, Lock, OTHER_NAME, OTHER_VALUE};

/// A longer key is none of ours.
const LONGEST_KEY: usize = 100;

/// What is said of a launch.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    /// The parameters.
    pub(crate) entered: Entered,
    /// The runner's name; empty for the template's own.
    pub(crate) runner: String,
    /// The job's name; empty for one that is made.
    pub(crate) job_name: String,
    /// Whether an output that exists may be written over.
    pub(crate) overwrite: bool,
    /// The key under which there is one job, however often it is asked for.
    pub(crate) key: String,
    /// The job that is run again.
    pub(crate) from: Option<JobId>,
    /// The entry of the saved launch that was shown.
    pub(crate) card: Option<u64>,
}

/// What was sent, beside that: which version was shown.
pub(crate) fn version(fields: &[(String, String)]) -> Option<DigestPrefix> {
    get(fields, "version").parse().ok()
}

/// The job that is run again, as it was sent.
pub(crate) fn from(fields: &[(String, String)]) -> Option<JobId> {
    get(fields, "from").parse().ok()
}

/// The first value of a field; nothing where it was not sent.
pub(crate) fn get<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str())
}

impl Input {
    /// What was sent.
    pub(crate) fn sent(declared: &[Parameter], fields: &[(String, String)]) -> Self {
        let key = get(fields, "key");
        let is_key =
            !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(|byte| byte.is_ascii_graphic());
        Self {
            entered: Entered::sent(declared, fields),
            runner: get(fields, "runner").trim().to_owned(),
            job_name: get(fields, "job_name").trim().to_owned(),
            overwrite: get(fields, "overwrite") == "yes",
            key: if is_key { key.to_owned() } else { new_key() },
            from: from(fields),
            card: get(fields, "card").parse().ok(),
        }
    }

    /// The same as fields that are not seen, for a page that asks for something else meanwhile. What a saved launch says itself is not
    /// among them.
    pub(crate) fn fields(
        &self,
        declared: &[Parameter],
        locks: &HashMap<String, Lock>,
    ) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for parameter in declared.iter().filter(|parameter| !locks.contains_key(&parameter.name)) {
            if let Some(value) = self.entered.shown(parameter) {
                fields.push((format!("{FIELD}{}", parameter.name), value.to_owned()));
            }
        }
        for (name, value) in self.entered.other.iter().filter(|(name, _)| !locks.contains_key(name)) {
            fields.push((OTHER_NAME.to_owned(), name.clone()));
            fields.push((OTHER_VALUE.to_owned(), value.clone()));
        }
        fields.extend(self.about_launch());
        fields
    }

    /// The fields that are no parameters and that nobody fills in.
    pub(crate) fn unseen(&self) -> Vec<(String, String)> {
        let mut fields = vec![("key".to_owned(), self.key.clone())];
        fields.extend(self.from.iter().map(|id| ("from".to_owned(), id.to_string())));
        fields.extend(self.card.iter().map(|number| ("card".to_owned(), number.to_string())));
        fields
    }

    fn about_launch(&self) -> Vec<(String, String)> {
        let mut fields = self.unseen();
        for (name, value) in [("runner", &self.runner), ("job_name", &self.job_name)] {
            if !value.is_empty() {
                fields.push((name.to_owned(), value.clone()));
            }
        }
        if self.overwrite {
            fields.push(("overwrite".to_owned(), "yes".to_owned()));
        }
        fields
    }
}

/// A key for a form that is drawn for the first time.
pub(crate) fn new_key() -> String {
    let mut bytes = [0_u8; 16];
    // Without chance there is no key; an empty one is refused where it counts.
    if getrandom::fill(&mut bytes).is_err() {
        return String::new();
    }
    bytes.iter().fold(String::from("page-"), |key, byte| format!("{key}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    #[test]
    fn what_was_sent_is_sent_on_unseen() {
        let text = r#"{"name": "T", "parameters": [
            {"name": "a", "label": "A", "helpText": "h"},
            {"name": "m", "label": "M", "helpText": "h", "customMetadata": {"tmpl.type": "multiple-choice"}, "enumOptions": [{"value": "x"}, {"value": "y"}]},
            {"name": "s", "label": "S", "helpText": "h", "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}
        ]}"#;
        let declared = Metadata::parse(text).unwrap().parameters;
        let fields: Vec<(String, String)> = [
            ("csrf", "c"),
            ("key", "page-1"),
            ("action", "review"),
            ("p.a", "1\r\n2"),
            ("p.m", "x"),
            ("p.m", "y"),
            ("p.s", "hunter2"),
            ("other.name", "n"),
            ("other.value", "v"),
            ("runner", "prod"),
            ("job_name", " nightly "),
            ("overwrite", "yes"),
            ("from", "2026-11-21_08_00_00-0000000000000000001"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let input = Input::sent(&declared, &fields);
        assert_eq!(
            (input.key.as_str(), input.job_name.as_str(), input.overwrite),
            ("page-1", "nightly", true)
        );
        let again = input.fields(&declared, &HashMap::new());
        assert!(
            !again.iter().any(|(_, value)| value == "hunter2"),
            "what may be a secret in clear goes nowhere"
        );
        let mut read = Input::sent(&declared, &again);
        assert_eq!(read.entered.get(&declared[1]), Some("x,y"));
        read.entered.put(&declared, "s", "hunter2".to_owned());
        assert!(read == input);
    }

    #[test]
    fn a_key_is_made_where_none_is_sent() {
        for key in ["", "a b", "ä", &"x".repeat(101)] {
            let input = Input::sent(&[], &[("key".to_owned(), key.to_owned())]);
            assert!(input.key.starts_with("page-") && input.key.len() == 37, "{key}");
        }
        assert_ne!(new_key(), new_key());
    }
}
