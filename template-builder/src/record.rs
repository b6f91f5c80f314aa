//! RECORD files: which files belong to an installed distribution.

use crate::checksum::Checksum;
use crate::staged_file::StagedFiles;

/// One line: a path relative to `site-packages`, and what the file should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) path: String,
    pub(crate) checksum: Option<Checksum>,
}

/// Reads a RECORD.
pub(crate) fn read(text: &str) -> Vec<Row> {
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}

fn row(line: &str) -> Row {
    // Only paths with commas or quotes are quoted, and hashes and sizes have neither.
    let (path, rest) = if let Some(quoted) = line.strip_prefix('"') {
        let end = quoted.rfind("\",").unwrap_or(quoted.len());
        (quoted[..end].replace("\"\"", "\""), quoted.get(end + 2..).unwrap_or_default())
    } else {
        let (path, rest) = line.split_once(',').unwrap_or((line, ""));
        (path.to_owned(), rest)
    };
    Row { path, checksum: rest.split(',').next().and_then(Checksum::from_record) }
}

/// Writes the RECORD of files that lie at paths in a layer. `site_packages` is where paths count from; `own` is the RECORD's
/// own path there.
pub(crate) fn write(files: &StagedFiles, site_packages: &str, own: &str) -> Vec<u8> {
    let mut lines: Vec<String> = files
        .iter()
        .map(|(path, file)| {
            format!("{},{},{}\n", quoted(&relative(path, site_packages)), file.checksum.record(), file.size)
        })
        .collect();
    lines.push(format!("{},,\n", quoted(own)));
    lines.sort();
    lines.concat().into_bytes()
}

/// A layer's path as seen from `site-packages`: `bin/x` is `../../../bin/x`.
fn relative(path: &str, site_packages: &str) -> String {
    match path.strip_prefix(site_packages).and_then(|inside| inside.strip_prefix('/')) {
        Some(inside) => inside.to_owned(),
        None => format!("{}{path}", "../".repeat(site_packages.split('/').count())),
    }
}

fn quoted(path: &str) -> String {
    if path.contains([',', '"']) { format!("\"{}\"", path.replace('"', "\"\"")) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staged_file::StagedFile;

    #[test]
    fn what_is_written_is_read_again() {
        let mut files = StagedFiles::new();
        for path in
            ["lib/python3.11/site-packages/a,\"b\".py", "lib/python3.11/site-packages/z.py", "bin/run"]
        {
            files.insert(path.to_owned(), StagedFile::of_bytes(path.as_bytes().to_vec(), false));
        }
        let text = write(&files, "lib/python3.11/site-packages", "a-1.dist-info/RECORD");
        let rows = read(std::str::from_utf8(&text).unwrap());
        let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
        assert_eq!(paths, ["a,\"b\".py", "../../../bin/run", "a-1.dist-info/RECORD", "z.py"]);
        assert_eq!(rows[1].checksum, Some(Checksum::of(b"bin/run")));
        assert_eq!(rows[2].checksum, None);
    }
}
