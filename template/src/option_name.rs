//! The names that an option of a program can have.

/// Whether a name can be the name of an option.
pub(crate) fn is_option_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-'))
}
