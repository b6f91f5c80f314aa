//! Colours and fonts of the picture, for light pages and for dark ones.
//!
//! No variables of CSS: not every viewer of SVG knows them. Texts have a contrast of 7:1 or more against what they stand on.

use std::fmt::Write as _;

/// The rules of one scheme: a class and its colour.
struct Scheme {
    page: &'static str,
    ink: &'static str,
    soft: &'static str,
    line: &'static str,
    frame: &'static str,
    step: &'static str,
    begin: &'static str,
    join: &'static str,
    end: &'static str,
    pass: &'static str,
    done: &'static str,
    running: &'static str,
    failed: &'static str,
    cancelled: &'static str,
}

const LIGHT: Scheme = Scheme {
    page: "#ffffff",
    ink: "#1f2328",
    soft: "#454c55",
    line: "#68717c",
    frame: "#f6f8fa",
    step: "#ffffff",
    begin: "#dff3e1",
    join: "#dceafb",
    end: "#faebd5",
    pass: "#eceef0",
    done: "#1a7f37",
    running: "#0b5cad",
    failed: "#c21b1b",
    cancelled: "#8a5a00",
};

const DARK: Scheme = Scheme {
    page: "#0d1117",
    ink: "#f0f3f6",
    soft: "#c3cbd4",
    line: "#8b949e",
    frame: "#151a21",
    step: "#1f252d",
    begin: "#133a1f",
    join: "#13304f",
    end: "#46300f",
    pass: "#2b3139",
    done: "#4ac26b",
    running: "#6cb6ff",
    failed: "#ff8a80",
    cancelled: "#e3b341",
};

/// The picture's style sheet.
pub(super) fn sheet() -> String {
    let fonts = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
    format!(
        ".tmpl-graph{{font-family:{fonts}}}.tmpl-graph text{{font-size:13px}}.tmpl-graph .soft{{font-size:11px}}\
         .tmpl-graph .head{{font-weight:600}}.tmpl-graph .page,.tmpl-graph .bar{{stroke:none}}\
         .tmpl-graph path{{fill:none;stroke-width:1.4}}.tmpl-graph .side{{stroke-dasharray:5 4}}\
         .tmpl-graph marker path{{stroke:none}}\n{}\n@media (prefers-color-scheme:dark){{{}}}",
        LIGHT.rules(),
        DARK.rules()
    )
}

impl Scheme {
    fn rules(&self) -> String {
        let Self {
            page,
            ink,
            soft,
            line,
            frame,
            step,
            begin,
            join,
            end,
            pass,
            done,
            running,
            failed,
            cancelled,
        } = self;
        let mut rules = format!(
            ".tmpl-graph .page{{fill:{page}}}.tmpl-graph text{{fill:{ink}}}.tmpl-graph text.soft{{fill:{soft}}}\
             .tmpl-graph .box{{stroke:{line}}}.tmpl-graph path{{stroke:{line}}}.tmpl-graph marker path{{fill:{line}}}"
        );
        for (class, fill) in [
            ("frame", frame),
            ("step", step),
            ("begin", begin),
            ("join", join),
            ("end", end),
            ("pass", pass),
            ("done", done),
            ("running", running),
            ("failed", failed),
            ("cancelled", cancelled),
            ("waiting", line),
        ] {
            let _ = write!(rules, ".tmpl-graph .{class}{{fill:{fill}}}");
        }
        rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn texts_and_marks_are_seen_in_both_schemes() {
        for scheme in [LIGHT, DARK] {
            for ground in
                [scheme.page, scheme.frame, scheme.step, scheme.begin, scheme.join, scheme.end, scheme.pass]
            {
                for text in [scheme.ink, scheme.soft] {
                    assert!(contrast(text, ground) >= 7.0, "{text} on {ground}: {}", contrast(text, ground));
                }
                for mark in [scheme.line, scheme.done, scheme.running, scheme.failed, scheme.cancelled] {
                    assert!(contrast(mark, ground) >= 3.0, "{mark} on {ground}: {}", contrast(mark, ground));
                }
            }
        }
    }
}
