//! Rules for what nobody but the program should see.

use crate::lint::Code;
use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::{Parameter, ParameterType};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for declared in &context.parameters {
        check_parameter(declared, findings);
    }
    let Some(command) = context.command else { return };
    for (name, value) in &command.default_parameter_values {
        if !value.is_empty() && (names_secret(name) || is_credential(value)) {
            let place = context.root.get("defaultParameterValues").and_then(|values| values.member(name));
            let message = format!("`{name}` looks like a secret: whoever can read the image reads its value");
            let place = place.unwrap_or_else(|| context.root.clone());
            findings.add(Draft::at(Code::SecretInClear, &place, message).hint("let each launch give it"));
        }
    }
}

fn check_parameter(declared: &Declared<'_>, findings: &mut Findings) {
    let parameter = declared.parameter;
    let default = parameter.default_value.as_deref().unwrap_or_default();
    for (key, text) in [("defaultValue", default), ("tmpl.example", parameter.example().unwrap_or_default())]
    {
        let is_reference = text.is_empty() || text.starts_with("env:") || text.starts_with("file:");
        let is_clear = is_credential(text) || (key == "defaultValue" && parameter.secret() && !is_reference);
        if is_clear {
            let place = if key == "defaultValue" { declared.key(key) } else { declared.custom(key) };
            let message = "a secret stands in the template: whoever can read the template reads it";
            let draft = Draft::at(Code::SecretInClear, &place, message);
            findings.add(draft.hint("remove it, and replace it where it is used: it may have been seen"));
        }
    }
    if parameter.custom_key("tmpl.secret").is_none() && is_secret(parameter) {
        let message = format!(
            "`{}` looks like a secret, and its value would be seen in records, logs and the list of processes",
            parameter.name
        );
        let draft = Draft::at(Code::SecretInClear, &declared.key("name"), message);
        findings.add(draft.hint(
            "add `\"customMetadata\": {\"tmpl.secret\": \"true\", \"tmpl.pass\": \"env\"}`; \
             if it is none, write `\"tmpl.secret\": \"false\"`",
        ));
    }
}

fn is_secret(parameter: &Parameter) -> bool {
    let takes_text = matches!(
        parameter.parameter_type(),
        ParameterType::Default | ParameterType::Text | ParameterType::Other(_)
    );
    // The name of a secret in a store is none itself, nor is one of a few words.
    let names_store = |text: &str| text.contains("secrets") || text.contains("cryptoKeys");
    let is_named = parameter
        .regexes
        .iter()
        .any(|regex| names_store(regex.text()) || regex.text().contains("true|false"));
    let is_choice = !parameter.enum_options.is_empty();
    takes_text
        && !is_named
        && !is_choice
        && (names_secret(&parameter.name) || titles_secret(&parameter.label))
}

/// Whether a name is that of a secret, and not that of its place, kind or number: `apiToken`, but not `tokenSecretId`.
fn names_secret(name: &str) -> bool {
    let words = words(name);
    let is_about = |word: &String| ABOUT_SECRETS.contains(&word.as_str());
    has_secret_word(&words) && !words.iter().any(is_about)
}

/// Whether a label is the title of a secret: "API key", but not a sentence in which one is spoken of.
fn titles_secret(label: &str) -> bool {
    const TITLE: usize = 3;
    let words = words(label);
    words.len() <= TITLE
        && has_secret_word(&words)
        && !words.iter().any(|word| ABOUT_SECRETS.contains(&word.as_str()))
}

fn has_secret_word(words: &[String]) -> bool {
    let is_word = |word: &String| SECRETS.contains(&word.as_str());
    let is_pair = |pair: &[String]| match pair {
        [first, second] => PAIRS.contains(&(first.as_str(), second.as_str())),
        _ => false,
    };
    words.iter().any(is_word) || words.windows(2).any(is_pair)
}

const SECRETS: [&str; 10] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "privatekey",
];

const PAIRS: [(&str, &str); 5] =
    [("api", "key"), ("access", "key"), ("private", "key"), ("secret", "key"), ("auth", "key")];

/// Words that make of a secret's name the name of something about it.
const ABOUT_SECRETS: [&str; 38] = [
    "id",
    "ids",
    "name",
    "path",
    "file",
    "uri",
    "url",
    "endpoint",
    "source",
    "version",
    "project",
    "location",
    "provider",
    "type",
    "kind",
    "mode",
    "field",
    "column",
    "count",
    "max",
    "min",
    "limit",
    "number",
    "size",
    "topic",
    "table",
    "ttl",
    "expiry",
    "timeout",
    "kms",
    "encryption",
    "manager",
    "bucket",
    "user",
    "separator",
    "enabled",
    "format",
    "header",
];

/// The words of a name in camel or snake case or of a label, in lower case, without digits behind them.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        // `apiKey` is two words, and so is `HECToken`.
        let begins = character.is_uppercase() && (was_lower || (next_is_lower && !word.is_empty()));
        if (begins || !character.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        was_lower = character.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a text has the form that a service gives its keys.
fn is_credential(text: &str) -> bool {
    let has_form = |prefix: &str, length: usize| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            rest.len() >= length && rest.bytes().all(is_key)
        })
    };
    text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----")
        || [
            ("AKIA", 16),
            ("ASIA", 16),
            ("AIza", 35),
            ("ghp_", 36),
            ("github_pat_", 36),
            ("glpat-", 20),
            ("xoxb-", 20),
            ("xoxp-", 20),
            ("sk-", 32),
        ]
        .into_iter()
        .any(|(prefix, length)| has_form(prefix, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for (name, expected) in [
            ("password", true),
            ("neo4jPassword", true),
            ("access_token", true),
            ("HECToken", true),
            ("apiKey", true),
            ("api-key", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("clientSecret", true),
            ("tokenSecretId", false),
            ("tokenKMSEncryptionKey", false),
            ("tokenSource", false),
            ("secretId1", false),
            ("passwordFile", false),
            ("credentials_path", false),
            ("max_tokens", false),
            ("tokens", false),
            ("tokenizer", false),
            ("primaryKey", false),
            ("keyColumn", false),
            ("key", false),
            ("", false),
        ] {
            assert_eq!(names_secret(name), expected, "{name}");
        }
        for (label, expected) in [
            ("Password", true),
            ("API key", true),
            ("HEC Authentication token.", true),
            ("Source of the token passed", false),
            ("Google Cloud KMS encryption key for the token", false),
            ("Secret Manager ID", false),
        ] {
            assert_eq!(titles_secret(label), expected, "{label}");
        }
    }

    #[test]
    fn credentials_have_a_form() {
        for (text, expected) in [
            ("AKIAIOSFODNN7EXAMPLE", true),
            ("AKIA", false),
            ("-----BEGIN PRIVATE KEY-----\nMII", true),
            ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", true),
            ("sk-learn", false),
            ("gs://bucket/AKIAIOSFODNN7EXAMPLE", false),
        ] {
            assert_eq!(is_credential(text), expected, "{text}");
        }
    }
}
