//! Flags of `tmpl build` about images.

use std::path::PathBuf;

use clap::Args;
use tmpl_builder::{BaseSource, ImageOutput, ImageRequest, LauncherBinaries};
use tmpl_oci::registry::RegistryOptions;

use crate::report::{Failure, USAGE};

/// The variable with the time that everything made is said to be of, in seconds since 1970.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Which images are made, and where they go.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Images")]
pub(crate) struct ImageArguments {
    /// Make an image of the template and push it; {name} stands for the template's name
    #[arg(long, value_name = "REGISTRY/REPOSITORY:TAG", alias = "image-gcr-path")]
    push: Option<String>,
    /// Write the image: oci:FOLDER, oci-archive:FILE, docker-archive:FILE, docker or podman (repeatable)
    #[arg(long, value_name = "PLACE")]
    output: Vec<ImageOutput>,
    /// What images are built upon: a reference, oci:FOLDER[:NAME], oci-archive:FILE[:NAME] or scratch
    /// [default: the one of tmpl.toml]
    #[arg(long, value_name = "IMAGE")]
    base: Option<BaseSource>,
    /// The launcher that images start [default: TMPL_LAUNCHER, then the one beside tmpl]
    #[arg(long, value_name = "PATH")]
    launcher: Option<PathBuf>,
    /// Speak to this registry without TLS; one on this machine needs no mention (repeatable)
    #[arg(long, value_name = "HOST[:PORT]")]
    plain_http: Vec<String>,
    /// Trust the certificates in this PEM file, too (repeatable)
    #[arg(long, value_name = "FILE")]
    registry_ca: Vec<PathBuf>,
}

impl ImageArguments {
    /// The images that are asked for, if any are.
    pub(crate) fn request(self) -> Result<Option<ImageRequest>, Failure> {
        if self.push.is_none() && self.output.is_empty() {
            return Ok(None);
        }
        Ok(Some(ImageRequest {
            base: self.base,
            push: self.push,
            outputs: self.output,
            launchers: LauncherBinaries::of_this_process(self.launcher),
            created: created()?,
            registry: RegistryOptions {
                plain_http: self.plain_http,
                certificates: self.registry_ca,
                ..RegistryOptions::default()
            },
        }))
    }
}

/// When an image says it was made: 1970, unless somebody says otherwise. The clock would make another image each time.
fn created() -> Result<String, Failure> {
    let seconds = match std::env::var(SOURCE_DATE_EPOCH) {
        Ok(text) if !text.is_empty() => text.parse().ok(),
        _ => Some(0),
    };
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string()).ok_or_else(|| {
        Failure::new(USAGE, format!("{SOURCE_DATE_EPOCH} is no time"))
            .hint("set it to seconds since 1970, or unset it")
    })
}
