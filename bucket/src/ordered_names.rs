//! Names of files in order. A file system lists a folder in no order, and asking it for each file's size takes longer than reading
//! all names: so the folders are gone through in order, each when its turn comes, and only names are read.

use std::io;
use std::path::{Path, PathBuf};

use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

/// The paths of the files in the folders of `folder`, in order, from after `after` on: `folder/x/y`.
pub(crate) fn in_order(
    root: PathBuf,
    folder: String,
    after: Option<String>,
) -> BoxStream<'static, io::Result<String>> {
    let begun = async move {
        let place = root.join(&folder);
        let folders = names(&place, true).await?;
        let folders = folders.into_iter().map(move |name| {
            let (place, path, after) = (place.join(&name), format!("{folder}/{name}"), after.clone());
            async move {
                let is_over = |after: &String| {
                    after.as_str() > path.as_str() && !after.starts_with(&format!("{path}/"))
                };
                if after.as_ref().is_some_and(is_over) {
                    return Ok::<_, io::Error>(Vec::new());
                }
                let files = names(&place, false).await?.into_iter().map(|name| format!("{path}/{name}"));
                Ok(files.filter(|file| after.as_ref().is_none_or(|after| file > after)).collect())
            }
        });
        let files = stream::iter(folders).then(|folder| folder);
        Ok::<_, io::Error>(files.map_ok(|files| stream::iter(files).map(Ok)).try_flatten())
    };
    stream::once(begun).try_flatten().boxed()
}

/// The names in a folder, of folders or of files, in order. A folder that is not there has none.
async fn names(place: &Path, folders: bool) -> io::Result<Vec<String>> {
    let place = place.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let entries = match fs_err::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            // What somebody else has put there, under a name that is no text, is none of ours. A file whose name has a `#` is being
            // written.
            if let Ok(name) = entry.file_name().into_string()
                && entry.file_type()?.is_dir() == folders
                && !name.contains('#')
            {
                names.push(name);
            }
        }
        if folders {
            // By the paths of what is in them.
            names.sort_by_cached_key(|name| format!("{name}/"));
        } else {
            names.sort_unstable();
        }
        Ok(names)
    });
    read.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_come_folder_by_folder() {
        let root = tempfile::tempdir().unwrap();
        for file in ["i/b/2", "i/b/1", "i/a/9", "i/b.x/0", "i/c/1#2", "other/x/1"] {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        for (after, expected) in [
            (None, vec!["i/a/9", "i/b.x/0", "i/b/1", "i/b/2"]),
            (Some("i/a/9"), vec!["i/b.x/0", "i/b/1", "i/b/2"]),
            (Some("i/b/1"), vec!["i/b/2"]),
            (Some("i/z"), vec![]),
        ] {
            let names = in_order(root.path().to_owned(), "i".to_owned(), after.map(str::to_owned));
            assert_eq!(names.try_collect::<Vec<_>>().await.unwrap(), expected, "{after:?}");
        }
        let none = in_order(root.path().to_owned(), "nowhere".to_owned(), None);
        assert!(none.try_collect::<Vec<_>>().await.unwrap().is_empty());
    }
}
