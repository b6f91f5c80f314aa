//! Cards: a numbered log for each name. The newest entry holds; one without a card says that it was deleted.

use std::collections::BTreeMap;

use futures::StreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tmpl_template::{Card, CardName};

use crate::store::Created;
use crate::{Bucket, BucketError, BucketErrorKind, Submitter, layout};

/// The format of the entries that are written here, and the newest that is read.
const FORMAT: u32 = 1;
/// The most bytes an entry may have: a card's texts and values, with their escapes.
const ENTRY_LIMIT: u64 = 4 * 1024 * 1024;
/// How many entries are read at a time.
const READS: usize = 32;

/// `staging/config/cards/<name>/<n>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardEntry {
    /// The format of this record: 1.
    pub format: u32,
    /// When it was saved, or deleted.
    pub time: Timestamp,
    /// Who did it, from where.
    #[serde(flatten)]
    pub submitter: Submitter,
    /// The card; none says that it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// A card as it holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCard {
    /// Its name.
    pub name: CardName,
    /// The number of the entry that holds. Numbers begin at 1.
    pub number: u64,
    /// The card.
    pub card: Card,
    /// When it was saved.
    pub time: Timestamp,
    /// By whom, from where.
    pub submitter: Submitter,
}

/// The cards of a bucket, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedCards {
    /// The cards, by name.
    pub cards: Vec<SavedCard>,
    /// Which are left out, and why.
    pub warnings: Vec<String>,
}

impl Bucket {
    /// Every card of the bucket.
    pub async fn cards(&self) -> Result<SavedCards, BucketError> {
        let newest = self.newest_card_entries().await?;
        let reads: Vec<_> = newest.iter().map(|(name, number)| self.card_at(name, *number)).collect();
        let mut reads = futures::stream::iter(reads).buffered(READS);
        let mut found = SavedCards::default();
        while let Some(read) = reads.next().await {
            match read {
                Ok(card) => found.cards.extend(card),
                Err(error) if error.kind() == BucketErrorKind::Damaged => {
                    found.warnings.push(format!("a card is left out: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The number of the newest entry of each name, also where it says that the card was deleted: one listing, whatever is in them. Who
    /// remembers what was in an entry need not read it again.
    pub async fn newest_card_entries(&self) -> Result<BTreeMap<CardName, u64>, BucketError> {
        let mut newest = BTreeMap::new();
        for meta in self.store.list_below(layout::CARDS).await? {
            let Some((name, number)) = named_entry(meta.location.as_ref()) else { continue };
            let known = newest.entry(name).or_insert(number);
            *known = number.max(*known);
        }
        Ok(newest)
    }

    /// A card, if there is one of that name.
    pub async fn card(&self, name: &CardName) -> Result<Option<SavedCard>, BucketError> {
        match self.newest_card_entry(name).await? {
            Some(number) => self.card_at(name, number).await,
            None => Ok(None),
        }
    }

    /// The number of the newest entry of a card, whatever it says; none where nobody ever saved it.
    pub async fn newest_card_entry(&self, name: &CardName) -> Result<Option<u64>, BucketError> {
        Ok(self.store.numbers(&layout::card(name)).await?.pop())
    }

    /// The card as it was saved by an entry; none where that says that it was deleted.
    pub async fn card_at(&self, name: &CardName, number: u64) -> Result<Option<SavedCard>, BucketError> {
        let CardEntry { time, submitter, card, .. } = self.card_entry(name, number).await?;
        Ok(card.map(|card| SavedCard { name: name.clone(), number, card, time, submitter }))
    }

    /// Who saved and deleted a card, the newest entry first, with its number. At most `limit`.
    pub async fn card_history(
        &self,
        name: &CardName,
        limit: usize,
    ) -> Result<Vec<(u64, CardEntry)>, BucketError> {
        let numbers = self.store.numbers::<u64>(&layout::card(name)).await?;
        let reads: Vec<_> = numbers
            .into_iter()
            .rev()
            .take(limit)
            .map(|number| async move { Ok((number, self.card_entry(name, number).await?)) })
            .collect();
        let mut reads = futures::stream::iter(reads).buffered(READS);
        let mut history = Vec::new();
        while let Some(read) = reads.next().await {
            match read {
                Ok(entry) => history.push(entry),
                // What can't be read was followed by something that can, or is told where the card itself is asked for.
                Err(error) if BucketError::kind(&error) == BucketErrorKind::Damaged => {}
                Err(error) => return Err(error),
            }
        }
        Ok(history)
    }

    /// Saves a card as the entry after `after`, which was the newest when it was read (0: there was none). False where somebody else
    /// has written since: then nothing is written.
    pub async fn save_card(
        &self,
        name: &CardName,
        after: u64,
        card: &Card,
        submitter: &Submitter,
    ) -> Result<bool, BucketError> {
        // Who is late is told before anything is written.
        if self.newest_card_entry(name).await?.unwrap_or(0) != after {
            return Ok(false);
        }
        let subject = json!({ "card": name, "entry": after + 1, "template": card.reference() });
        self.audit(submitter, "save card", subject).await?;
        self.write_card_entry(name, after + 1, Some(card), submitter).await
    }

    /// Deletes a card: false where there was none. What was saved stays in its log.
    pub async fn delete_card(&self, name: &CardName, submitter: &Submitter) -> Result<bool, BucketError> {
        loop {
            let Some(newest) = self.newest_card_entry(name).await? else { return Ok(false) };
            // One that can't be read can be deleted all the same.
            let is_gone = match self.card_entry(name, newest).await {
                Ok(entry) => entry.card.is_none(),
                Err(error) if error.kind() == BucketErrorKind::Damaged => false,
                Err(error) => return Err(error),
            };
            if is_gone {
                return Ok(false);
            }
            self.audit(submitter, "delete card", json!({ "card": name, "entry": newest + 1 })).await?;
            if self.write_card_entry(name, newest + 1, None, submitter).await? {
                return Ok(true);
            }
        }
    }

    async fn write_card_entry(
        &self,
        name: &CardName,
        number: u64,
        card: Option<&Card>,
        submitter: &Submitter,
    ) -> Result<bool, BucketError> {
        let (time, submitter, card) = (Timestamp::now(), submitter.clone(), card.cloned());
        let entry = CardEntry { format: FORMAT, time, submitter, card };
        Ok(self.store.create_json(&layout::card_entry(name, number), &entry).await? == Created::Yes)
    }

    async fn card_entry(&self, name: &CardName, number: u64) -> Result<CardEntry, BucketError> {
        self.numbered_entry(&layout::card_entry(name, number), FORMAT, ENTRY_LIMIT).await
    }
}

/// The card and the number of an entry's object.
fn named_entry(object: &str) -> Option<(CardName, u64)> {
    let (name, file) = object.strip_prefix(layout::CARDS)?.strip_prefix('/')?.split_once('/')?;
    Some((name.parse().ok()?, file.strip_suffix(".json")?.parse().ok()?))
}
