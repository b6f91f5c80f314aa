//! Rules for regular expressions that other readers read otherwise: RE2, which Google's service speaks, and the JavaScript of a
//! form in a browser.
//!
//! What each reader makes of each construct was tried out with RE2 and with `new RegExp(…)`, without flags, in V8.

use std::collections::HashMap;

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetBinaryOp, ClassSetItem, ClassSetRange, Flag, Flags,
    FlagsItemKind, GroupKind, HexLiteralKind, Literal, LiteralKind, RepetitionKind, RepetitionRange, Span,
    SpecialLiteralKind, Visitor, visit,
};

use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::lint::{Code, SHOWN};
use crate::shorten::shorten;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    // Templates repeat a few expressions hundreds of times.
    let mut known: HashMap<&str, Vec<Remark>> = HashMap::new();
    for declared in &context.parameters {
        for (index, pattern) in declared.parameter.regexes.iter().enumerate() {
            let text = pattern.text();
            let remarks = known.entry(text).or_insert_with(|| remarks(text));
            for remark in remarks.iter() {
                let place = declared.text("regexes", text, index);
                let draft = Draft::at(remark.code, &place, remark.message.as_str());
                findings.add(draft.hint(remark.hint.as_str()));
            }
        }
    }
}

/// What is to be said about a part of an expression.
#[derive(Debug)]
struct Remark {
    code: Code,
    message: String,
    hint: String,
}

fn remarks(text: &str) -> Vec<Remark> {
    let mut reader = Reader { text, remarks: Vec::new(), depth: 0 };
    if is_plain(text) {
        return Vec::new();
    }
    if let Ok(ast) = Parser::new().parse(text) {
        // The reader stops nowhere.
        let Ok(()) = visit(&ast, &mut reader);
    }
    reader.remarks
}

/// Whether there is nothing in an expression that any reader could read otherwise, as in most: seen without parsing it.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes().peekable();
    let (mut is_inside, mut previous) = (false, 0);
    while let Some(byte) = bytes.next() {
        let next = bytes.peek().copied().unwrap_or_default();
        let is_common = match byte {
            b'\\' => {
                let escaped = bytes.next().unwrap_or_default();
                matches!(escaped, b'n' | b'r' | b't')
                    || !(escaped.is_ascii_alphabetic() || matches!(escaped, b'<' | b'>'))
            }
            b'[' => !std::mem::replace(&mut is_inside, true) && next != b']',
            b'^' => !is_inside || next != b']',
            b']' => {
                is_inside = false;
                true
            }
            b'(' => next != b'?',
            b'&' | b'~' => next != byte,
            b'-' if is_inside => is_common_range(previous, next),
            _ => true,
        };
        if !is_common {
            return false;
        }
        previous = byte;
    }
    // A count of more than 999, perhaps.
    !text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit))
}

/// Whether a hyphen stands at an end of brackets, or between digits or letters of one case.
fn is_common_range(from: u8, to: u8) -> bool {
    let both = |is: fn(&u8) -> bool| is(&from) && is(&to);
    from == b'['
        || to == b']'
        || both(u8::is_ascii_digit)
        || both(u8::is_ascii_lowercase)
        || both(u8::is_ascii_uppercase)
}

/// Goes over an expression and remarks what is read in more than one way, each construct once.
struct Reader<'text> {
    text: &'text str,
    remarks: Vec<Remark>,
    /// How many brackets of classes are open.
    depth: usize,
}

impl Reader<'_> {
    fn written(&self, span: &Span) -> String {
        shorten(self.text.get(span.start.offset..span.end.offset).unwrap_or_default(), SHOWN)
    }

    fn remark(&mut self, code: Code, message: String, hint: impl Into<String>) {
        if self.remarks.iter().all(|known| known.message != message) {
            self.remarks.push(Remark { code, message, hint: hint.into() });
        }
    }

    /// A construct, what others make of it, and what to write instead.
    fn differs(&mut self, span: &Span, others: &str, hint: impl Into<String>) {
        let message = format!("`{}` is not read alike everywhere: {others}", self.written(span));
        self.remark(Code::RegexDialect, message, hint);
    }

    fn assertion(&mut self, span: &Span, kind: &AssertionKind) {
        const REST: &str = "JavaScript takes the backslash for nothing and reads a letter";
        match kind {
            AssertionKind::StartLine | AssertionKind::EndLine => {}
            AssertionKind::StartText => self.differs(span, REST, "write `^`"),
            AssertionKind::EndText => self.differs(span, REST, "write `$`"),
            AssertionKind::WordBoundary | AssertionKind::NotWordBoundary => self.differs(
                span,
                "RE2 and JavaScript know only the letters a to z as those of words",
                "say which characters may stand there, like `[^0-9A-Za-z_]`",
            ),
            AssertionKind::WordBoundaryStartAngle | AssertionKind::WordBoundaryEndAngle => {
                self.differs(span, "RE2 and JavaScript read the character itself", "leave out the backslash");
            }
            _ => self.differs(
                span,
                "RE2 and JavaScript read `\\b` and then the braces as text",
                "say which characters may stand there",
            ),
        }
    }

    fn perl_class(&mut self, span: &Span, kind: &ClassPerlKind) {
        let (others, instead) = match kind {
            ClassPerlKind::Digit => {
                ("tmpl takes digits of every script, RE2 and JavaScript only 0 to 9", "0-9")
            }
            ClassPerlKind::Word => (
                "tmpl takes letters of every script, RE2 and JavaScript only those from a to z",
                "0-9A-Za-z_",
            ),
            ClassPerlKind::Space => {
                ("RE2 knows only the blanks of ASCII, tmpl and JavaScript those of Unicode", " \\t\\n\\r\\f")
            }
        };
        let is_negated = self.written(span).ends_with(|last: char| last.is_ascii_uppercase());
        let hint = match (self.depth, is_negated) {
            (0, false) => format!("write `[{instead}]`"),
            (0, true) => format!("write `[^{instead}]`"),
            (_, false) => format!("write `{instead}` inside the brackets"),
            (_, true) => "list the characters that are meant".to_owned(),
        };
        self.differs(span, others, hint);
    }

    fn flags(&mut self, span: &Span, flags: &Flags) {
        let is_ours = |flag: &Flag| matches!(flag, Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace);
        let mut items = flags.items.iter().map(|item| &item.kind);
        let others = if items.clone().any(|item| matches!(item, FlagsItemKind::Flag(flag) if is_ours(flag))) {
            "RE2 and JavaScript refuse it"
        } else {
            "JavaScript refuses it"
        };
        let ignores_case = items.any(|item| *item == FlagsItemKind::Flag(Flag::CaseInsensitive));
        let hint =
            if ignores_case { "name both cases, like `[aA]`" } else { "write the expression without flags" };
        self.differs(span, others, hint);
    }

    fn literal(&mut self, literal: &Literal) {
        let (others, hint) = match &literal.kind {
            LiteralKind::HexBrace(HexLiteralKind::X) => {
                ("JavaScript reads that many letters x", "write the character itself")
            }
            LiteralKind::HexBrace(_) | LiteralKind::HexFixed(HexLiteralKind::UnicodeLong) => {
                ("RE2 refuses it and JavaScript reads the letter", "write the character itself")
            }
            LiteralKind::HexFixed(HexLiteralKind::UnicodeShort) => {
                ("RE2 refuses it", "write the character itself")
            }
            LiteralKind::Special(SpecialLiteralKind::Bell) => {
                ("JavaScript reads the letter a", "write `\\x07`")
            }
            _ => return,
        };
        self.differs(&literal.span, others, hint);
    }

    /// `A-z` has six other characters between `Z` and `a`; `:-_` all capital letters.
    fn range(&mut self, range: &ClassSetRange) {
        let (start, end) = (range.start.c, range.end.c);
        let is_same_kind = |is: fn(&char) -> bool| is(&start) && is(&end);
        let is_letters_or_digits = is_same_kind(char::is_ascii_digit)
            || is_same_kind(char::is_ascii_lowercase)
            || is_same_kind(char::is_ascii_uppercase);
        // All that can be printed is meant as it is written, and so is what has no place on a keyboard.
        let is_idiom =
            matches!(start, ' ' | '!') && end == '~' || !start.is_ascii_graphic() || !end.is_ascii();
        if is_letters_or_digits || is_idiom {
            return;
        }
        let between = || (start..=end).filter(|character| *character != start && *character != end);
        let surprising: String = if start.is_ascii_alphanumeric() && end.is_ascii_alphanumeric() {
            between().filter(|character| !character.is_ascii_alphanumeric()).collect()
        } else {
            between().filter(char::is_ascii_alphanumeric).collect()
        };
        if surprising.is_empty() {
            return;
        }
        let written = self.written(&range.span);
        let message = format!("the range `{written}` also takes `{surprising}`");
        let hint = if start.is_ascii_alphanumeric() && end.is_ascii_alphanumeric() {
            "write `A-Za-z`, or what else is meant"
        } else {
            "put the hyphen first or last if it is meant itself"
        };
        self.remark(Code::RegexRange, message, hint);
    }
}

impl Visitor for &mut Reader<'_> {
    type Output = ();
    type Err = std::convert::Infallible;

    fn finish(self) -> Result<(), Self::Err> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        /// The most repetitions that RE2 counts.
        const MOST_REPETITIONS: u32 = 1000;
        match ast {
            Ast::Flags(flags) => self.flags(&flags.span, &flags.flags),
            Ast::Literal(literal) => self.literal(literal),
            Ast::Assertion(assertion) => self.assertion(&assertion.span, &assertion.kind),
            Ast::ClassUnicode(class) => self.differs(&class.span, UNICODE, "list the ranges that are meant"),
            Ast::ClassPerl(class) => self.perl_class(&class.span, &class.kind),
            Ast::ClassBracketed(class) => {
                let written = self.written(&class.span);
                if written.starts_with("[]") || written.starts_with("[^]") {
                    let others = "JavaScript ends the brackets at the first `]`";
                    self.differs(&class.span, others, "write `\\]`");
                }
            }
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => self.flags(&group.span, flags),
                GroupKind::CaptureName { starts_with_p: true, .. } => {
                    self.differs(&group.span, "JavaScript refuses it", "leave out the name");
                }
                _ => {}
            },
            Ast::Repetition(repetition) => {
                let most = match &repetition.op.kind {
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(most)
                        | RepetitionRange::AtLeast(most)
                        | RepetitionRange::Bounded(_, most),
                    ) => *most,
                    _ => 0,
                };
                if most > MOST_REPETITIONS {
                    let hint = "write a smaller count; `tmpl.max` bounds a number, not the length of a text";
                    self.differs(&repetition.op.span, "RE2 counts to 1000 and refuses it", hint);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => self.range(range),
            ClassSetItem::Ascii(class) => {
                let others = "JavaScript takes the brackets for characters";
                self.differs(&class.span, others, "list the ranges that are meant, like `A-Za-z`");
            }
            ClassSetItem::Unicode(class) => {
                self.differs(&class.span, UNICODE, "list the ranges that are meant");
            }
            ClassSetItem::Perl(class) => {
                self.depth = 1;
                self.perl_class(&class.span, &class.kind);
                self.depth = 0;
            }
            ClassSetItem::Bracketed(class) => {
                let others = "RE2 and JavaScript end the outer brackets at the first `]`";
                self.differs(
                    &class.span,
                    others,
                    "list the characters in one pair of brackets, `[` as `\\[`",
                );
            }
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => {}
        }
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, operation: &ClassSetBinaryOp) -> Result<(), Self::Err> {
        let is_set = |set: &ClassSet| !matches!(set, ClassSet::Item(ClassSetItem::Empty(_)));
        let hint = if is_set(&operation.lhs) && is_set(&operation.rhs) {
            "list the characters that are meant"
        } else {
            "put a backslash before the character"
        };
        self.differs(&operation.span, "RE2 and JavaScript take the signs for characters", hint);
        Ok(())
    }
}

const UNICODE: &str = "JavaScript takes the backslash for nothing and reads the letter p";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_in_more_than_one_way_is_remarked() {
        use Code::{RegexDialect, RegexRange};
        for (regex, expected) in [
            (r"^\d+$", vec![(RegexDialect, r"`\d`", "write `[0-9]`")]),
            (r"^[\w.]+$", vec![(RegexDialect, r"`\w`", "write `0-9A-Za-z_` inside the brackets")]),
            (
                r"^\D\d\d$",
                vec![(RegexDialect, r"`\D`", "write `[^0-9]`"), (RegexDialect, r"`\d`", "write `[0-9]`")],
            ),
            (r"\Aa\z", vec![(RegexDialect, r"`\A`", "write `^`"), (RegexDialect, r"`\z`", "write `$`")]),
            (r"\ba", vec![(RegexDialect, r"`\b`", "say which characters")]),
            (r"\<a", vec![(RegexDialect, r"`\<`", "leave out the backslash")]),
            (r"\b{start}a", vec![(RegexDialect, r"`\b{start}`", "say which")]),
            ("(?i)a", vec![(RegexDialect, "`(?i)`", "name both cases")]),
            ("(?s:a)", vec![(RegexDialect, "`(?s:a)`", "write the expression without flags")]),
            ("(?P<n>a)", vec![(RegexDialect, "`(?P<n>a)`", "leave out the name")]),
            (r"\pL", vec![(RegexDialect, r"`\pL`", "list the ranges")]),
            (r"[\p{Greek}]", vec![(RegexDialect, r"`\p{Greek}`", "list the ranges")]),
            ("[[:alpha:]]", vec![(RegexDialect, "`[:alpha:]`", "list the ranges")]),
            (
                "[a-z&&[^b]]",
                vec![(RegexDialect, "`a-z&&[^b]`", "list the char"), (RegexDialect, "`[^b]`", "list")],
            ),
            ("[a-z--b]", vec![(RegexDialect, "`a-z--b`", "list the characters")]),
            ("[a[b]]", vec![(RegexDialect, "`[b]`", "list the characters")]),
            ("[]a]", vec![(RegexDialect, "`[]a]`", r"write `\]`")]),
            ("[^]a]", vec![(RegexDialect, "`[^]a]`", r"write `\]`")]),
            (r"\x{41}", vec![(RegexDialect, r"`\x{41}`", "write the character")]),
            (r"\u0041", vec![(RegexDialect, r"`\u0041`", "write the character")]),
            (r"\a", vec![(RegexDialect, r"`\a`", r"write `\x07`")]),
            ("a{1001}", vec![(RegexDialect, "`{1001}`", "write a smaller count")]),
            ("[A-z]", vec![(RegexRange, "the range `A-z` also takes `[\\]^_``", "write `A-Za-z`")]),
            ("[/:-_.a-z]", vec![(RegexRange, "the range `:-_` also takes `ABCD", "put the hyphen first")]),
            ("[+-.]", vec![]),
            ("[ -~]", vec![]),
            ("[0-9a-zA-Z_-]{1,63}", vec![]),
            (r"^gs:\/\/[^\n\r]+$", vec![]),
            (r"[a-zA-Z0-9\-\_\/]+", vec![]),
            (r"[a-zA-Z][-_.~+%a-zA-Z0-9]{2,}", vec![]),
            (r".+[\.:].+\..+", vec![]),
            (r"^(?:a|b)$", vec![]),
            (r"(?<n>a)", vec![]),
            (r"\x41", vec![]),
        ] {
            let found = remarks(regex);
            assert_eq!(found.len(), expected.len(), "{regex}: {found:?}");
            for (remark, (code, message, hint)) in found.iter().zip(expected) {
                assert_eq!(remark.code, code, "{regex}");
                assert!(remark.message.starts_with(message), "{regex}: {}", remark.message);
                assert!(remark.hint.starts_with(hint), "{regex}: {}", remark.hint);
            }
        }
    }

    #[test]
    fn an_expression_that_is_not_parsed_has_nothing_to_remark() {
        for regex in [r"^gs:\/\/[^\n\r]+$", "^(a|b)$", "[0-9]+", "^[a-z0-9]+(-[a-z0-9]+)+$", "[-a]"] {
            let mut reader = Reader { text: regex, remarks: Vec::new(), depth: 0 };
            let Ok(()) = visit(&Parser::new().parse(regex).unwrap(), &mut reader);
            assert!(reader.remarks.is_empty(), "{regex}");
        }
        assert!(is_plain(r"^gs:\/\/[^\n\r]+$") && is_plain("[0-9a-zA-Z]+") && !is_plain("[A-z]"));
    }
}
