//! Where a base has its Python: looked for in its layers, since nothing is run to make an image.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use tmpl_oci::image::Image;
use tmpl_oci::{VisitedKind, visit_layer};

use super::base::Base;
use crate::background::in_background;
use crate::builder_cache::Kind;
use crate::checksum::Checksum;
use crate::session::Session;
use crate::{BuildError, Phase};

/// Where a Python may lie, the likeliest first: the images of Python have theirs in /usr/local, distributions in /usr.
const FOLDERS: [&str; 3] = ["usr/local/bin", "usr/bin", "opt/python/bin"];

/// What is remembered of a base.
#[derive(Default, Serialize, Deserialize)]
struct Found {
    /// Interpreters, as paths in the image.
    pythons: Vec<String>,
}

/// The path of the Python of that minor version in a base.
pub(super) async fn find(session: &Session<'_>, base: &Base, version: &str) -> Result<String, BuildError> {
    let config = base.image.config_blob().descriptor;
    let key = Checksum::of_json(&("pythons", 1, config.digest().to_string()));
    let found = if let Some(found) = session.cache.read::<Found>(Kind::Bases, &key) {
        found
    } else {
        let image = base.image.clone();
        let title = format!("looking for Python in {}", base.name);
        session.progress.started(Phase::Image, &title, None);
        let looking = in_background(session.progress, move |_| look(&image)).await;
        session.progress.finished(Phase::Image, &title);
        let found = looking?;
        session.cache.write(Kind::Bases, &key, &found)?;
        found
    };
    let name = format!("python{version}");
    let at = |folder: &&str| found.pythons.iter().find(|path| **path == format!("{folder}/{name}"));
    match FOLDERS.iter().find_map(at) {
        Some(path) => Ok(format!("/{path}")),
        None => Err(BuildError::BaseWithoutPython {
            base: base.name.clone(),
            version: version.to_owned(),
            found: found.pythons,
        }),
    }
}

fn look(image: &Image) -> Result<Found, BuildError> {
    let mut found = Found::default();
    for layer in image.layers() {
        let failed = |source| BuildError::BaseLayer { digest: layer.descriptor.digest().to_string(), source };
        let reader = layer.source.open(0).map_err(failed)?;
        // A part of a file goes on behind its end.
        let reader = std::io::Read::take(reader, layer.descriptor.size());
        let visited = visit_layer(reader, layer.descriptor.media_type(), &mut |path, kind, _| {
            if *kind != VisitedKind::Other
                && let Some((folder, name)) = path.rsplit_once('/')
            {
                let known = |known: &String| known == path;
                match name.strip_prefix(".wh.") {
                    // A layer above takes away what one below brought.
                    Some(gone) => found.pythons.retain(|path| *path != format!("{folder}/{gone}")),
                    None if FOLDERS.contains(&folder)
                        && is_python(name)
                        && !found.pythons.iter().any(known) =>
                    {
                        found.pythons.push(path.to_owned());
                    }
                    None => {}
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        visited.map_err(failed)?;
    }
    Ok(found)
}

/// Whether a file is called like an interpreter: `python3.11`.
fn is_python(name: &str) -> bool {
    let minor = name.strip_prefix("python3.");
    minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}
