//! Where a job's launcher runs, and what its container gets.

#![expect(clippy::doc_markdown, reason = "these comments are read in a terminal")]

use clap::{Args, ValueEnum};
use tmpl_launcher::place::docker::{DockerProfile, Memory, Mount, Processors};

use crate::report::{Failure, USAGE};

/// Where a job's launcher runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// As a process on this machine, with an interpreter of this machine
    Process,
    /// In a container of the template's image, by Docker or podman
    Docker,
}

/// Where a job's launcher runs, and what its container gets above what the configuration says.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// Where the job runs
    #[arg(long, value_enum, default_value_t = Place::Process)]
    pub(crate) place: Place,
    /// A folder or file that the container sees: /data, or /data:/in/the/container:ro (repeatable)
    #[arg(long, value_name = "MOUNT")]
    mount: Vec<Mount>,
    /// The most memory that the container may take: 512m, 2g
    #[arg(long, value_name = "SIZE")]
    memory: Option<Memory>,
    /// The most processors that the container may use: 2, 0.5
    #[arg(long, value_name = "NUMBER")]
    cpus: Option<Processors>,
}

impl PlaceArguments {
    /// The place that a job had, with what the configuration says of it.
    pub(crate) fn of_job(place: &str) -> Self {
        let place = if place == tmpl_launcher::place::DOCKER { Place::Docker } else { Place::Process };
        Self { place, mount: Vec::new(), memory: None, cpus: None }
    }

    /// Refuses flags that mean nothing for a process.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let given = [
            ("--mount", !self.mount.is_empty()),
            ("--memory", self.memory.is_some()),
            ("--cpus", self.cpus.is_some()),
        ];
        match given.iter().find(|(_, given)| *given && self.place == Place::Process) {
            Some((flag, _)) => Err(Failure::new(USAGE, format!("{flag} is for containers"))
                .hint("pass --place docker too, or leave it out")),
            None => Ok(()),
        }
    }

    /// The configuration's profile with what these flags say.
    pub(crate) fn profile(&self, configured: &DockerProfile) -> DockerProfile {
        let mut profile = configured.clone();
        // What is mounted by a flag stands for what the configuration has at the same place.
        profile.mounts.retain(|old| !self.mount.iter().any(|new| new.target == old.target));
        profile.mounts.extend(self.mount.iter().cloned());
        profile.memory = self.memory.or(profile.memory);
        profile.cpus = self.cpus.or(profile.cpus);
        profile
    }
}
