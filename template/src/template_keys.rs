//! What our keys in a template's own `customMetadata` say, beside its parameters: those that begin with `tmpl.`.
//!
//! Google knows no such key there, so whatever else it holds is kept as it is.

use serde_json::{Map, Value};

use crate::custom_keys::{CUSTOM_KEYS, CustomKey, misspelt, one_of};
use crate::format_error::Problem;
use crate::reader::{Dialect, Reader};

/// Our keys, in the order of the documentation.
pub(crate) const TEMPLATE_KEYS: [CustomKey; 3] = [
    CustomKey {
        name: "tmpl.owner",
        values: &[],
        help: "Whom to ask about the template: a person, a team, an address.",
    },
    CustomKey {
        name: "tmpl.mutates",
        values: &["false", "true"],
        help: "Whether its jobs change data that others use; then people are asked once more before a launch.",
    },
    CustomKey {
        name: "tmpl.ifItFails",
        values: &[],
        help: "What to do if a job stops half-way, in the author's own words.",
    },
];

/// Reports what means nothing.
pub(crate) fn check(metadata: &Value, reader: &mut Reader) {
    let Value::Object(metadata) = metadata else {
        if reader.dialect == Dialect::Author {
            reader.report(Problem::kind("an object", metadata));
        }
        return;
    };
    for written in metadata.keys() {
        if let Some(meant) = misspelt(written, &TEMPLATE_KEYS) {
            let problem = Problem::new(format!("`{written}` is no key of tmpl"));
            reader.report_at(written, problem.hinted(format!("did you mean `{meant}`?")));
        } else if CUSTOM_KEYS.iter().any(|key| key.name == written) && reader.dialect == Dialect::Author {
            let problem = Problem::new(format!("`{written}` says something of a parameter"));
            reader.report_at(written, problem.hinted("write it into the `customMetadata` of the parameter"));
        }
    }
    for key in &TEMPLATE_KEYS {
        check_value(metadata, key, reader);
    }
}

fn check_value(metadata: &Map<String, Value>, key: &CustomKey, reader: &mut Reader) {
    let problem = match metadata.get(key.name) {
        None | Some(Value::Null) => return,
        Some(Value::String(text)) if key.values.is_empty() => {
            if !text.trim().is_empty() {
                return;
            }
            Problem::new("the text is empty").hinted("write it, or leave the key out")
        }
        Some(Value::String(text)) if key.values.contains(&text.as_str()) => return,
        Some(Value::String(text)) => Problem::new(format!("{text:?} is no value of `{}`", key.name))
            .hinted(format!("write {}", one_of(key.values))),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => {
            Problem::kind("a text", value).hinted(format!("put it in quotes: \"{value}\""))
        }
        Some(value) => Problem::kind("a text", value),
    };
    reader.report_at(key.name, problem);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::Metadata;

    fn read(custom: &str) -> Result<Metadata, String> {
        let text = format!("{{\"name\": \"T\", \"customMetadata\": {custom}}}");
        Metadata::parse(&text).map_err(|error| format!("{error}; {}", error.hint().unwrap_or_default()))
    }

    #[test]
    fn what_an_author_says_of_a_template_is_read_and_written_back() {
        let custom = r#"{"tmpl.owner": "Finance", "mine": [1], "tmpl.mutates": "true", "tmpl.ifItFails": "Run it again."}"#;
        let metadata = read(custom).unwrap();
        assert_eq!((metadata.owner(), metadata.mutates()), (Some("Finance"), true));
        assert_eq!(metadata.if_it_fails(), Some("Run it again."));
        let written = serde_json::to_string(&metadata).unwrap();
        let compact = serde_json::from_str::<serde_json::Value>(custom).unwrap().to_string();
        assert_eq!(written, format!("{{\"name\":\"T\",\"customMetadata\":{compact}}}"));
    }

    #[test]
    fn nothing_said_is_nothing_said() {
        for custom in ["{}", "null", "{\"tmpl.owner\": null}", "{\"tmpl.mutates\": \"false\"}", "{\"x\": 1}"]
        {
            let metadata = read(custom).unwrap();
            assert_eq!((metadata.owner(), metadata.mutates(), metadata.if_it_fails()), (None, false, None));
        }
        assert!(!Metadata::parse("{\"name\": \"T\"}").unwrap().mutates());
    }

    #[test]
    fn what_means_nothing_is_told_with_the_remedy() {
        for (custom, expected) in [
            (
                r#"{"tmpl.mutates": true}"#,
                "customMetadata[\"tmpl.mutates\"]: expected a text, found true or false; put it in quotes: \"true\"",
            ),
            (
                r#"{"tmpl.mutates": "yes"}"#,
                "customMetadata[\"tmpl.mutates\"]: \"yes\" is no value of `tmpl.mutates`; write `false` or `true`",
            ),
            (
                r#"{"tmpl.owner": " "}"#,
                "customMetadata[\"tmpl.owner\"]: the text is empty; write it, or leave the key out",
            ),
            (
                r#"{"tmpl.ifItFail": "x"}"#,
                "customMetadata[\"tmpl.ifItFail\"]: `tmpl.ifItFail` is no key of tmpl; did you mean `tmpl.ifItFails`?",
            ),
            (
                r#"{"tmpl.secret": "true"}"#,
                "customMetadata[\"tmpl.secret\"]: `tmpl.secret` says something of a parameter; \
                 write it into the `customMetadata` of the parameter",
            ),
            ("[1]", "customMetadata: expected an object, found a list; "),
        ] {
            let told = read(custom).unwrap_err();
            assert!(told.ends_with(expected), "{told}");
        }
    }

    #[test]
    fn a_key_of_templates_is_not_a_parameters() {
        let parameter =
            json!({"name": "a", "label": "A", "helpText": "h", "customMetadata": {"tmpl.owner": "x"}});
        let error =
            Metadata::parse(&json!({"name": "T", "parameters": [parameter]}).to_string()).unwrap_err();
        assert_eq!(error.message(), "`tmpl.owner` says something of the template");
    }

    #[test]
    fn a_spec_that_says_something_else_there_is_launched_all_the_same() {
        let metadata = json!({"name": "T", "custom_metadata": ["odd"]});
        let read = crate::TemplateSpec::parse(&json!({"metadata": metadata}).to_string()).unwrap();
        assert_eq!(serde_json::to_value(&read.metadata).unwrap(), metadata);
        assert!(!read.metadata.unwrap().mutates());
    }
}
