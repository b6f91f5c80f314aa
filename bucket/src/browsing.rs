//! What people keep in the bucket beside what is kept there for them: folders and files, to be looked at and chosen.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::listed::Listed;
use crate::{Bucket, BucketError, layout};

/// What is not people's own: jobs, templates and settings have rules of their own who may see them.
const OURS: [&str; 3] = [layout::TEMPLATES, "staging", layout::TEMPORARY];

/// A folder of the bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The names of the folders in it, in order.
    pub folders: Vec<String>,
    /// The files in it, by name.
    pub files: Vec<FolderFile>,
}

/// A file in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderFile {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// When it was written, by the store's clock.
    pub modified: Timestamp,
}

impl Bucket {
    /// What lies directly in a folder: a path in the bucket, or nothing for the bucket itself. Nothing of what is kept there for jobs
    /// and templates, and nothing outside the bucket, whatever links say.
    pub async fn folder_at(&self, path: &str) -> Result<Folder, BucketError> {
        let path = path.trim_matches('/');
        if !path.is_empty() {
            self.path_in(path)?;
        }
        if path.split('/').next().is_some_and(|first| OURS.contains(&first)) {
            return Ok(Folder::default());
        }
        let mut folder = if let Some(root) = self.folder() {
            self.folder_of_files(root.to_owned(), path.to_owned()).await?
        } else {
            let (folders, files) = self.store.list_whole(path).await?;
            Folder { folders, files: files.into_iter().map(FolderFile::from).collect() }
        };
        if path.is_empty() {
            folder.folders.retain(|name| !OURS.contains(&name.as_str()));
        }
        Ok(folder)
    }

    async fn folder_of_files(&self, root: PathBuf, path: String) -> Result<Folder, BucketError> {
        let looked = path.clone();
        let read = tokio::task::spawn_blocking(move || entries(&root, &looked));
        let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
        read.map_err(|error| BucketError::of_store(&self.to_string(), "list", &path, error))
    }
}

impl From<Listed> for FolderFile {
    fn from(listed: Listed) -> Self {
        Self { name: listed.name, size: listed.size, modified: listed.modified }
    }
}

/// The entries of a folder of this machine. Links that lead out of the bucket lead nowhere.
fn entries(root: &Path, path: &str) -> std::io::Result<Folder> {
    let root = root.canonicalize()?;
    let place = match root.join(path).canonicalize() {
        Ok(place) if place.starts_with(&root) && place.is_dir() => place,
        _ => return Ok(Folder::default()),
    };
    let mut found = Folder::default();
    for entry in fs_err::read_dir(&place)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // A file whose name has a `#` is being written.
        if name.contains('#') {
            continue;
        }
        let Ok(file) = entry.path().canonicalize() else { continue };
        let Ok(known) = file.metadata().map(|known| (known.is_dir(), known.len(), known.modified().ok()))
        else {
            continue;
        };
        if !file.starts_with(&root) {
            continue;
        }
        match known {
            (true, ..) => found.folders.push(name),
            (false, size, modified) => {
                let modified = modified.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
                found.files.push(FolderFile { name, size, modified });
            }
        }
    }
    found.folders.sort_unstable();
    found.files.sort_unstable_by(|one, two| one.name.cmp(&two.name));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Folder) -> (Vec<&str>, Vec<(&str, u64)>) {
        let files = folder.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
        (folder.folders.iter().map(String::as_str).collect(), files)
    }

    #[tokio::test]
    async fn people_see_their_own_folders_and_no_others() {
        let root = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&root.path().to_str().unwrap().parse().unwrap()).unwrap();
        for object in ["data/in/a.txt", "data/b.txt", "staging/jobs/x", "templates/t.json", "tmp/x", "top"] {
            bucket.write_object(object, "text").await.unwrap();
        }
        let outside = tempfile::tempdir().unwrap();
        fs_err::write(outside.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("data/out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), root.path().join("data/s")).unwrap();
        let seen = bucket.folder_at("").await.unwrap();
        assert_eq!(names(&seen), (vec!["data"], vec![("top", 4)]));
        let seen = bucket.folder_at("data/").await.unwrap();
        assert_eq!(names(&seen), (vec!["in"], vec![("b.txt", 4)]));
        for hidden in ["staging", "staging/jobs", "templates", "tmp", "data/out", "nowhere", "top"] {
            assert_eq!(bucket.folder_at(hidden).await.unwrap(), Folder::default(), "{hidden}");
        }
        for wrong in ["..", "data/../..", "data//in", "./data", "s3://other/x"] {
            assert!(bucket.folder_at(wrong).await.is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_store_has_folders_too() {
        let bucket = Bucket::in_memory();
        for object in ["data/in/a.txt", "data/b.txt", "staging/jobs/x"] {
            bucket.write_object(object, "text").await.unwrap();
        }
        assert_eq!(names(&bucket.folder_at("").await.unwrap()), (vec!["data"], vec![]));
        assert_eq!(names(&bucket.folder_at("data").await.unwrap()), (vec!["in"], vec![("b.txt", 4)]));
    }
}
