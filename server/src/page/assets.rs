//! The style sheet, the script and the icon: in the program itself, served under names with their digest, and kept by browsers for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tmpl_template::{hex, sha256_of};

use crate::problem::Problem;
use crate::text::problem as text;

/// So many digits of the digest are in a name.
const DIGITS: usize = 12;

/// A file of the page.
struct Asset {
    name: String,
    kind: &'static str,
    bytes: Bytes,
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", shortened(include_str!("../../assets/style.css")))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "script",
        "js",
        "text/javascript; charset=utf-8",
        shortened(include_str!("../../assets/script.js")),
    )
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon", "svg", "image/svg+xml", include_str!("../../assets/icon.svg").to_owned())
});

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, text: String) -> Self {
        let digest = sha256_of(text.as_bytes());
        let digits = hex(&digest).get(..DIGITS).unwrap_or_default().to_owned();
        Self { name: format!("{stem}-{digits}.{ending}"), kind, bytes: text.into() }
    }
}

/// A text without what only those read who write it: lines that are comments, and the room before lines. No line of ours begins within
/// a text of several lines.
fn shortened(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        let begins = line.starts_with("/*");
        let is_comment = goes_on || begins || line.starts_with("//");
        goes_on = (goes_on || begins) && !line.ends_with("*/");
        if !is_comment && !line.is_empty() {
            short.push_str(line);
            short.push('\n');
        }
    }
    short
}

/// The address of the style sheet.
pub(crate) fn style() -> String {
    format!("/assets/{}", STYLE.name)
}

/// The address of the script.
pub(crate) fn script() -> String {
    format!("/assets/{}", SCRIPT.name)
}

/// The address of the icon.
pub(crate) fn icon() -> String {
    format!("/assets/{}", ICON.name)
}

/// `/assets/{name}`.
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let known: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];
    let found = known.into_iter().find(|asset| asset.name == name);
    let Asset { kind, bytes, .. } = found.ok_or_else(|| Problem::not_found(text::NOTHING_HERE_DETAIL))?;
    let headers = [(CONTENT_TYPE, *kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, bytes.clone()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_fetches_is_small() {
        let (style, script) = (STYLE.bytes.len(), SCRIPT.bytes.len());
        assert!(style < 17_000 && script < 13_000, "{style} and {script} bytes");
    }

    #[test]
    fn what_is_served_is_what_was_written() {
        let text = "/* one\n  two */\na {\n  b: c; /* d */\n}\n\n// e\n  f(\"//g\"); // h\n";
        assert_eq!(shortened(text), "a {\nb: c; /* d */\n}\nf(\"//g\"); // h\n");
        let script = include_str!("../../assets/script.js");
        let of_one_line = |line: &str| line.matches('`').count().is_multiple_of(2);
        assert!(script.lines().all(of_one_line), "a text of several lines would lose the room before them");
    }

    /// The contrast of two colours, as the accessibility guidelines of the web reckon it.
    fn contrast(one: &str, two: &str) -> f64 {
        let luminance = |colour: &str| {
            let part = |at: usize| {
                let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
        };
        let (one, two) = (luminance(one), luminance(two));
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    #[test]
    fn texts_are_read_and_edges_are_seen_in_both_schemes() {
        let style = str::from_utf8(&STYLE.bytes).unwrap();
        let schemes: Vec<&str> = style.split(":root {").skip(1).take(2).collect();
        assert_eq!(schemes.len(), 2);
        for scheme in schemes {
            let colour = |name: &str| {
                let from = scheme.find(&format!("--{name}: #")).unwrap() + name.len() + 4;
                &scheme[from..from + 7]
            };
            let check = |one: &str, two: &str, least: f64| {
                let found = contrast(colour(one), colour(two));
                assert!(found >= least, "{one} on {two}: {found:.2}");
            };
            for ground in ["paper", "sheet", "well"] {
                for text in ["ink", "soft", "accent", "bad"] {
                    check(text, ground, 4.5);
                }
                check("edge", ground, 3.0);
            }
            for (text, ground) in [
                ("on-accent", "accent"),
                ("on-accent", "accent-deep"),
                ("accent-deep", "accent-wash"),
                ("accent-deep", "well"),
                ("sheet", "bad"),
            ] {
                check(text, ground, 4.5);
            }
            for kind in ["good", "bad", "odd", "run"] {
                check(kind, &format!("{kind}-wash"), 4.5);
                for text in ["ink", "accent", "soft"] {
                    check(text, &format!("{kind}-wash"), 4.5);
                }
            }
        }
    }
}
