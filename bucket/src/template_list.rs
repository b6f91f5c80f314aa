//! Every template of a bucket at a glance: one listing, and a look into what is new since the last one.

use std::path::Path;

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use oci_spec::image::Digest;
use serde::{Deserialize, Serialize};
use tmpl_template::{TemplateName, TemplateSpec, sha256_of};

use crate::list_cache::ListCache;
use crate::listed::Listed;
use crate::templates::SPEC_LIMIT;
use crate::{Bucket, BucketError, BucketErrorKind, causes, layout};

/// How many specs are read at a time.
const READS: usize = 32;
/// How many objects that are no templates a warning names.
const SHOWN: usize = 3;

/// One line of a list of templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateSummary {
    /// The template's name.
    pub name: TemplateName,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether its jobs change data that others use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutates: bool,
    /// How many parameters it has.
    pub parameters: usize,
    /// The language of the pipeline: `PYTHON`, `JAVA`, `GO` or `YAML`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The launcher image, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The current version; none where the spec could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// When the current spec was written, by the store's clock.
    pub modified: Timestamp,
    /// Why the spec can't be used, where it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The templates of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateList {
    /// The templates, in the order of their names.
    pub templates: Vec<TemplateSummary>,
    /// What else lies there and is left out.
    pub warnings: Vec<String>,
}

impl Bucket {
    /// Every template of the bucket. A spec that can't be used has a line that says why.
    ///
    /// `cache` is a folder in which this machine remembers what it read; specs that were not written again since are not
    /// read again. Without it, or with a damaged one, the list is the same and takes longer.
    pub async fn template_list(&self, cache: Option<&Path>) -> Result<TemplateList, BucketError> {
        let mut cache = match cache {
            Some(folder) => Some(ListCache::read(folder, &self.to_string()).await),
            None => None,
        };
        let mut list = TemplateList::default();
        let (mut unread, mut refused) = (Vec::new(), Vec::new());
        for listed in self.store.list(layout::TEMPLATES).await? {
            let Some(stem) = listed.name.strip_suffix(".json") else { continue };
            let Ok(name) = stem.parse::<TemplateName>() else {
                refused.push(listed.name);
                continue;
            };
            match cache.as_ref().and_then(|cache| cache.find(&name, &listed.stamp)) {
                Some(known) => list.templates.push(known.clone()),
                None => unread.push((name, listed)),
            }
        }
        let reads: Vec<_> = unread.into_iter().map(|(name, listed)| self.look(name, listed)).collect();
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS);
        while let Some(look) = reads.next().await {
            let Some(Look { summary, stamp }) = look else { continue };
            if let (Some(cache), Some(stamp)) = (&mut cache, stamp) {
                cache.note(stamp, summary.clone());
            }
            list.templates.push(summary);
        }
        list.templates.sort_by(|a, b| a.name.cmp(&b.name));
        list.warnings.extend(warning(&refused));
        if let Some(cache) = cache {
            cache.write(&list.templates).await;
        }
        Ok(list)
    }

    /// The names of all templates, in order, each with a word that changes whenever its current spec is written again. One listing.
    pub async fn template_stamps(&self) -> Result<Vec<(TemplateName, String)>, BucketError> {
        let listed = self.store.list(layout::TEMPLATES).await?;
        let stamped = |listed: Listed| Some((listed.name.strip_suffix(".json")?.parse().ok()?, listed.stamp));
        Ok(listed.into_iter().filter_map(stamped).collect())
    }

    /// Reads a spec as far as a list needs it. Nothing where it was deleted meanwhile.
    async fn look(&self, name: TemplateName, listed: Listed) -> Option<Look> {
        let Listed { modified, stamp, .. } = listed;
        match self.store.get_at_most(&layout::template(&name), SPEC_LIMIT).await {
            Ok(Some(bytes)) => {
                let read = tokio::task::spawn_blocking({
                    let name = name.clone();
                    move || summary(name, modified, &bytes)
                });
                match read.await {
                    Ok(summary) => Some(Look { summary, stamp: Some(stamp) }),
                    Err(error) => Some(Look { summary: problem(name, modified, &error), stamp: None }),
                }
            }
            Ok(None) => None,
            Err(error) => {
                // What is damaged stays so until it is written again; what a store refuses once, it may give the next time.
                let stamp = (error.kind() == BucketErrorKind::Damaged).then_some(stamp);
                Some(Look { summary: problem(name, modified, &error), stamp })
            }
        }
    }
}

/// What a look into a spec found.
struct Look {
    summary: TemplateSummary,
    /// The stamp to remember it under, where it will be the same the next time.
    stamp: Option<String>,
}

fn summary(name: TemplateName, modified: Timestamp, bytes: &Bytes) -> TemplateSummary {
    // By the reader that a launch uses: what the list says can't be used can't.
    let read = match str::from_utf8(bytes) {
        Ok(text) => TemplateSpec::parse(text).map_err(|error| problem(name.clone(), modified, &error)),
        Err(error) => Err(problem(name.clone(), modified, &error)),
    };
    let spec = match read {
        Ok(spec) => spec,
        Err(summary) => return TemplateSummary { digest: Some(sha256_of(bytes)), ..summary },
    };
    let metadata = spec.metadata.unwrap_or_default();
    TemplateSummary {
        name,
        owner: metadata.owner().map(str::to_owned),
        mutates: metadata.mutates(),
        parameters: metadata.parameters.len(),
        title: Some(metadata.name).filter(|title| !title.is_empty()),
        description: metadata.description,
        language: spec.sdk_info.and_then(|sdk| sdk.language).map(|language| language.name().to_owned()),
        image: spec.image,
        digest: Some(sha256_of(bytes)),
        modified,
        problem: None,
    }
}

fn problem(name: TemplateName, modified: Timestamp, error: &dyn std::error::Error) -> TemplateSummary {
    TemplateSummary {
        name,
        title: None,
        description: None,
        owner: None,
        mutates: false,
        parameters: 0,
        language: None,
        image: None,
        digest: None,
        modified,
        problem: Some(causes(error).join(": ")),
    }
}

fn warning(refused: &[String]) -> Option<String> {
    let (count, names) = (refused.len(), refused.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "));
    match count {
        0 => None,
        1 => Some(format!("{names} is left out: that is no template name")),
        2..=SHOWN => Some(format!("{names} are left out: those are no template names")),
        _ => Some(format!("{count} objects are left out, {names} among them: those are no template names")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> TemplateSummary {
        summary("t".parse().unwrap(), Timestamp::UNIX_EPOCH, &Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_list_reads_both_spellings_and_what_gcloud_tolerates() {
        for (text, title, language, parameters) in [
            (
                r#"{"metadata":{"name":"T","parameters":[{"name":"a","x":[1]},{"name":"b"}]},"sdkInfo":{"language":1}}"#,
                Some("T"),
                Some("JAVA"),
                2,
            ),
            (r#"{"sdk_info":{"language":"GO","x":1},"other":{"deep":[{}]}}"#, None, Some("GO"), 0),
            (r#"{"sdk_info":{"language":"GO"},"sdkInfo":{"language":"PYTHON"}}"#, None, Some("PYTHON"), 0),
            (r#"{"metadata":{"name":"A","name":"B","parameters":null}}"#, Some("B"), None, 0),
            (r#"{"image":"i","image":"j"}"#, None, None, 0),
            ("{}", None, None, 0),
        ] {
            let line = line(text);
            assert_eq!(line.problem, None, "{text}");
            assert_eq!((line.title.as_deref(), line.language.as_deref()), (title, language), "{text}");
            assert_eq!(
                (line.parameters, line.digest),
                (parameters, Some(sha256_of(text.as_bytes()))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_list_says_whom_to_ask_and_what_changes_data() {
        let of = |custom: &str| {
            let line = line(&format!(r#"{{"metadata":{{"name":"T","customMetadata":{custom}}}}}"#));
            (line.owner, line.mutates)
        };
        assert_eq!(of(r#"{"tmpl.owner":"Finance","tmpl.mutates":"true"}"#), (Some("Finance".into()), true));
        assert_eq!(of("{}"), (None, false));
    }

    #[test]
    fn what_is_no_spec_has_a_line_with_the_reason() {
        for (text, reason) in [
            ("", "line 1, column 1: the text is empty"),
            (
                "{\"metadata\": {\"name\": 5}}",
                "line 1, column 23: metadata.name: expected a text, found a number",
            ),
            ("[1]", "line 1, column 1: expected an object, found a list"),
            ("{\"image\": \"i\"", "line 1, column 13: the text ends in the middle of a value"),
        ] {
            let problem = line(text).problem.unwrap();
            assert!(problem.starts_with(reason), "{text}: {problem}");
        }
    }

    #[test]
    fn what_is_left_out_is_named() {
        let names = |count: usize| vec!["X.json".to_owned(); count];
        for (count, text) in [
            (1, "X.json is left out: that is no template name"),
            (2, "X.json, X.json are left out: those are no template names"),
            (9, "9 objects are left out, X.json, X.json, X.json among them: those are no template names"),
        ] {
            assert_eq!(warning(&names(count)).unwrap(), text);
        }
        assert_eq!(warning(&[]), None);
    }
}
