//! From what was entered to the parameters of a launch.

use tmpl_template::{Parameter, RawParameters, asked_for};

use super::{Entered, Problems};
use crate::text::form as text;

/// The parameters that a form asks for: what is empty is left out, and so is what no parent asks for. The problems are those that the
/// validator can't see any more: names that are entered twice, values without one.
pub(crate) fn parameters(declared: &[Parameter], entered: &Entered) -> (RawParameters, Problems) {
    let mut all = RawParameters::new();
    for parameter in declared {
        if let Some(value) = entered.get(parameter) {
            // A name that is declared twice has one field.
            let _ = all.insert(&parameter.name, value);
        }
    }
    let mut raw = RawParameters::new();
    for (parameter, asked) in declared.iter().zip(asked_for(declared, &all)) {
        if let Some(value) = entered.get(parameter).filter(|_| asked) {
            let _ = raw.insert(&parameter.name, value);
        }
    }
    let mut problems = Problems::default();
    for (row, (name, value)) in entered.other.iter().enumerate() {
        let field = format!("other-{row}");
        if name.is_empty() {
            problems.add_general(Some(&field), &text::nameless(value));
        } else if raw.insert(name, value).is_err() {
            problems.add_general(Some(&field), &text::twice(name));
        }
    }
    (raw, problems)
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    #[test]
    fn only_what_is_asked_for_is_sent() {
        let text = r#"{"name": "T", "parameters": [
            {"name": "source", "label": "S", "helpText": "h", "paramType": "ENUM", "enumOptions": [{"value": "file"}, {"value": "table"}]},
            {"name": "path", "label": "P", "helpText": "h", "parentName": "source", "parentTriggerValues": ["file"]},
            {"name": "header", "label": "H", "helpText": "h", "parentName": "path", "isOptional": true},
            {"name": "table", "label": "T", "helpText": "h", "parentName": "source", "parentTriggerValues": ["table"]},
            {"name": "note", "label": "N", "helpText": "h", "isOptional": true},
            {"name": "note", "label": "N", "helpText": "h", "isOptional": true}
        ]}"#;
        let declared = Metadata::parse(text).unwrap().parameters;
        let sent = |fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let (raw, problems) = parameters(&declared, &Entered::sent(&declared, &fields));
            let raw: Vec<String> = raw.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (raw.join(" "), problems.general.into_iter().map(|problem| problem.field).collect::<Vec<_>>())
        };
        let all =
            [("p.source", "table"), ("p.path", "a"), ("p.header", "b"), ("p.table", "t"), ("p.note", "")];
        assert_eq!(sent(&all).0, "source=table table=t");
        let mut file = all;
        file[0].1 = "file";
        assert_eq!(sent(&file).0, "source=file path=a header=b");
        let other = [
            ("other.name", "numWorkers"),
            ("other.value", "3"),
            ("other.name", "numWorkers"),
            ("other.value", "4"),
            ("other.name", ""),
            ("other.value", "5"),
        ];
        let places = vec![Some("other-1".to_owned()), Some("other-2".to_owned())];
        assert_eq!(sent(&other), ("numWorkers=3".to_owned(), places));
    }
}
