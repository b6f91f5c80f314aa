//! Publishing: every version for ever, a numbered log of what became current, and the projection that readers read.

use jiff::Timestamp;
use oci_spec::image::Digest;
use serde::{Deserialize, Serialize};
use tmpl_template::{TemplateName, TemplateReference, sha256_of};

use crate::store::{Created, to_json};
use crate::{Bucket, BucketError, layout};

/// How many templates an error about a missing one names.
const SHOWN: usize = 8;

/// A template's spec as it lies in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTemplate {
    /// The JSON, byte for byte.
    pub text: String,
    /// The digest of those bytes: the version's name.
    pub digest: Digest,
}

/// Who built what from where: goes to the publish log, never into the spec, so that equal inputs give equal specs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildFacts {
    /// The user that published.
    pub who: String,
    /// The machine it was done on.
    pub host: String,
    /// The revision of the project's source, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<String>,
    /// The version of tmpl.
    pub tmpl_version: String,
}

/// Why a log entry was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogAction {
    /// A build published a version.
    Publish,
}

/// One entry of a template's publish log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The format of this record: 1.
    pub format: u32,
    /// What happened.
    pub action: LogAction,
    /// The version that became current.
    pub digest: Digest,
    /// When.
    pub time: Timestamp,
    /// Who, where, from what.
    #[serde(flatten)]
    pub facts: BuildFacts,
}

/// What publishing did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The version that is current now.
    pub digest: Digest,
    /// The number of its log entry.
    pub entry: u64,
    /// Whether it was not current before.
    pub changed: bool,
    /// Where the current spec lies, as a person on this machine spells it.
    pub path: String,
}

impl Bucket {
    /// The current spec of a template, or nothing where there is none.
    pub async fn current_template(&self, name: &TemplateName) -> Result<Option<StoredTemplate>, BucketError> {
        self.stored_template(&layout::template(name)).await
    }

    /// The spec a reference means: the current one, or the one version whose digest begins as asked.
    pub async fn template(&self, reference: &TemplateReference) -> Result<StoredTemplate, BucketError> {
        let name = &reference.name;
        let Some(prefix) = &reference.version else {
            let found = self.current_template(name).await?;
            return match found {
                Some(found) => Ok(found),
                None => Err(self.no_such_template(name).await),
            };
        };
        let versions = self.store.list(&layout::versions(name)).await?;
        let mut candidates: Vec<String> = versions
            .iter()
            .filter_map(|listed| listed.name.strip_suffix(".json"))
            .filter(|hex| hex.starts_with(prefix.as_str()))
            .map(str::to_owned)
            .collect();
        match (candidates.pop(), candidates.is_empty()) {
            (Some(hex), true) => {
                let object = format!("{}/{hex}.json", layout::versions(name));
                let found = self.stored_template(&object).await?;
                found.ok_or_else(|| self.store.malformed(&object, "it vanished while it was read"))
            }
            (Some(hex), false) => {
                candidates.push(hex);
                let candidates =
                    candidates.iter().map(|hex| format!("{name}@{}", &hex[..12.min(hex.len())])).collect();
                Err(BucketError::AmbiguousVersion {
                    name: name.clone(),
                    version: prefix.to_string(),
                    candidates,
                })
            }
            (None, _) if versions.is_empty() => Err(self.no_such_template(name).await),
            (None, _) => Err(BucketError::NoSuchVersion {
                name: name.clone(),
                version: prefix.to_string(),
                bucket: self.to_string(),
            }),
        }
    }

    /// The names of all templates, in order.
    pub async fn template_names(&self) -> Result<Vec<TemplateName>, BucketError> {
        let listed = self.store.list(layout::TEMPLATES).await?;
        Ok(listed.iter().filter_map(|listed| listed.name.strip_suffix(".json")?.parse().ok()).collect())
    }

    /// Publishes a spec: the version, then the log entry, then the projection. A spec that is current already writes nothing.
    ///
    /// Two publishers get two entries; whoever writes the projection last has read the newest entry before.
    pub async fn publish(
        &self,
        name: &TemplateName,
        text: &str,
        facts: &BuildFacts,
    ) -> Result<Publication, BucketError> {
        let digest = sha256_of(text.as_bytes());
        let path = self.place_of(&layout::template(name));
        if let Some((entry, newest)) = self.newest_entry(name).await?
            && newest.digest == digest
        {
            if self.current_template(name).await?.is_none_or(|current| current.digest != digest) {
                self.project(name).await?;
            }
            return Ok(Publication { digest, entry, changed: false, path });
        }
        self.store.create(&layout::version(name, &digest), text.to_owned()).await?;
        let record = LogEntry {
            format: 1,
            action: LogAction::Publish,
            digest: digest.clone(),
            time: Timestamp::now(),
            facts: facts.clone(),
        };
        let entry = loop {
            let next = self.newest_entry(name).await?.map_or(1, |(newest, _)| newest + 1);
            if self.store.create(&layout::publish_log_entry(name, next), to_json(&record)).await?
                == Created::Yes
            {
                break next;
            }
        };
        self.project(name).await?;
        Ok(Publication { digest, entry, changed: true, path })
    }

    /// The newest entry of a template's publish log.
    pub async fn newest_entry(&self, name: &TemplateName) -> Result<Option<(u64, LogEntry)>, BucketError> {
        let listed = self.store.list(&layout::publish_log(name)).await?;
        let Some(newest) =
            listed.iter().filter_map(|listed| listed.name.strip_suffix(".json")?.parse().ok()).max()
        else {
            return Ok(None);
        };
        let object = layout::publish_log_entry(name, newest);
        let entry = self.store.get_json(&object).await?;
        let entry = entry.ok_or_else(|| self.store.malformed(&object, "it vanished while it was read"))?;
        Ok(Some((newest, entry)))
    }

    /// Writes `templates/<name>.json` from the newest log entry, until the newest is what was written.
    async fn project(&self, name: &TemplateName) -> Result<(), BucketError> {
        let mut projected = None;
        while let Some((number, entry)) = self.newest_entry(name).await? {
            if projected == Some(number) {
                break;
            }
            let object = layout::version(name, &entry.digest);
            let text = self.store.get(&object).await?;
            let text = text.ok_or_else(|| {
                self.store.malformed(&object, "the publish log names it, but it is not there")
            })?;
            self.store.overwrite(&layout::template(name), text).await?;
            projected = Some(number);
        }
        Ok(())
    }

    async fn stored_template(&self, object: &str) -> Result<Option<StoredTemplate>, BucketError> {
        let Some(bytes) = self.store.get(object).await? else { return Ok(None) };
        let text = String::from_utf8(bytes.into()).map_err(|error| self.store.malformed(object, error))?;
        let digest = sha256_of(text.as_bytes());
        Ok(Some(StoredTemplate { text, digest }))
    }

    async fn no_such_template(&self, name: &TemplateName) -> BucketError {
        let names = self.template_names().await.unwrap_or_default();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let near = tmpl_template::nearest(name.as_str(), names.iter().map(String::as_str)).map(str::to_owned);
        let mut known = names;
        if known.len() > SHOWN {
            known.truncate(SHOWN);
            known.push("…".to_owned());
        }
        BucketError::NoSuchTemplate { name: name.clone(), bucket: self.to_string(), near, known }
    }
}
