//! Where a template is taken from: the bucket, by name, or a spec that lies elsewhere, by path or URL.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use tmpl_bucket::{Bucket, BucketUrl};
use tmpl_launcher::accept::{LaunchTemplate, UnpublishedSpec};
use tmpl_template::{FormatError, TemplateName, TemplateReference};

use crate::bounded_text;
use crate::context::Context;
use crate::report::{Failure, TEMPORARY, USAGE};

/// Bytes of a spec.
const LONGEST: u64 = FormatError::LONGEST_TEXT as u64;

/// A template, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateSource {
    /// `NAME` or `NAME@DIGEST`.
    Published(TemplateReference),
    /// A file.
    File(PathBuf),
    /// An `http://` or `https://` URL.
    Web(String),
}

/// A spec that was read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// Its name: the template's, else the file's.
    pub(crate) name: TemplateName,
    pub(crate) text: String,
    /// What it was asked for under, where it came from the bucket.
    pub(crate) reference: Option<TemplateReference>,
}

impl FromStr for TemplateSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Web(text.to_owned()));
        }
        if let Some(path) = text.strip_prefix("file://") {
            return Ok(Self::File(PathBuf::from(path.strip_prefix("localhost").unwrap_or(path))));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(format!(
                "a template is not read from {scheme}://; give a path, or a file:// or https:// URL"
            ));
        }
        let is_json =
            Path::new(text).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if text.contains('/') || is_json {
            return Ok(Self::File(PathBuf::from(text)));
        }
        let reference: Result<TemplateReference, _> = text.parse();
        reference.map(Self::Published).map_err(|error| match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        })
    }
}

impl TemplateSource {
    /// The spec.
    pub(crate) async fn load(&self, context: &Context<'_>) -> Result<Loaded, Failure> {
        match self {
            Self::Published(reference) => {
                let stored = context.open_bucket()?.template(reference).await?;
                let (name, reference) = (reference.name.clone(), Some(reference.clone()));
                Ok(Loaded { name, text: stored.text, reference })
            }
            Self::File(path) => Ok(Loaded { name: name_of(path), text: read(path)?, reference: None }),
            Self::Web(url) => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                Ok(Loaded { name: name_of(Path::new(path)), text: fetch(url).await?, reference: None })
            }
        }
    }

    /// The bucket that a launch is written to, and the template as the launcher takes it.
    pub(crate) async fn for_launch(
        &self,
        context: &Context<'_>,
    ) -> Result<(Bucket, LaunchTemplate), Failure> {
        let Self::Published(reference) = self else {
            let beside = self.bucket_around();
            let bucket = match (context.open_bucket(), &beside) {
                (Ok(bucket), _) => bucket,
                // The template's own bucket, where no other is meant.
                (Err(_), Some(beside)) if !context.names_a_bucket() => beside.clone(),
                (Err(failure), _) => return Err(failure),
            };
            let Loaded { name, text, .. } = self.load(context).await?;
            let spec = UnpublishedSpec { name, text, origin: self.to_string(), layers: beside.map(Box::new) };
            return Ok((bucket, LaunchTemplate::Unpublished(spec)));
        };
        Ok((context.open_bucket()?, LaunchTemplate::Published(reference.clone())))
    }

    /// The bucket whose `templates/` a file lies in.
    fn bucket_around(&self) -> Option<Bucket> {
        let Self::File(path) = self else { return None };
        let path = std::path::absolute(path).ok()?;
        let mut folders = path.ancestors().skip(1);
        let templates = folders.find(|folder| folder.file_name().is_some_and(|name| name == "templates"))?;
        let url: BucketUrl = templates.parent()?.to_str()?.parse().ok()?;
        url.folder()?.join("staging").is_dir().then(|| Bucket::open(&url).ok())?
    }
}

impl std::fmt::Display for TemplateSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Published(reference) => write!(formatter, "{reference}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Web(url) => formatter.write_str(&shown(url)),
        }
    }
}

/// A URL without what may be a secret: user, password, and the signature behind the question mark.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or(url);
    match plain.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit('@').next().unwrap_or(host);
            format!("{scheme}://{host}/{path}")
        }
        None => plain.to_owned(),
    }
}

/// A file's name as a template's: what no template may be called is left out.
fn name_of(path: &Path) -> TemplateName {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_lowercase();
    let allowed = |c: char| if matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-') { c } else { '-' };
    let name: String = stem.chars().map(allowed).take(63).collect();
    let name = name.trim_start_matches(['.', '_', '-']);
    name.parse().or_else(|_| "template".parse()).unwrap_or_else(|error| unreachable!("{error}"))
}

fn read(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(USAGE, error.to_string())
            .hint("give the name of a template, or the path or URL of a spec")
    };
    let file = fs_err::File::open(path).map_err(unreadable)?;
    bounded_text::read(file, LONGEST).map_err(unreadable)
}

async fn fetch(url: &str) -> Result<String, Failure> {
    let shown = shown(url);
    let url = url.to_owned();
    let fetched = tokio::task::spawn_blocking(move || {
        let answer = reqwest::blocking::get(url)?.error_for_status()?;
        Ok::<_, reqwest::Error>(bounded_text::read(answer, LONGEST))
    });
    let failed = |code: u8| {
        Failure::new(code, format!("{shown} can't be read"))
            .hint("check the address, or fetch the file and give its path")
    };
    match fetched.await {
        Ok(Ok(Ok(text))) => Ok(text),
        Ok(Ok(Err(error))) => {
            let code = if error.kind() == std::io::ErrorKind::InvalidData { USAGE } else { TEMPORARY };
            Err(failed(code).cause(error.to_string()))
        }
        Ok(Err(error)) => {
            let refused = error.status().is_some_and(|status| status.is_client_error()) || error.is_builder();
            let code = if refused { USAGE } else { TEMPORARY };
            let error = error.without_url();
            let causes = Failure::of(&error, code, None).chain;
            Err(causes.into_iter().fold(failed(code), Failure::cause))
        }
        Err(error) => Err(failed(TEMPORARY).cause(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_urls_are_told_apart() {
        let file = |path: &str| TemplateSource::File(path.into());
        for (text, source) in [
            ("wordcount", TemplateSource::Published("wordcount".parse().unwrap())),
            ("wordcount@0a1b", TemplateSource::Published("wordcount@0a1b".parse().unwrap())),
            ("./wordcount", file("./wordcount")),
            ("x.json", file("x.json")),
            ("file:///b/templates/x.json", file("/b/templates/x.json")),
            ("https://h/x.json?s=1", TemplateSource::Web("https://h/x.json?s=1".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(source), "{text}");
        }
        for text in ["s3://b/x.json", "Word", ""] {
            assert!(text.parse::<TemplateSource>().is_err(), "{text}");
        }
        let signed: TemplateSource = "https://user:password@h/x.json?signature=1#x".parse().unwrap();
        assert_eq!(signed.to_string(), "https://h/x.json");
    }

    #[test]
    fn a_file_gives_its_template_a_name() {
        for (path, name) in [("a/Word Count.json", "word-count"), ("/x/y.json", "y"), ("_.json", "template")]
        {
            assert_eq!(name_of(Path::new(path)).as_str(), name);
        }
    }
}
