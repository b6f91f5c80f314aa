//! Words that are searched for, and words that are found: without case, accents and signs.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Of a text, so many characters are searched.
const LONGEST_TEXT: usize = 2000;
/// Of a run of letters without spaces, as Chinese and Japanese are written, so many beginnings.
const MOST_BEGINNINGS: usize = 40;

/// The words of a text that a search may begin with. Parts of names (`word_count.v2`, `DonorReport`) are words too, and so are they
/// together.
pub(super) fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    let mut words = Vec::new();
    for run in text.split_whitespace() {
        let parts = parts(run);
        if parts.len() > 1 {
            words.push(folded(run));
        }
        for part in parts {
            let word = folded(part);
            if word.chars().any(is_unspaced) {
                words.extend(
                    word.char_indices().skip(1).take(MOST_BEGINNINGS).map(|(at, _)| word[at..].to_owned()),
                );
            }
            words.push(word);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of a search: each must be found.
pub(super) fn asked(query: &str) -> Vec<String> {
    const MOST: usize = 12;
    let query: String = query.chars().take(200).collect();
    query.split_whitespace().map(folded).filter(|word| !word.is_empty()).take(MOST).collect()
}

/// A word without case, accents and signs.
fn folded(word: &str) -> String {
    let plain = word.nfkd().filter(|c| c.is_alphanumeric() && !is_combining_mark(*c));
    let mut folded = String::with_capacity(word.len());
    for c in plain.flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            // Capitals may become two characters.
            c if is_combining_mark(c) => {}
            c => folded.push(c),
        }
    }
    folded
}

/// The parts of a name: between signs, and where a capital follows a small letter.
fn parts(run: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in
        run.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|piece| !piece.is_empty())
    {
        let (mut begin, mut before) = (0, ' ');
        for (at, c) in piece.char_indices() {
            if c.is_uppercase() && before.is_lowercase() {
                parts.push(&piece[begin..at]);
                begin = at;
            }
            before = c;
        }
        parts.push(&piece[begin..]);
    }
    parts
}

/// Letters of scripts that have no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_signs_do_not_count() {
        for (text, expected) in [
            ("Monthly report", "monthly report"),
            ("Übersicht: Größe", "ubersicht grosse"),
            ("crème brûlée", "creme brulee"),
            ("Łódź Ærø", "lodz aero"),
            ("word_count.v2", "wordcountv2 word count v2"),
            ("DonorReport", "donorreport donor report"),
            ("it's", "its it s"),
            ("İstanbul", "istanbul"),
            ("  --  ", ""),
            ("Ⅷ ﬁle", "viii file"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        assert_eq!(asked("  Größe,  x "), ["grosse", "x"]);
        assert_eq!(asked(&"a ".repeat(100)).len(), 12);
    }

    #[test]
    fn scripts_without_spaces_are_found_in_the_middle() {
        assert_eq!(words("月次報告"), ["次報告", "報告", "告", "月次報告"]);
    }
}
