//! The one way in which a spec is written: byte for byte that of gcloud, which is Python's
//! `json.dumps(…, sort_keys=True, indent=4, separators=(',', ': '))`. A version's digest is that of these bytes.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};

/// Writes the value; no newline follows the last bracket.
pub(crate) fn to_canonical_json(mut value: Value) -> String {
    // By bytes of UTF-8, which is the order of code points, which is Python's. Maps are sorted already unless some
    // crate of the build turns on `serde_json/preserve_order`; a digest must not hang on that.
    value.sort_all_objects();
    let mut bytes = Vec::new();
    let mut serializer =
        Serializer::with_formatter(&mut bytes, PythonFormatter(PrettyFormatter::with_indent(b"    ")));
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_else(|_| unreachable!("only ASCII is written")),
        Err(_) => unreachable!("a JSON value can be written and memory takes it"),
    }
}

/// The indentation of `serde_json` with Python's escapes and numbers.
struct PythonFormatter(PrettyFormatter<'static>);

impl Formatter for PythonFormatter {
    /// Everything outside printable ASCII as UTF-16 in `\uXXXX`; what must be escaped inside it never comes here.
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for character in fragment.chars() {
            match character {
                ' '..='~' => write!(writer, "{character}")?,
                _ => {
                    for unit in character.encode_utf16(&mut units) {
                        write!(writer, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }

    /// `serde_json` finds Python's digits (the shortest, the even one of two equally near, which Rust's own `{}` does
    /// not) and lays them out differently in two cases: exponents have a sign and two digits, and 0.00001 has one.
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        let mut text = Vec::new();
        self.0.write_f64(&mut text, number)?;
        let text = String::from_utf8_lossy(&text);
        let (sign, unsigned) = text.strip_prefix('-').map_or(("", &*text), |unsigned| ("-", unsigned));
        if let Some((mantissa, exponent)) = unsigned.split_once('e') {
            let (minus, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |digits| ("-", digits));
            let digits = digits.trim_start_matches('+');
            write!(writer, "{sign}{mantissa}e{minus}{digits:0>2}")
        } else if let Some(digits) = unsigned.strip_prefix("0.0000").filter(|digits| !digits.is_empty()) {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            write!(writer, "{sign}{first}{point}{rest}e-05")
        } else {
            writer.write_all(text.as_bytes())
        }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each expected text is what Python 3 prints for the value.
    #[test]
    fn values_are_written_as_python_writes_them() {
        for (value, expected) in [
            (json!({}), "{}"),
            (json!([]), "[]"),
            (
                json!({"b": [], "a": {}, "é": 1, "B": {"x": {"y": [true, null]}}}),
                "{\n    \"B\": {\n        \"x\": {\n            \"y\": [\n                true,\n                null\n            ]\n        }\n    },\n    \"a\": {},\n    \"b\": [],\n    \"\\u00e9\": 1\n}",
            ),
            (json!([[[]], [{}]]), "[\n    [\n        []\n    ],\n    [\n        {}\n    ]\n]"),
            (
                json!("\u{7f}\u{2028}😀\u{8}\u{c}\n\r\t\"\\/\u{1}"),
                "\"\\u007f\\u2028\\ud83d\\ude00\\b\\f\\n\\r\\t\\\"\\\\/\\u0001\"",
            ),
        ] {
            assert_eq!(to_canonical_json(value), expected);
        }
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (read, written) in [
            ("1e16", "1e+16"),
            ("1.5e16", "1.5e+16"),
            ("1e-5", "1e-05"),
            ("1.25e-7", "1.25e-07"),
            ("-0.00001234", "-1.234e-05"),
            ("0.00009", "9e-05"),
            ("2229792650000000.25", "2229792650000000.2"),
            ("0.0001", "0.0001"),
            ("1.0", "1.0"),
            ("-0.0", "-0.0"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
            ("9007199254740993", "9007199254740993"),
            ("1e300", "1e+300"),
            ("5e-324", "5e-324"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(to_canonical_json(serde_json::from_str(read).unwrap()), written);
        }
    }
}
