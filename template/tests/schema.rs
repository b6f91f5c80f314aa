//! The JSON Schemas say what the reader says. Whether the committed ones are current is tested where they are printed.

use serde_json::Value;
use tmpl_template::{metadata_schema, spec_schema};

#[test]
fn the_schemas_say_what_the_reader_says() {
    let at = |schema: &Value, pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
    let (metadata, spec) = (metadata_schema(), spec_schema());
    let parameter = "/properties/parameters/items";
    for (schema, pointer, expected) in [
        (&metadata, "/required".to_owned(), serde_json::json!(["name"])),
        (&metadata, format!("{parameter}/required"), serde_json::json!(["name", "label", "helpText"])),
        (&metadata, format!("{parameter}/properties/label/minLength"), 1.into()),
        (&metadata, format!("{parameter}/properties/regexes/items/format"), "regex".into()),
        (&metadata, format!("{parameter}/properties/paramType/anyOf/0/enum/18"), "ENUM".into()),
        (&metadata, format!("{parameter}/properties/paramType/anyOf/1/type"), "string".into()),
        (&metadata, format!("{parameter}/properties/is_optional"), Value::Null),
        (&metadata, format!("{parameter}/additionalProperties"), Value::Null),
        (
            &metadata,
            format!("{parameter}/properties/customMetadata/properties/tmpl.secret/enum"),
            serde_json::json!(["false", "true"]),
        ),
        (
            &metadata,
            "/properties/customMetadata/properties/tmpl.mutates/enum".to_owned(),
            serde_json::json!(["false", "true"]),
        ),
        // Google knows no such key there: what is not ours is anything.
        (&metadata, "/properties/customMetadata/additionalProperties".to_owned(), Value::Null),
        (&spec, "/required".to_owned(), Value::Null),
        (&spec, format!("/properties/metadata{parameter}/required"), serde_json::json!(["name"])),
        (&spec, "/properties/sdkInfo/properties/language/anyOf/0/enum/2".to_owned(), "PYTHON".into()),
        (&spec, "/properties/defaultEnvironment/properties/maxWorkers/type/0".to_owned(), "integer".into()),
    ] {
        assert_eq!(at(schema, &pointer), expected, "{pointer}");
    }
}
