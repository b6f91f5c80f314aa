//! A server with templates, and somebody who has come in.

use serde_json::{Value, json};
use tmpl_bucket::{BuildFacts, JobRecord};
use tmpl_template::{JobState, TemplateName};

use crate::support::{Answer, Rig, jobs};

/// A server, and a person who uses it.
pub(crate) struct Site {
    pub(crate) rig: Rig,
    cookie: String,
}

/// A template whose jobs could be started here: a program without layers.
pub(crate) fn spec(metadata: &Value) -> Value {
    let platform = format!(
        "linux/{}",
        match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        }
    );
    json!({
        "metadata": metadata,
        "defaultEnvironment": {},
        "tmpl": {
            "format": 2,
            "entry": { "kind": "binary", "binary": "job" },
            "platforms": { platform: { "layers": [] } },
        },
    })
}

/// A parameter with these keys beside the usual ones.
#[expect(clippy::needless_pass_by_value, reason = "callers write it where they call")]
pub(crate) fn parameter(name: &str, keys: Value) -> Value {
    let mut parameter =
        json!({ "name": name, "label": format!("Label of {name}"), "helpText": format!("Help for {name}.") });
    for (key, value) in keys.as_object().unwrap() {
        parameter[key] = value.clone();
    }
    parameter
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    pub(crate) async fn with(settings: &str) -> Self {
        let rig = Rig::new(settings).await;
        let cookie = rig.come_in().await;
        Self { rig, cookie }
    }

    /// Publishes a template with this metadata.
    pub(crate) async fn publish(&self, name: &str, metadata: &Value) {
        self.publish_text(name, &spec(metadata).to_string()).await;
    }

    pub(crate) async fn publish_text(&self, name: &str, text: &str) {
        let name: TemplateName = name.parse().unwrap();
        let facts: BuildFacts =
            serde_json::from_value(json!({ "who": "ann", "host": "here", "tmplVersion": "0" })).unwrap();
        self.rig.bucket.publish(&name, text, &facts).await.unwrap();
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let text = answer.text();
        whole(&text);
        text
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.rig.get(path).cookie(&self.cookie).send().await
    }

    /// Sends fields to an address, with the token of a page.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            body.append_pair(name, value);
        }
        let answer = self.rig.post(path, &body.finish()).cookie(&self.cookie).send().await;
        if answer.header("content-type").starts_with("text/html") {
            whole(&answer.text());
        }
        answer
    }

    /// Fills in the form of a page and presses a button.
    pub(crate) async fn send(&self, page: &str, filled: &[(&str, &str)], button: (&str, &str)) -> Answer {
        let form = Form::of(page);
        let fields = form.filled(filled, button);
        self.post(&form.action, &fields).await
    }

    /// A job of a template that has ended so.
    pub(crate) async fn ended(&self, template: &str, name: &str, state: JobState) -> JobRecord {
        let record = jobs::begun(&self.rig.bucket, template, name).await;
        jobs::end(&self.rig.bucket, &record, state, "exit code 1").await;
        record
    }
}

/// A form of a page, as a browser without a script reads it.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The page's main form.
    pub(crate) fn of(page: &str) -> Self {
        let main = page.split_once("<main").unwrap().1;
        let post = main.match_indices("<form").find(|(at, _)| tag(&main[*at..]).contains("method=\"post\""));
        let at = post.unwrap_or_else(|| panic!("no form: {page}")).0;
        let form = main[at..].split("</form>").next().unwrap();
        let action = attribute(tag(form), "action").unwrap();
        let mut fields = Vec::new();
        for (at, _) in form.match_indices('<') {
            let (tag, rest) = (tag(&form[at..]), &form[at..]);
            let Some(name) = attribute(tag, "name") else { continue };
            let value = attribute(tag, "value").unwrap_or_default();
            if tag.starts_with("<input") {
                let kind = attribute(tag, "type").unwrap_or_default();
                if !matches!(kind.as_str(), "radio" | "checkbox") || tag.contains(" checked") {
                    fields.push((name, value));
                }
            } else if tag.starts_with("<textarea") {
                let text = rest[tag.len()..].split("</textarea>").next().unwrap();
                // The first line end does not count.
                fields.push((name, unescaped(text.strip_prefix('\n').unwrap_or(text))));
            } else if tag.starts_with("<select") {
                let options = rest.split("</select>").next().unwrap();
                let option = |(at, _): (usize, &str)| self::tag(&options[at..]).to_owned();
                let all: Vec<String> = options.match_indices("<option").map(option).collect();
                let chosen = all.iter().find(|option| option.contains(" selected")).or(all.first());
                fields.extend(chosen.map(|option| (name, attribute(option, "value").unwrap_or_default())));
            }
        }
        Self { action, fields }
    }

    /// What is sent when these fields are filled in, all others are left, and a button is pressed.
    pub(crate) fn filled(&self, filled: &[(&str, &str)], button: (&str, &str)) -> Vec<(String, String)> {
        let mut fields = self.fields.clone();
        fields.retain(|(name, _)| !filled.iter().any(|(other, _)| other == name));
        fields.extend(filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields.push((button.0.to_owned(), button.1.to_owned()));
        fields
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A tag from its beginning to its end. Values of attributes have no `>` here: it is escaped.
fn tag(text: &str) -> &str {
    &text[..=text.find('>').unwrap()]
}

pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split_once(&format!(" {name}=\""))?.1;
    Some(unescaped(rest.split('"').next().unwrap()))
}

pub(crate) fn unescaped(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}

/// What must be so of every page: one heading, a title, ids that are there once, labels that lead to something, no script and no style
/// in it, and no other host.
pub(crate) fn whole(page: &str) {
    assert_eq!(page.matches("<h1").count(), 1, "{page}");
    assert!(page.contains("<title>") && page.contains("lang=\"en\""), "{page}");
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("javascript:"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(page.contains("<script src=\"/assets/script-"), "{page}");
    let tags =
        || page.match_indices('<').map(|(at, _)| &page[at..]).filter(|rest| rest.contains('>')).map(tag);
    let mut ids: Vec<String> = tags().filter_map(|tag| attribute(tag, "id")).collect();
    ids.sort();
    for pair in ids.windows(2) {
        assert_ne!(pair[0], pair[1], "{page}");
    }
    for tag in tags() {
        for name in ["for", "aria-describedby", "aria-labelledby"] {
            for id in attribute(tag, name).unwrap_or_default().split_whitespace() {
                assert!(ids.iter().any(|known| known == id), "{tag} leads nowhere: {page}");
            }
        }
        for name in ["href", "src", "action"] {
            if let Some(address) = attribute(tag, name) {
                let is_own = address.starts_with('/') || address.starts_with('#') || address.starts_with('?');
                assert!(is_own && !address.starts_with("//"), "{tag}");
            }
        }
        // Outside of quotes.
        let names: String = tag.split('"').step_by(2).collect();
        assert!(!names.contains(" on") && !names.contains('\''), "{tag}");
    }
}
