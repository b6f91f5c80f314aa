//! The bytecode of the project's own code: only what changed since the last build is compiled.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::builder_cache::{Kind, note_use};
use crate::checksum::Checksum;
use crate::helper::COMPILE_TREE;
use crate::python_session::PythonSession;
use crate::staged_file::{Content, StagedFile, StagedFiles};
use crate::{BuildError, atomic_file, compile};

/// A file that was used so long ago is noted as used again; not with every build.
const NOTED: Duration = Duration::from_hours(24);

/// What a source became.
#[derive(Clone, Serialize, Deserialize)]
struct Compiled {
    source: Checksum,
    bytecode: Checksum,
    size: u64,
}

/// Paths of sources in their layer → what they became.
type Record = BTreeMap<String, Compiled>;

/// Gives the Python files of a layer their bytecode. What does not compile is an error.
pub(crate) async fn add(
    session: &PythonSession<'_>,
    title: &str,
    files: &mut StagedFiles,
) -> Result<(), BuildError> {
    // The bytes depend on the source, its path in the layer, our program and the version of Python.
    let key = Checksum::of_json(&(
        "bytecode",
        COMPILE_TREE.checksum(),
        session.target(),
        &session.project.root,
        title,
    ));
    let known = session.cache.read::<Record>(Kind::Bytecode, &key).unwrap_or_default();
    let tag = compile::tag(session.target());
    let mut record = Record::new();
    let mut found = StagedFiles::new();
    let mut missing = StagedFiles::new();
    for (path, file) in files.iter() {
        let Some(bytecode) = compile::bytecode_path(path, &tag) else { continue };
        match known.get(path).filter(|known| known.source == file.checksum) {
            Some(compiled) if is_kept(session, compiled) => {
                found.insert(bytecode, staged(session, compiled));
                record.insert(path.clone(), compiled.clone());
            }
            _ => {
                missing.insert(path.clone(), file.clone());
            }
        }
    }
    let sources: Vec<String> = missing.keys().cloned().collect();
    compile::compile(session, &mut [(title, &mut missing)], true).await?;
    for path in sources {
        let (Some(bytecode), Some(source)) = (compile::bytecode_path(&path, &tag), files.get(&path)) else {
            continue;
        };
        let Some(file) = missing.remove(&bytecode) else { continue };
        let place = session.cache.file(&file.checksum);
        if let Content::File(made) = &file.content {
            keep(made, &place)?;
        }
        let (source, bytecode_checksum) = (source.checksum.clone(), file.checksum);
        let compiled = Compiled { source, bytecode: bytecode_checksum, size: file.size };
        found.insert(bytecode, staged(session, &compiled));
        record.insert(path, compiled);
    }
    session.cache.write(Kind::Bytecode, &key, &record)?;
    files.extend(found);
    Ok(())
}

/// The file is on the cache's file system: it is moved, whole as it is.
fn keep(made: &std::path::Path, place: &std::path::Path) -> std::io::Result<()> {
    match fs::rename(made, place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            atomic_file::write(place, &fs::read(made)?)
        }
        other => other,
    }
}

fn is_kept(session: &PythonSession<'_>, compiled: &Compiled) -> bool {
    let place = session.cache.file(&compiled.bytecode);
    let Ok(meta) = fs::metadata(&place) else { return false };
    let is_old = |used: SystemTime| used.elapsed().is_ok_and(|age| age > NOTED);
    if meta.modified().is_ok_and(is_old) {
        note_use(&place);
    }
    meta.len() == compiled.size
}

fn staged(session: &PythonSession<'_>, compiled: &Compiled) -> StagedFile {
    StagedFile {
        content: Content::File(session.cache.file(&compiled.bytecode)),
        checksum: compiled.bytecode.clone(),
        size: compiled.size,
        executable: false,
    }
}
