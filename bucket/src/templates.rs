//! Reading templates: the current spec, or any version that was ever published.

use oci_spec::image::Digest;
use tmpl_template::{
    DigestPrefix, FormatError, TemplateName, TemplateReference, hex, sha256_digest_from_hex, sha256_of,
};

use crate::error::short;
use crate::{Bucket, BucketError, PublishedEntry, layout};

/// How many templates an error about a missing one names.
const SHOWN: usize = 8;
/// The most bytes of a spec that are read: real ones have some kilobytes.
pub(crate) const SPEC_LIMIT: u64 = FormatError::LONGEST_TEXT as u64;

/// A template's spec as it lies in the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTemplate {
    /// The JSON, byte for byte.
    pub text: String,
    /// The digest of those bytes: the version's name.
    pub digest: Digest,
}

impl Bucket {
    /// The current spec of a template as it lies where Google's service looks for it, or nothing where there is none.
    pub async fn current_template(&self, name: &TemplateName) -> Result<Option<StoredTemplate>, BucketError> {
        self.stored_template(&layout::template(name)).await
    }

    /// The spec a reference means: the current one, or the one version whose digest begins as asked.
    pub async fn template(&self, reference: &TemplateReference) -> Result<StoredTemplate, BucketError> {
        let name = &reference.name;
        if let Some(prefix) = &reference.version {
            let digest = self.find_version(name, prefix).await?;
            return self.version(name, &digest).await;
        }
        if let Some(found) = self.current_template(name).await? {
            return Ok(found);
        }
        let Some(newest) = self.newest_entry(name).await? else {
            return Err(self.no_such_template(name).await);
        };
        match &newest.entry.digest {
            // Whoever wrote the entry was killed before the projection, or is about to write it.
            Some(digest) => self.version(name, digest).await,
            None => Err(self.deleted(name, newest).await),
        }
    }

    /// The names of all templates, in order.
    pub async fn template_names(&self) -> Result<Vec<TemplateName>, BucketError> {
        let listed = self.store.list(layout::TEMPLATES).await?;
        Ok(listed.iter().filter_map(|listed| listed.name.strip_suffix(".json")?.parse().ok()).collect())
    }

    /// The one version of a template whose digest begins as asked.
    pub(crate) async fn find_version(
        &self,
        name: &TemplateName,
        prefix: &DigestPrefix,
    ) -> Result<Digest, BucketError> {
        let versions = self.version_digests(name).await?;
        let candidates: Vec<&Digest> = versions.iter().filter(|digest| prefix.matches(digest)).collect();
        match candidates.as_slice() {
            [digest] => Ok((*digest).clone()),
            [] if versions.is_empty() => Err(self.no_such_template(name).await),
            [] => Err(BucketError::NoSuchVersion {
                name: name.clone(),
                version: prefix.to_string(),
                bucket: self.to_string(),
            }),
            several => Err(BucketError::AmbiguousVersion {
                name: name.clone(),
                version: prefix.to_string(),
                candidates: several.iter().map(|digest| format!("{name}@{}", short(digest))).collect(),
            }),
        }
    }

    /// A version that must be there, with the bytes that its name promises.
    pub(crate) async fn version(
        &self,
        name: &TemplateName,
        digest: &Digest,
    ) -> Result<StoredTemplate, BucketError> {
        let object = layout::version(name, digest);
        let found = self.stored_template(&object).await?;
        let found = found.ok_or_else(|| self.store.malformed(&object, "the version is not there"))?;
        if found.digest != *digest {
            let reason = format!("its bytes have the digest {}", hex(&found.digest));
            return Err(self.store.malformed(&object, reason));
        }
        Ok(found)
    }

    /// The digests of every version ever published, the oldest object first.
    async fn version_digests(&self, name: &TemplateName) -> Result<Vec<Digest>, BucketError> {
        let mut listed = self.store.list(&layout::versions(name)).await?;
        listed.sort_by_key(|listed| listed.modified);
        let digest = |name: &str| sha256_digest_from_hex(name.strip_suffix(".json")?).ok();
        Ok(listed.iter().filter_map(|listed| digest(&listed.name)).collect())
    }

    /// The version that was current before entry `number`, unless it is `other`. Nothing where there was none.
    pub(crate) async fn version_before(
        &self,
        name: &TemplateName,
        number: u64,
        other: Option<&Digest>,
    ) -> Result<Option<Digest>, BucketError> {
        for earlier in self.entry_numbers(name).await?.into_iter().rev().filter(|earlier| *earlier < number) {
            let digest = self.known_entry(name, earlier).await?.entry.digest;
            if digest.is_some() && digest.as_ref() != other {
                return Ok(digest);
            }
        }
        Ok(None)
    }

    async fn stored_template(&self, object: &str) -> Result<Option<StoredTemplate>, BucketError> {
        let Some(bytes) = self.store.get_at_most(object, SPEC_LIMIT).await? else { return Ok(None) };
        let text = String::from_utf8(bytes.into()).map_err(|error| self.store.malformed(object, error))?;
        let digest = sha256_of(text.as_bytes());
        Ok(Some(StoredTemplate { text, digest }))
    }

    async fn deleted(&self, name: &TemplateName, deleted: PublishedEntry) -> BucketError {
        // The remedy is worth a look at the log, but a log that can't be read does not hide what is certain.
        let logged = self.version_before(name, deleted.number, None).await.unwrap_or_default();
        let last = match logged {
            Some(last) => Some(last),
            None => self.version_digests(name).await.unwrap_or_default().pop(),
        };
        BucketError::Deleted {
            name: name.clone(),
            bucket: self.to_string(),
            entry: Box::new(deleted.entry),
            last,
        }
    }

    pub(crate) async fn no_such_template(&self, name: &TemplateName) -> BucketError {
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
