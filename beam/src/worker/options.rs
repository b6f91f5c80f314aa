//! A pipeline's options as a runner hands them to its workers: a `google.protobuf.Struct`, and the same as JSON.

use prost_types::value::Kind;
use prost_types::{Struct, Value};

/// Whole numbers up to here are exact in the form that a `Struct` has for numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The options as JSON, in the form that SDKs read. A whole number stays one: some options are shifted and counted with.
pub(crate) fn to_json(options: &Struct) -> serde_json::Value {
    let fields = options.fields.iter().map(|(name, value)| (name.clone(), value_to_json(value)));
    serde_json::Value::Object(fields.collect())
}

fn value_to_json(value: &Value) -> serde_json::Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => serde_json::Value::Null,
        Some(Kind::BoolValue(value)) => (*value).into(),
        Some(Kind::StringValue(text)) => text.clone().into(),
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough to be exact")]
        Some(Kind::NumberValue(number)) if number.fract() == 0.0 && number.abs() <= EXACT => {
            (*number as i64).into()
        }
        // JSON has no word for these; protobuf's own form of them is a text.
        Some(Kind::NumberValue(number)) if number.is_nan() => "NaN".into(),
        Some(Kind::NumberValue(number)) if number.is_infinite() => {
            if *number > 0.0 {
                "Infinity".into()
            } else {
                "-Infinity".into()
            }
        }
        Some(Kind::NumberValue(number)) => (*number).into(),
        Some(Kind::ListValue(list)) => list.values.iter().map(value_to_json).collect(),
        Some(Kind::StructValue(fields)) => to_json(fields),
    }
}

/// An option by its name in snake case, in any of the forms that runners write it in: `beam:option:NAME:v1`, or in camel case below
/// `options`, as Dataflow and older SDKs for Java have it.
pub(crate) fn find<'a>(options: &'a Struct, name: &str) -> Option<&'a Kind> {
    let portable = options.fields.get(&format!("beam:option:{name}:v1"));
    let nested = || match options.fields.get("options")?.kind.as_ref()? {
        Kind::StructValue(nested) => nested.fields.get(&camel_case(name)).or_else(|| nested.fields.get(name)),
        _ => None,
    };
    portable.or_else(nested)?.kind.as_ref()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> Value {
        Value { kind: Some(Kind::NumberValue(value)) }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let mut options = Struct::default();
        for (name, value) in [("a", 100.0), ("b", 0.5), ("c", -3.0), ("d", 1e300), ("e", f64::NAN)] {
            options.fields.insert(name.to_owned(), number(value));
        }
        assert_eq!(to_json(&options).to_string(), r#"{"a":100,"b":0.5,"c":-3,"d":1e+300,"e":"NaN"}"#);
    }

    #[test]
    fn an_option_is_found_in_every_form() {
        let text = |value: &str| Value { kind: Some(Kind::StringValue(value.to_owned())) };
        let mut portable = Struct::default();
        portable.fields.insert("beam:option:tmpl_job:v1".to_owned(), text("j"));
        let mut nested = Struct::default();
        nested.fields.insert("tmplJob".to_owned(), text("j"));
        let mut old = Struct::default();
        old.fields.insert("options".to_owned(), Value { kind: Some(Kind::StructValue(nested)) });
        for options in [&portable, &old] {
            assert_eq!(find(options, "tmpl_job"), Some(&Kind::StringValue("j".to_owned())));
            assert_eq!(find(options, "tmpl_bucket"), None);
        }
    }
}
