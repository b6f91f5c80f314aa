//! Where everything lies in a bucket: pure functions from names to object paths (`/`-separated, without a leading slash).

use oci_spec::image::Digest;
use tmpl_template::{CardName, JobId, JobName, RunnerName, TemplateName};

use crate::{SessionMark, SessionOwner};

/// Entries of a numbered log sort by name because their numbers have this many digits.
const NUMBER_DIGITS: usize = 8;
/// Log segments sort by name because their byte offsets have this many digits.
const OFFSET_DIGITS: usize = 12;

/// `templates`: one object a template, where Google's service looks for it.
pub const TEMPLATES: &str = "templates";
/// `staging/jobs`: a folder a day, in it a folder a job.
pub const JOBS: &str = "staging/jobs";

/// `staging/index`: a name for each job, the newest first.
pub const INDEX: &str = "staging/index";
/// `staging/blobs`: content-addressed objects.
pub const BLOBS: &str = "staging/blobs";
/// `staging/builds`: what running builds rely on.
pub const BUILDS: &str = "staging/builds";
/// `staging/names`: who holds which job name.
pub const NAMES: &str = "staging/names";
/// `staging/keys`: launches that were asked for under a key.
pub const KEYS: &str = "staging/keys";
/// `staging/audit`: who did what to the bucket itself.
pub const AUDIT: &str = "staging/audit";
/// `staging/sessions`: sessions at servers: who has which, and which were signed out of.
pub const SESSIONS: &str = "staging/sessions";
/// `tmp`: what may be deleted when its job has ended.
pub const TEMPORARY: &str = "tmp";
/// What the first writer of the bucket found out about the store.
pub const STORE_FACTS: &str = "staging/config/store.json";
/// Somebody's word that one writer at a time uses the bucket.
pub const SINGLE_WRITER: &str = "staging/config/single-writer.json";
/// The folder of the bucket's settings, numbered.
pub const SETTINGS: &str = "staging/config/settings";
/// The folder of the runners that a bucket's people share: a folder a name.
pub const RUNNERS: &str = "staging/config/runners";
/// The folder of the cards: a folder a name.
pub const CARDS: &str = "staging/config/cards";
/// What a garbage collection that runs is about to delete.
pub const COLLECTION: &str = "staging/collection.json";
/// A longer job name has its digest as the name of its folder: file systems take 255 bytes.
const LONGEST_FOLDER: usize = 200;

/// The current spec of a template: a projection of the newest log entry.
pub fn template(name: &TemplateName) -> String {
    format!("{TEMPLATES}/{name}.json")
}

/// The folder of every version ever published.
pub fn versions(name: &TemplateName) -> String {
    format!("{TEMPLATES}/{name}")
}

/// One version of a template, by the hexadecimal digest of its text.
pub fn version(name: &TemplateName, digest: &Digest) -> String {
    format!("{TEMPLATES}/{name}/{}.json", digest.digest())
}

/// The folder of a template's publish log.
pub fn publish_log(name: &TemplateName) -> String {
    format!("{TEMPLATES}/{name}/log")
}

/// Entry `n` of a template's publish log.
pub fn publish_log_entry(name: &TemplateName, n: u64) -> String {
    format!("{TEMPLATES}/{name}/log/{n:0NUMBER_DIGITS$}.json")
}

/// A content-addressed object shared by all templates.
pub fn blob(digest: &Digest) -> String {
    format!("staging/blobs/{}/{}", digest.algorithm(), digest.digest())
}

/// The folder of one day's jobs (`2026-11-21`).
pub fn day(day: &str) -> String {
    format!("{JOBS}/{day}")
}

/// The folder of one job.
pub fn job(id: &JobId) -> String {
    format!("{JOBS}/{}/{id}", id.day())
}

/// The accepted launch.
pub fn job_record(id: &JobId) -> String {
    format!("{}/job.json", job(id))
}

/// The folder of the rights to run.
pub fn attempts(id: &JobId) -> String {
    format!("{}/attempts", job(id))
}

/// The right to run attempt `n`.
pub fn attempt(id: &JobId, n: u32) -> String {
    format!("{}/attempts/{n}.json", job(id))
}

/// The lease that the launcher of attempt `n` renews.
pub fn lease(id: &JobId, n: u32) -> String {
    format!("{}/lease/{n}", job(id))
}

/// The folder of state changes and messages.
pub fn events(id: &JobId) -> String {
    format!("{}/events", job(id))
}

/// One state change or message.
pub fn event(id: &JobId, attempt: u32, sequence: u64) -> String {
    format!("{}/events/{attempt}-{sequence:0NUMBER_DIGITS$}.json", job(id))
}

/// A request to cancel.
pub fn stop(id: &JobId) -> String {
    format!("{}/stop.json", job(id))
}

/// A request to drain. One to cancel stands above it.
pub fn drain(id: &JobId) -> String {
    format!("{}/drain.json", job(id))
}

/// What came of the request to drain.
pub fn drain_answer(id: &JobId) -> String {
    format!("{}/drain-answer.json", job(id))
}

/// The terminal state.
pub fn final_record(id: &JobId) -> String {
    format!("{}/final.json", job(id))
}

/// The folder of the logs of attempt `n`.
pub fn logs(id: &JobId, attempt: u32) -> String {
    format!("{}/logs/{attempt}", job(id))
}

/// The log segment of attempt `n` that begins at a byte offset.
pub fn log_segment(id: &JobId, attempt: u32, offset: u64) -> String {
    format!("{}/logs/{attempt}/{offset:0OFFSET_DIGITS$}", job(id))
}

/// Where the result rows of an attempt go.
pub fn results(id: &JobId, attempt: u32) -> String {
    format!("{}/results/{attempt}", job(id))
}

/// The folder of the ends of a job's workers.
pub fn worker_ends(id: &JobId) -> String {
    format!("{}/workers", job(id))
}

/// The end of a worker of attempt `n`; `number` tells several ends of workers of one name apart.
pub fn worker_end(id: &JobId, attempt: u32, worker: &str, number: u32) -> String {
    let again = if number == 1 { String::new() } else { format!(".{number}") };
    format!("{}/{attempt}-{}{again}.json", worker_ends(id), plain_worker(worker))
}

/// That a worker of attempt `n` works in place of one that ended; `moment` tells several of one name apart.
pub fn worker_begun(id: &JobId, attempt: u32, worker: &str, moment: i64) -> String {
    format!("{}/{attempt}-{}.begun-{moment}", worker_ends(id), plain_worker(worker))
}

/// A worker's name, which is an engine's, as a part of a file's.
fn plain_worker(worker: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    worker.chars().take(100).map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

/// What a job made for people to keep.
pub fn artifacts(id: &JobId) -> String {
    format!("{}/artifacts", job(id))
}

/// The graph that a job's program submitted: a `Pipeline` of Beam.
pub fn pipeline(id: &JobId) -> String {
    format!("{}/pipeline.pb", job(id))
}

/// The options that came with the graph.
pub fn options(id: &JobId) -> String {
    format!("{}/options.json", job(id))
}

/// What attempt `n` is about to be on its engine.
pub fn engine_intent(id: &JobId, attempt: u32) -> String {
    format!("{}/engine/{attempt}-intent.json", job(id))
}

/// What attempt `n` is on its engine.
pub fn engine_job(id: &JobId, attempt: u32) -> String {
    format!("{}/engine/{attempt}.json", job(id))
}

/// A file that the graph's workers need, by its SHA-256.
pub fn staged(id: &JobId, sha256: &str) -> String {
    format!("{}/staged/{sha256}", job(id))
}

/// Which files those are.
pub fn staged_list(id: &JobId) -> String {
    format!("{}/staged.json", job(id))
}

/// What attempt `n` has counted.
pub fn metrics(id: &JobId, attempt: u32) -> String {
    format!("{}/metrics/{attempt}.json", job(id))
}

/// The mark of somebody who reads a job's log as it is written.
pub fn watch(id: &JobId) -> String {
    format!("{}/watch", job(id))
}

/// The folder of what was sent about a job.
pub fn notices(id: &JobId) -> String {
    format!("{}/notices", job(id))
}

/// What was sent, or is being sent, about an event of a job.
pub fn notice(id: &JobId, event: &str) -> String {
    format!("{}/{event}.json", notices(id))
}

/// The folder of the claims of a job name.
pub fn job_name(name: &JobName) -> String {
    if name.as_str().len() <= LONGEST_FOLDER {
        return format!("{NAMES}/{name}");
    }
    let digest = tmpl_template::sha256_of(name.as_str().as_bytes());
    format!("{NAMES}/{}", digest.digest())
}

/// Claim `n` of a job name.
pub fn job_name_claim(name: &JobName, n: u64) -> String {
    format!("{}/{n:0NUMBER_DIGITS$}.json", job_name(name))
}

/// A launch that was asked for under a key: by the key's digest, since keys may be long, or tell too much.
pub fn launch_key(key: &str) -> String {
    format!("{KEYS}/{}.json", tmpl_template::sha256_of(key.as_bytes()).digest())
}

/// What a running build relies on.
pub fn build(id: &str) -> String {
    format!("{BUILDS}/{id}.json")
}

/// Settings `n` of the bucket.
pub fn settings(n: u64) -> String {
    format!("{SETTINGS}/{n:0NUMBER_DIGITS$}.json")
}

/// The folder of a runner that a bucket's people share.
pub fn runner(name: &RunnerName) -> String {
    format!("{RUNNERS}/{name}")
}

/// Entry `n` of such a runner.
pub fn runner_entry(name: &RunnerName, n: u64) -> String {
    format!("{RUNNERS}/{name}/{n:0NUMBER_DIGITS$}.json")
}

/// The folder of a card.
pub fn card(name: &CardName) -> String {
    format!("{CARDS}/{name}")
}

/// Entry `n` of a card.
pub fn card_entry(name: &CardName, n: u64) -> String {
    format!("{CARDS}/{name}/{n:0NUMBER_DIGITS$}.json")
}

/// A session that somebody signed out of.
pub fn ended_session(mark: &SessionMark) -> String {
    format!("{SESSIONS}/{}", mark.as_str())
}

/// The folder of the sessions of a person who came in at a door: by the digest of their name, which may be any text.
pub fn open_sessions(owner: &SessionOwner<'_>) -> String {
    let who = tmpl_template::sha256_of(owner.who.as_bytes());
    format!("{SESSIONS}/open/{}/{}", owner.realm, who.digest())
}

/// A session that somebody came in with.
pub fn open_session(owner: &SessionOwner<'_>, mark: &SessionMark) -> String {
    format!("{}/{}", open_sessions(owner), mark.as_str())
}

/// The runner's temporary location, emptied when the job ends.
pub fn temporary(id: &JobId) -> String {
    format!("tmp/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_objects_sort_by_name() {
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        assert!(log_segment(&id, 1, 999) < log_segment(&id, 1, 1_000));
        assert!(event(&id, 1, 9) < event(&id, 1, 10));
        assert_eq!(
            event(&id, 1, 2),
            "staging/jobs/2026-11-21/2026-11-21_08_00_00-0000000000000000001/events/1-00000002.json"
        );
    }

    #[test]
    fn a_template_lies_where_googles_service_looks() {
        let name: TemplateName = "wordcount".parse().unwrap();
        assert_eq!(template(&name), "templates/wordcount.json");
        assert_eq!(publish_log_entry(&name, 3), "templates/wordcount/log/00000003.json");
    }
}
