//! Which known name somebody meant who wrote an unknown one.

/// The known name most like the written one, if any is like it. Of equals the first.
pub fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LIKE: f64 = 0.8;
    // The comparison takes the product of both lengths; nobody mistypes a name this long.
    const LONGEST: usize = 256;
    if written.len() > LONGEST {
        return None;
    }
    let written = normal(written);
    let mut best: Option<(f64, &str)> = None;
    for name in known.filter(|name| name.len() <= LONGEST) {
        let likeness = strsim::jaro_winkler(&written, &normal(name));
        if likeness >= LIKE && best.is_none_or(|(found, _)| likeness > found) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `inputFile`, `input-file` and `--input_file` are the same slip away from each other.
fn normal(name: &str) -> String {
    let letters = name.chars().filter(|character| !matches!(character, '-' | '_' | '.'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_wins_and_of_equals_the_first() {
        for (known, expected) in [
            (["output_dir", "output_file"], "output_file"),
            (["output_file", "output_dir"], "output_file"),
            (["outputFile", "output_file"], "outputFile"),
        ] {
            assert_eq!(nearest("output-fiel", known.into_iter()), Some(expected));
        }
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["input", "output", "min_length", "case"];
        for (written, expected) in [
            ("inptu", Some("input")),
            ("Output", Some("output")),
            ("--input", Some("input")),
            ("minLength", Some("min_length")),
            ("min-lenght", Some("min_length")),
            ("region", None),
            ("", None),
            (&"input".repeat(100), None),
        ] {
            assert_eq!(nearest(written, known.into_iter()), expected, "{written}");
        }
    }
}
