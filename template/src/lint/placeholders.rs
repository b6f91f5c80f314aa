//! Rules for texts that somebody, or something, was to replace by real ones.

use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::Place;
use crate::lint::{Code, SHOWN};
use crate::shorten::shorten;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    const OF_SPECS: [&str; 4] = [
        "image",
        "imageRepositoryUsernameSecretId",
        "imageRepositoryPasswordSecretId",
        "imageRepositoryCertPath",
    ];
    const OF_COMMANDS: [&str; 3] = ["pyFile", "mainClass", "classPath"];
    let add = |place: &Place<'_>, find: fn(&str) -> Option<&str>, findings: &mut Findings| {
        let Some(text) = place.said() else { return };
        let Some(placeholder) = find(&text) else { return };
        let message = format!("`{}` was to be replaced by something real", shorten(placeholder, SHOWN));
        findings.add(Draft::at(Code::Placeholder, place, message).hint("write what is meant"));
    };
    let root = &context.root;
    if context.spec.is_some() {
        OF_SPECS.iter().filter_map(|key| root.get(key)).for_each(|place| add(&place, in_address, findings));
        if let Some(environment) = root.get("defaultEnvironment") {
            environment.members().for_each(|member| add(&member.place(), in_address, findings));
        }
    }
    if context.command.is_some() {
        OF_COMMANDS
            .iter()
            .filter_map(|key| root.get(key))
            .for_each(|place| add(&place, of_build_tool, findings));
    }
    if let Some((_, metadata)) = &context.metadata {
        let texts = ["name", "description"].into_iter();
        texts.filter_map(|key| metadata.get(key)).for_each(|place| add(&place, of_build_tool, findings));
    }
    for declared in &context.parameters {
        let parameter = declared.parameter;
        if of_build_tool(&parameter.label).is_some() {
            add(&declared.key("label"), of_build_tool, findings);
        }
        if parameter.default_value.as_deref().is_some_and(|default| of_example(default).is_some()) {
            add(&declared.key("defaultValue"), of_example, findings);
        }
    }
}

/// `${project}` and `{{ project }}`.
fn of_build_tool(text: &str) -> Option<&str> {
    [("${", "}"), ("{{", "}}")].into_iter().find_map(|(open, close)| between(text, open, close, |_| true))
}

/// `<project>` and `your-project`.
fn of_example(text: &str) -> Option<&str> {
    let is_name = |inside: &str| {
        inside.starts_with(|first: char| first.is_ascii_alphabetic())
            && inside.chars().all(|character| character.is_ascii_alphanumeric() || " _-.".contains(character))
    };
    between(text, "<", ">", is_name).or_else(|| {
        segments(text).find(|segment| {
            let segment = segment.to_ascii_lowercase();
            ["your-", "your_"].iter().any(|prefix| segment.starts_with(prefix))
                || matches!(segment.as_str(), "changeme" | "change-me" | "placeholder" | "todo" | "tbd")
        })
    })
}

/// Any of these, and what cannot stand in the address of an image, a bucket or an account: `$PROJECT`, `PROJECT_ID`,
/// `project-id`.
fn in_address(text: &str) -> Option<&str> {
    of_build_tool(text).or_else(|| of_example(text)).or_else(|| {
        segments(text).find(|segment| {
            let name = segment.trim_start_matches('$');
            let is_variable =
                name.len() < segment.len() && name.starts_with(|first: char| first.is_ascii_alphabetic());
            let plain = name.to_ascii_lowercase().replace('_', "-");
            let is_example = matches!(
                plain.as_str(),
                "project-id"
                    | "my-project-id"
                    | "image-name"
                    | "bucket-name"
                    | "project-name"
                    | "repository-name"
            );
            // Addresses are written in lower case but for the tag, where a version has a digit.
            let is_capital =
                name.len() > 2 && name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
            is_variable || is_example || (is_capital && text.contains('/'))
        })
    })
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| "/:@, ".contains(character)).filter(|segment| !segment.is_empty())
}

/// The first piece of a text from one mark to the next, with both.
fn between<'a>(text: &'a str, open: &str, close: &str, is_meant: impl Fn(&str) -> bool) -> Option<&'a str> {
    let mut from = 0;
    while let Some(start) = text.get(from..)?.find(open).map(|at| from + at) {
        let inside = start + open.len();
        let length = text.get(inside..)?.find(close)?;
        if is_meant(text.get(inside..inside + length)?) {
            return text.get(start..inside + length + close.len());
        }
        from = inside;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_replaced_is_told_from_what_is_real() {
        for (text, expected) in [
            ("gcr.io/project-id/image-name", Some("project-id")),
            ("gcr.io/${gcp.project.id}/x", Some("${gcp.project.id}")),
            ("gcr.io/$PROJECT/x", Some("$PROJECT")),
            ("gcr.io/PROJECT_ID/x:latest", Some("PROJECT_ID")),
            ("{{ image }}", Some("{{ image }}")),
            ("gcr.io/<project>/x", Some("<project>")),
            ("gcr.io/your-project/x", Some("your-project")),
            ("gs://your_bucket/tmp", Some("your_bucket")),
            ("gcr.io/my-company/app:1.0", None),
            ("us-docker.pkg.dev/p/r/i:RELEASE_1", None),
            ("us-docker.pkg.dev/p/r/i@sha256:0123abcd", None),
            ("projects/p/secrets/PASSWORD1", None),
            ("n1-standard-4", None),
            ("SPEED_OPTIMIZED", None),
            ("a < b > c", None),
            ("", None),
        ] {
            assert_eq!(in_address(text), expected, "{text}");
        }
        for (text, expected) in [
            ("gs://your-bucket/x", Some("your-bucket")),
            ("<table>", Some("<table>")),
            ("<>", None),
            ("project-id", None),
            ("output-${date}", None),
            ("yours", None),
        ] {
            assert_eq!(of_example(text), expected, "{text}");
        }
    }
}
