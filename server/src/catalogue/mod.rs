//! All templates and saved launches, and all that the index says of jobs, in memory: what lists show and searches look through.
//!
//! ```text
//! asked ─▶ fresh? ── yes, or a little old (then looked at anew behind the answer) ─▶ answered from memory
//!                └─ no ─▶ one listing of templates, and a look into what is new; the index since the last look
//! ```
//!
//! It is a view of the bucket and may be lost at any time. Several servers have one each.

mod item;
mod lines;
mod runs;
mod search;
mod words;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use futures::StreamExt;
use jiff::SignedDuration;
use tmpl_bucket::{Bucket, BucketError, BucketErrorKind, JobLine, SavedCard};
use tmpl_template::{CardName, JobId, TemplateName};

pub(crate) use item::Item;
use lines::Logs;
pub(crate) use runs::{Runs, Usual, Wanted};

use crate::Shared;

/// What is younger is answered without a look.
const FRESH: Duration = Duration::from_secs(2);
/// What is older is not answered before a look.
const OLD: Duration = Duration::from_secs(30);
/// So often everything is read anew: jobs may have been deleted.
const WHOLE: Duration = Duration::from_hours(1);
/// Clocks of machines that accept jobs differ by less.
const SKEW: SignedDuration = SignedDuration::from_mins(10);
/// How many specs are read at a time, and jobs looked after at once.
const READS: usize = 32;

/// What there is to be launched, and what has run.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    items: RwLock<Arc<Vec<Arc<Item>>>>,
    runs: RwLock<Runs>,
    /// When it was looked at.
    looked: RwLock<Option<Instant>>,
    /// What one look must know of the one before; there is one at a time.
    look: tokio::sync::Mutex<Look>,
    /// Somebody looks behind an answer.
    looking: AtomicBool,
    /// Where lines begin in the logs that people read.
    pub(crate) logs: Logs,
}

/// What a look must know of the one before.
#[derive(Debug, Default)]
struct Look {
    templates: HashMap<TemplateName, (String, Arc<Item>)>,
    cards: HashMap<CardName, (u64, Arc<SavedCard>)>,
    whole: Option<Instant>,
    /// The last open job that was looked after.
    open: Option<JobId>,
}

impl Look {
    /// Saved launches first, then templates, each by their titles.
    fn items(&self) -> Vec<Arc<Item>> {
        let template = |name: &TemplateName| self.templates.get(name).map(|(_, item)| item.as_ref());
        let cards =
            self.cards.values().map(|(_, card)| Arc::new(Item::card(card, template(&card.card.template))));
        let templates = self.templates.values().map(|(_, item)| Arc::clone(item));
        let mut items: Vec<Arc<Item>> = cards.chain(templates).collect();
        items.sort_by_cached_key(|item| {
            (!item.is_card(), item.title.as_str().to_lowercase(), item.name.clone())
        });
        items
    }
}

impl Catalogue {
    /// What there is to be launched: saved launches first, then templates, each by their titles.
    pub(crate) async fn items(server: &Shared) -> Result<Arc<Vec<Arc<Item>>>, BucketError> {
        Self::see(server).await?;
        Ok(Arc::clone(&read(&server.catalogue.items)))
    }

    /// What has run. Not to be held while something is waited for.
    pub(crate) async fn runs(server: &Shared) -> Result<RwLockReadGuard<'_, Runs>, BucketError> {
        Self::see(server).await?;
        Ok(read(&server.catalogue.runs))
    }

    /// The items that a search asks for, the best first.
    pub(crate) fn find<'a>(
        items: &'a [Arc<Item>],
        query: &str,
        may_be_seen: impl Fn(&Item) -> bool,
    ) -> Vec<&'a Item> {
        let seen = items.iter().map(AsRef::as_ref).filter(|item: &&Item| may_be_seen(item));
        search::find(seen.map(|item: &Item| (&item.searched, item)), query)
    }

    /// Says that something has changed: whoever asks next looks.
    pub(crate) fn has_changed(&self) {
        *write(&self.looked) = None;
    }

    /// Takes in what was found out about a job.
    pub(crate) fn learn(&self, line: JobLine) {
        write(&self.runs).learn([line]);
    }

    /// Forgets a job that is not there any more.
    pub(crate) fn forget(&self, id: &JobId) {
        write(&self.runs).forget(id);
    }

    /// Sees to it that what is known is not too old.
    async fn see(server: &Shared) -> Result<(), BucketError> {
        let catalogue = &server.catalogue;
        let asked = Instant::now();
        let age = read(&catalogue.looked).map(|looked| looked.elapsed());
        match age {
            Some(age) if age < FRESH => Ok(()),
            Some(age) if age < OLD => {
                if !catalogue.looking.swap(true, Ordering::AcqRel) {
                    let server = Arc::clone(server);
                    tokio::spawn(async move {
                        // The next one who asks is told what is wrong.
                        let _ = server.catalogue.look(&server.bucket, Instant::now()).await;
                        server.catalogue.looking.store(false, Ordering::Release);
                    });
                }
                Ok(())
            }
            _ => catalogue.look(&server.bucket, asked).await,
        }
    }

    /// Looks into the bucket, unless somebody has since this was asked for.
    async fn look(&self, bucket: &Bucket, asked: Instant) -> Result<(), BucketError> {
        let mut look = self.look.lock().await;
        if read(&self.looked).is_some_and(|looked| looked >= asked) {
            return Ok(());
        }
        let begun = Instant::now();
        let is_whole = look.whole.is_none_or(|whole| whole.elapsed() > WHOLE);
        let templates_changed = self.look_at_templates(bucket, &mut look).await?;
        let cards_changed = self.look_at_cards(bucket, &mut look).await?;
        if is_whole || templates_changed || cards_changed {
            *write(&self.items) = Arc::new(look.items());
        }
        self.look_at_jobs(bucket, &mut look, is_whole).await?;
        if is_whole {
            look.whole = Some(begun);
        }
        *write(&self.looked) = Some(begun);
        Ok(())
    }

    /// Whether a template has come, gone or changed.
    async fn look_at_templates(&self, bucket: &Bucket, look: &mut Look) -> Result<bool, BucketError> {
        let mut known = std::mem::take(&mut look.templates);
        let mut unread = Vec::new();
        for (name, stamp) in bucket.template_stamps().await? {
            match known.remove(&name) {
                Some((before, item)) if before == stamp => drop(look.templates.insert(name, (stamp, item))),
                _ => unread.push((name, stamp)),
            }
        }
        let has_changed = !known.is_empty() || !unread.is_empty();
        let reads: Vec<_> =
            unread.into_iter().map(|(name, stamp)| read_template(bucket, name, stamp)).collect();
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS);
        while let Some(found) = reads.next().await {
            look.templates.extend(found);
        }
        Ok(has_changed)
    }

    /// Whether a saved launch has come, gone or changed.
    async fn look_at_cards(&self, bucket: &Bucket, look: &mut Look) -> Result<bool, BucketError> {
        let mut known = std::mem::take(&mut look.cards);
        let mut has_changed = false;
        for (name, number) in bucket.newest_card_entries().await? {
            match known.remove(&name) {
                Some((before, card)) if before == number => drop(look.cards.insert(name, (number, card))),
                _ => match bucket.card_at(&name, number).await {
                    Ok(card) => {
                        has_changed = true;
                        look.cards.extend(card.map(|card| (name, (number, Arc::new(card)))));
                    }
                    // One that can't be read is not offered; the others are.
                    Err(error) if error.kind() == BucketErrorKind::Damaged => {}
                    Err(error) => return Err(error),
                },
            }
        }
        Ok(has_changed || !known.is_empty())
    }

    async fn look_at_jobs(
        &self,
        bucket: &Bucket,
        look: &mut Look,
        is_whole: bool,
    ) -> Result<(), BucketError> {
        if is_whole {
            let mut all = Runs::default();
            all.learn(bucket.indexed_jobs(None).await?);
            *write(&self.runs) = all;
            return Ok(());
        }
        let newest = read(&self.runs).newest();
        let since = newest.and_then(|newest| newest.checked_sub(SKEW).ok());
        let lines = bucket.indexed_jobs(since).await?;
        write(&self.runs).learn(lines);
        // Jobs that are older than that and still ran: some at a time.
        let open = read(&self.runs).open_after(look.open.as_ref(), READS);
        look.open = open.last().cloned().filter(|_| open.len() == READS);
        let old = open.into_iter().filter(|id| since.is_some_and(|since| of_id(id) < since));
        let ends: Vec<_> = old.map(|id| async move { (bucket.final_record(&id).await, id) }).collect();
        let mut ends = futures::stream::iter(ends).buffer_unordered(READS);
        while let Some((end, id)) = ends.next().await {
            let Some(end) = end? else { continue };
            let line = read(&self.runs).line(&id).cloned();
            let took = |line: &JobLine| end.time.duration_since(line.created()).max(SignedDuration::ZERO);
            if let Some(line) = line {
                self.learn(JobLine { state: end.state, took: Some(took(&line)), ..line });
            }
        }
        Ok(())
    }
}

/// The moment in a job's id, to the second.
fn of_id(id: &JobId) -> jiff::Timestamp {
    let text = id.as_str().get(..19).unwrap_or_default();
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H_%M_%S", text).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::UTC).map(|time| time.timestamp()).unwrap_or_default()
}

/// Reads a template's current spec. Nothing where it was deleted meanwhile. One that can't be read is asked for again the next time.
async fn read_template(
    bucket: &Bucket,
    name: TemplateName,
    stamp: String,
) -> Option<(TemplateName, (String, Arc<Item>))> {
    match bucket.current_template(&name).await {
        Ok(Some(stored)) => {
            let item = Item::template(&name, &stored.text);
            Some((name, (stamp, Arc::new(item))))
        }
        Ok(None) => None,
        Err(_) => {
            let item = Item::unreadable(&name);
            Some((name, (String::new(), Arc::new(item))))
        }
    }
}

/// Nobody panics while holding one of these locks, and what they guard is whole at any moment.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
