//! Publishing: a version, then a log entry, then the projection that readers read. Rollback, delete and copy go the same way.

use bytes::Bytes;
use oci_spec::image::Digest;
use tmpl_template::{DigestPrefix, TemplateName, sha256_of};

use crate::publish_log::Change;
use crate::store::Created;
use crate::templates::SPEC_LIMIT;
use crate::{Bucket, BucketError, BucketErrorKind, BuildFacts, LogAction, StoredTemplate, layout};

/// What publishing, or going back, did.
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

/// What deleting did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The version that was current before: what `rollback` brings back.
    pub last: Option<Digest>,
    /// The number of the log entry.
    pub entry: u64,
    /// Whether the template was there.
    pub changed: bool,
}

impl Bucket {
    /// Publishes a spec. One that is current already writes nothing.
    ///
    /// Two publishers get two entries; whoever writes the projection last has read the newest entry before.
    pub async fn publish(
        &self,
        name: &TemplateName,
        text: &str,
        facts: &BuildFacts,
    ) -> Result<Publication, BucketError> {
        self.publish_from(name, text, None, facts).await
    }

    /// Publishes a spec, of another bucket where one is named.
    pub(crate) async fn publish_from(
        &self,
        name: &TemplateName,
        text: &str,
        from: Option<&str>,
        facts: &BuildFacts,
    ) -> Result<Publication, BucketError> {
        let digest = sha256_of(text.as_bytes());
        self.create_version(name, &digest, text).await?;
        let action = if from.is_some() { LogAction::Copy } else { LogAction::Publish };
        self.make_current(
            name,
            &digest,
            &Change { action, digest: Some(&digest), message: None, from, facts },
        )
        .await
    }

    /// Makes an earlier version current again: the one whose digest begins as asked, else the one that was current before.
    /// One that is current already writes nothing.
    pub async fn rollback(
        &self,
        name: &TemplateName,
        version: Option<&DigestPrefix>,
        message: Option<&str>,
        facts: &BuildFacts,
    ) -> Result<Publication, BucketError> {
        let digest = match version {
            Some(prefix) => self.find_version(name, prefix).await?,
            None => self.earlier_version(name).await?,
        };
        // What is damaged must not become current.
        self.version(name, &digest).await?;
        let change =
            Change { action: LogAction::Rollback, digest: Some(&digest), message, from: None, facts };
        self.make_current(name, &digest, &change).await
    }

    /// Deletes a template: its name is free, its versions and its log stay.
    pub async fn delete_template(
        &self,
        name: &TemplateName,
        message: Option<&str>,
        facts: &BuildFacts,
    ) -> Result<Deletion, BucketError> {
        let there = self.store.head(&layout::template(name)).await?.is_some();
        if !there && self.newest_number(name).await?.is_none() {
            return Err(self.no_such_template(name).await);
        }
        let unlogged = self.readable_projection(name).await?.map(|found| found.digest);
        let change = Change { action: LogAction::Delete, digest: None, message, from: None, facts };
        let (entry, changed) = self.record(name, &change).await?;
        // It is deleted, whether or not the rest of the log can be read.
        let last = self.version_before(name, entry, None).await.unwrap_or_default().or(unlogged);
        Ok(Deletion { last, entry, changed })
    }

    async fn make_current(
        &self,
        name: &TemplateName,
        digest: &Digest,
        change: &Change<'_>,
    ) -> Result<Publication, BucketError> {
        let (entry, changed) = self.record(name, change).await?;
        let path = self.place_of(&layout::template(name));
        Ok(Publication { digest: digest.clone(), entry, changed, path })
    }

    /// Writes a log entry, and the projection from the newest one. Returns its number and whether it is new: what is so
    /// already gets no second entry.
    async fn record(&self, name: &TemplateName, change: &Change<'_>) -> Result<(u64, bool), BucketError> {
        loop {
            let next = match self.newest_number(name).await? {
                None => 1,
                Some(newest) => match self.known_entry(name, newest).await {
                    Ok(found) if found.entry.digest.as_ref() == change.digest => {
                        self.mend(name, change.digest).await?;
                        return Ok((newest, false));
                    }
                    // What a damaged entry said is lost, and the next entry says all that counts from here on.
                    Ok(_) | Err(BucketError::Malformed { .. } | BucketError::TooLarge { .. }) => newest + 1,
                    Err(error) => return Err(error),
                },
            };
            self.keep_unlogged(name).await?;
            let object = layout::publish_log_entry(name, next);
            if self.store.create_json(&object, &change.entry()).await? == Created::Yes {
                self.project(name).await?;
                return Ok((next, true));
            }
        }
    }

    /// Writes the projection where it is not this version: whoever wrote the entry was killed before, or is about to.
    async fn mend(&self, name: &TemplateName, digest: Option<&Digest>) -> Result<(), BucketError> {
        let projected = match self.current_template(name).await {
            Ok(found) => found.map(|found| found.digest).as_ref() == digest,
            Err(error) if error.kind() == BucketErrorKind::Damaged => false,
            Err(error) => return Err(error),
        };
        if projected { Ok(()) } else { self.project(name).await }
    }

    /// Makes `templates/<name>.json` what the newest log entry says, until the newest is what was written: of two writers
    /// the slower may have read an older entry.
    async fn project(&self, name: &TemplateName) -> Result<(), BucketError> {
        let mut projected = None;
        while let Some(newest) = self.newest_entry(name).await? {
            if projected == Some(newest.number) {
                break;
            }
            let object = layout::template(name);
            match newest.entry.digest {
                Some(digest) => {
                    let version = self.version(name, &digest).await?;
                    self.store.overwrite(&object, version.text).await?;
                }
                None => self.store.delete(&object).await?,
            }
            projected = Some(newest.number);
        }
        Ok(())
    }

    async fn create_version(
        &self,
        name: &TemplateName,
        digest: &Digest,
        text: &str,
    ) -> Result<(), BucketError> {
        let (object, size) = (layout::version(name, digest), text.len() as u64);
        if size > SPEC_LIMIT {
            return Err(self.store.too_large(&object, size, SPEC_LIMIT));
        }
        self.store.create_content(&object, Bytes::copy_from_slice(text.as_bytes())).await
    }

    /// Keeps a spec that somebody put there without tmpl, gcloud perhaps, before it is written over.
    async fn keep_unlogged(&self, name: &TemplateName) -> Result<(), BucketError> {
        match self.readable_projection(name).await? {
            Some(found) => self.create_version(name, &found.digest, &found.text).await,
            None => Ok(()),
        }
    }

    /// The current spec; nothing where it is not there, or so damaged that nothing is lost with it.
    async fn readable_projection(&self, name: &TemplateName) -> Result<Option<StoredTemplate>, BucketError> {
        match self.current_template(name).await {
            Ok(found) => Ok(found),
            Err(error) if error.kind() == BucketErrorKind::Damaged => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The version that was current before the current one first was: to go back twice is to go back further. After a delete,
    /// the one that was deleted.
    async fn earlier_version(&self, name: &TemplateName) -> Result<Digest, BucketError> {
        let Some(newest) = self.newest_entry(name).await? else {
            return Err(match self.readable_projection(name).await? {
                Some(_) => self.no_earlier_version(name),
                None => self.no_such_template(name).await,
            });
        };
        let current = newest.entry.digest.as_ref();
        let mut first = newest.number;
        for number in self.entry_numbers(name).await? {
            if current.is_some() && self.known_entry(name, number).await?.entry.digest.as_ref() == current {
                first = number;
                break;
            }
        }
        let found = self.version_before(name, first, current).await?;
        found.ok_or_else(|| self.no_earlier_version(name))
    }

    fn no_earlier_version(&self, name: &TemplateName) -> BucketError {
        BucketError::NoEarlierVersion { name: name.clone(), bucket: self.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::slow_store::slow;

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Publish(&'static str),
        Rollback(&'static str),
        Delete,
    }

    impl Act {
        async fn by(self, bucket: &Bucket) {
            let name: TemplateName = "t".parse().unwrap();
            let facts = BuildFacts {
                who: "ann".to_owned(),
                host: "here".to_owned(),
                source_revision: None,
                tmpl_version: "0".to_owned(),
            };
            match self {
                Self::Publish(text) => drop(bucket.publish(&name, text, &facts).await.unwrap()),
                Self::Rollback(text) => {
                    let version = sha256_of(text.as_bytes()).digest().parse().unwrap();
                    bucket.rollback(&name, Some(&version), None, &facts).await.unwrap();
                }
                Self::Delete => drop(bucket.delete_template(&name, None, &facts).await.unwrap()),
            }
        }
    }

    #[tokio::test]
    async fn a_slow_writer_does_not_leave_an_old_projection() {
        use Act::{Delete, Publish, Rollback};
        let name: TemplateName = "t".parse().unwrap();
        for (slowly, meanwhile, current) in [
            (Publish("{\"n\":3}"), vec![Publish("{\"n\":4}")], Some("{\"n\":4}")),
            (Publish("{\"n\":3}"), vec![Delete], None),
            (Publish("{\"n\":3}"), vec![Delete, Publish("{\"n\":2}")], Some("{\"n\":2}")),
            (Rollback("{\"n\":1}"), vec![Publish("{\"n\":4}"), Delete], None),
            (Rollback("{\"n\":1}"), vec![Rollback("{\"n\":2}")], Some("{\"n\":2}")),
            (Delete, vec![Publish("{\"n\":4}")], Some("{\"n\":4}")),
            (Delete, vec![Rollback("{\"n\":1}"), Rollback("{\"n\":2}")], Some("{\"n\":2}")),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let bucket = Bucket::open(&folder.path().to_str().unwrap().parse().unwrap()).unwrap();
            Publish("{\"n\":1}").by(&bucket).await;
            Publish("{\"n\":2}").by(&bucket).await;
            let (acts, others) = (meanwhile.clone(), bucket.clone());
            let others = async move {
                for act in acts {
                    act.by(&others).await;
                }
            };
            slowly.by(&slow(&bucket, "templates/t.json", others.boxed())).await;
            let found = bucket.current_template(&name).await.unwrap().map(|found| found.text);
            assert_eq!(found.as_deref(), current, "{slowly:?} while {meanwhile:?}");
            let entries = bucket.entry_numbers(&name).await.unwrap();
            assert_eq!(entries.len(), 3 + meanwhile.len(), "{slowly:?} while {meanwhile:?}");
        }
    }
}
