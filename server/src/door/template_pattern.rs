//! Which templates a rule is about.

use serde::Deserialize;
use tmpl_template::TemplateName;

/// Names of templates, in which `*` stands for anything: `payroll-*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TemplatePattern(String);

/// A text that fits no template.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it fits no template: names have a-z, 0-9, `.`, `_` and `-`, and `*` stands for anything")]
pub struct FitsNothing;

impl TryFrom<String> for TemplatePattern {
    type Error = FitsNothing;

    fn try_from(text: String) -> Result<Self, FitsNothing> {
        // With any letter in place of the star it would have to be a name.
        let name = text.replace('*', "a");
        if name.parse::<TemplateName>().is_ok() { Ok(Self(text)) } else { Err(FitsNothing) }
    }
}

impl TemplatePattern {
    /// Whether a template is meant.
    pub(super) fn fits(&self, name: &TemplateName) -> bool {
        let name = name.as_str();
        let Some((begin, rest)) = self.0.split_once('*') else { return self.0 == name };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut between) = name.strip_prefix(begin).and_then(|name| name.strip_suffix(end)) else {
            return false;
        };
        for part in middle.split('*') {
            let Some((_, after)) = between.split_once(part) else { return false };
            between = after;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_they_say() {
        for (pattern, name, fits) in [
            ("payroll", "payroll", true),
            ("payroll", "payroll-2", false),
            ("payroll-*", "payroll-monthly", true),
            ("payroll-*", "payroll-", true),
            ("payroll-*", "payroll", false),
            ("payroll-*", "my-payroll-monthly", false),
            ("*-payroll", "my-payroll", true),
            ("*", "anything", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
        ] {
            let pattern = TemplatePattern::try_from(pattern.to_owned()).unwrap();
            assert_eq!(pattern.fits(&name.parse().unwrap()), fits, "{pattern:?} {name}");
        }
        for pattern in ["", "Payroll", "pay roll", "../*", "payroll-?"] {
            assert!(TemplatePattern::try_from(pattern.to_owned()).is_err(), "{pattern}");
        }
    }
}
