//! `tmpl runners save`.

use std::path::Path;

use serde_json::json;
use tmpl_bucket::{Bucket, Reliance, digest_of_reader, layout};
use tmpl_template::{BeamJar, Digest, ProfileError, ProfilePart, RunnerName, RunnerProfile};

use crate::arguments::SaveRunnerArguments;
use crate::context::Context;
use crate::report::{Failure, USAGE};
use crate::{document_file, submitter};

/// What a file with a profile holds.
const KEYS: &str = "the keys are engine, endpoint, workerPool, beamJar, options, limits, token, savepointDirectory, owner and description";

pub(super) async fn run(context: &Context<'_>, arguments: &SaveRunnerArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    let mut said = arguments.said()?;
    let file = arguments.file.as_deref().map(|file| document_file::read(file, KEYS)).transpose()?;
    let bucket = context.open_bucket()?;
    let jar = match &arguments.beam_jar {
        Some(path) => Some(Jar::read(path).await?),
        None => None,
    };
    if let Some(jar) = &jar {
        said.beam_jar = Some(BeamJar::blob(jar.digest.clone()));
    }
    // Until the runner names it, this keeps a jar from being collected.
    let reliance = bucket.rely();
    let saved = save(context, &Saving { name, said, file, jar, bucket: &bucket, reliance: &reliance }).await;
    reliance.end().await?;
    let (entry, changed) = saved?;
    let printer = context.printer;
    printer.say(&if changed {
        format!("the runner {name} is saved (entry {entry})")
    } else {
        format!("the runner {name} is so already (entry {entry})")
    });
    if printer.is_json() {
        return printer.json(&json!({ "name": name, "entry": entry, "changed": changed }));
    }
    printer.data(&bucket.place_of(&layout::runner_entry(name, entry)))
}

/// What is to be saved, and where.
struct Saving<'a> {
    name: &'a RunnerName,
    /// What the flags say.
    said: ProfilePart,
    /// What a file says: all of it.
    file: Option<ProfilePart>,
    jar: Option<Jar<'a>>,
    bucket: &'a Bucket,
    reliance: &'a Reliance,
}

/// The number of the entry that holds, and whether it is new.
async fn save(context: &Context<'_>, saving: &Saving<'_>) -> Result<(u64, bool), Failure> {
    let Saving { name, said, file, jar, bucket, reliance } = saving;
    loop {
        let newest = bucket.newest_runner_entry(name).await?.unwrap_or(0);
        // Where a file says all of it, what is there need not even be readable.
        let before = match file {
            Some(_) => bucket.shared_runner(name).await.ok().flatten(),
            None => bucket.shared_runner(name).await?,
        };
        let before = before.map(|runner| runner.profile);
        let below = file.clone().or_else(|| before.clone().map(ProfilePart::from)).unwrap_or_default();
        let profile = checked(name, said.clone().over(below))?;
        if let Some(jar) = jar {
            jar.store(context, bucket, reliance).await?;
        }
        if before.as_ref() == Some(&profile) {
            return Ok((newest, false));
        }
        if bucket.save_runner(name, newest, &profile, &submitter::submitter()).await? {
            return Ok((newest + 1, true));
        }
    }
}

/// The profile, where others can make launches with it.
fn checked(name: &RunnerName, mut part: ProfilePart) -> Result<RunnerProfile, Failure> {
    let usage = |error: &ProfileError| {
        let failure = Failure::new(USAGE, error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    let engine = part.engine.take().or(name.engine());
    let engine = engine.ok_or_else(|| usage(&ProfileError::NoEngine { name: name.clone() }))?;
    let profile = part.with_engine(engine);
    profile.check(name).map_err(|error| usage(&error))?;
    if let Some(program) = &profile.program {
        return Err(Failure::new(USAGE, format!("`program` is {program:?}: a bucket names no programs"))
            .hint(format!("write `program` into the table [runners.{name}] of the configuration file of those who launch")));
    }
    Ok(profile)
}

/// A jar of this machine.
struct Jar<'a> {
    path: &'a Path,
    digest: Digest,
    size: u64,
}

impl<'a> Jar<'a> {
    async fn read(path: &'a Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| Failure::new(USAGE, format!("--beam-jar: {error}"));
        let opened = fs_err::File::open(path).map_err(unreadable)?;
        let (digest, size) = digest_of_reader(Box::new(opened)).await.map_err(unreadable)?;
        Ok(Self { path, digest, size })
    }

    /// Stores it in the bucket, unless it is there.
    async fn store(
        &self,
        context: &Context<'_>,
        bucket: &Bucket,
        reliance: &Reliance,
    ) -> Result<(), Failure> {
        reliance.add(&[&self.digest]).await?;
        if !bucket.has_blob(&self.digest, self.size).await? {
            context.printer.say(&format!("storing {} …", self.path.display()));
            bucket.put_blob(&self.digest, self.path, &|_| ()).await?;
        }
        Ok(())
    }
}
