//! An installed distribution, cleared of everything that an installer leaves of itself and of the machine.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;

use crate::BuildError;
use crate::checksum::Checksum;
use crate::staged_file::{Content, StagedFile, StagedFiles};
use crate::{licence, record, script};

/// What installers write into `*.dist-info` about how, when and from where they installed.
const TRACES: &[&str] =
    &["INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json", "RECORD"];

/// An installed distribution.
#[derive(Clone, Debug)]
pub(crate) struct Distribution {
    /// Its name as indexes compare it: lower case, with single dashes.
    pub(crate) name: String,
    pub(crate) version: String,
    /// What its metadata says of its licence.
    pub(crate) licence: Option<String>,
    /// Its files by their paths in a layer.
    pub(crate) files: StagedFiles,
}

impl Distribution {
    /// Bytes of its files.
    pub(crate) fn size(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }
}

/// The distributions installed under a prefix, by name.
pub(crate) fn read_all(
    prefix: &Path,
    site_packages: &str,
) -> Result<BTreeMap<String, Distribution>, BuildError> {
    let mut found = BTreeMap::new();
    let packages = prefix.join(site_packages);
    if !packages.is_dir() {
        return Ok(found);
    }
    let mut infos = Vec::new();
    for entry in fs::read_dir(&packages)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".dist-info") {
            infos.push(name);
        }
    }
    infos.sort();
    for info in infos {
        let distribution = Reader { prefix, site_packages, info: &info }.read()?;
        found.insert(distribution.name.clone(), distribution);
    }
    Ok(found)
}

/// A name as indexes compare it (PEP 503).
pub(crate) fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

struct Reader<'a> {
    prefix: &'a Path,
    site_packages: &'a str,
    info: &'a str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Distribution, BuildError> {
        let metadata = self.text("METADATA")?;
        let (name, version) = self.name_and_version(&metadata)?;
        let text = self.text("RECORD")?;
        let mut files = StagedFiles::new();
        for row in record::read(&text) {
            let path = self.layer_path(&row.path)?;
            if self.is_residue(&path) {
                continue;
            }
            let file = self.file(&path, row.checksum);
            files.insert(path.clone(), file.map_err(|error| self.damaged(format!("{path}: {error}")))?);
        }
        self.mend_scripts(&mut files)?;
        let own = format!("{}/RECORD", self.info);
        let record = record::write(&files, self.site_packages, &own);
        files.insert(format!("{}/{own}", self.site_packages), StagedFile::of_bytes(record, false));
        Ok(Distribution { name, version, licence: licence::of_metadata(&metadata), files })
    }

    fn name_and_version(&self, text: &str) -> Result<(String, String), BuildError> {
        let headers = text.lines().take_while(|line| !line.is_empty());
        let field =
            |name: &str| headers.clone().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        match (field("Name:"), field("Version:")) {
            (Some(name), Some(version)) => Ok((normal_name(&name), version)),
            _ => Err(self.damaged("its METADATA has no name or no version".to_owned())),
        }
    }

    fn text(&self, name: &str) -> Result<String, BuildError> {
        let bytes = fs::read(self.prefix.join(self.site_packages).join(self.info).join(name));
        let bytes = bytes.map_err(|error| self.damaged(error.to_string()))?;
        // Descriptions of old distributions are in whatever encoding their author had.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// `../../../bin/x` as seen from `site-packages` is `bin/x` in the layer.
    fn layer_path(&self, path: &str) -> Result<String, BuildError> {
        let mut parts: Vec<&str> = self.site_packages.split('/').collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.pop().is_some() => {}
                ".." => return Err(self.damaged(format!("{path} leads out of the environment"))),
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }

    fn is_residue(&self, path: &str) -> bool {
        let info = format!("{}/{}/", self.site_packages, self.info);
        path.strip_prefix(&info).is_some_and(|name| TRACES.contains(&name)) || path.contains("/__pycache__/")
    }

    fn file(&self, path: &str, checksum: Option<Checksum>) -> io::Result<StagedFile> {
        let place = self.prefix.join(path);
        let meta = fs::metadata(&place)?;
        let checksum = checksum.map_or_else(|| Checksum::of_file(&place), Ok)?;
        let executable = meta.permissions().mode() & 0o111 != 0;
        Ok(StagedFile { content: Content::File(place), checksum, size: meta.len(), executable })
    }

    fn mend_scripts(&self, files: &mut StagedFiles) -> Result<(), BuildError> {
        let info = format!("{}/{}/entry_points.txt", self.site_packages, self.info);
        let points = match files.get(&info) {
            Some(file) => script::entry_points(&String::from_utf8_lossy(&file.read()?)),
            None => Vec::new(),
        };
        for (path, file) in files.iter_mut().filter(|(path, _)| path.starts_with("bin/")) {
            let point = points.iter().find(|(name, _)| path.strip_prefix("bin/") == Some(name));
            let mended = match point.and_then(|(_, target)| script::entry_point(target)) {
                Some(script) => Some(script),
                None => script::relocatable(&file.read()?),
            };
            if let Some(script) = mended {
                *file = StagedFile::of_bytes(script, true);
            }
        }
        Ok(())
    }

    fn damaged(&self, message: String) -> BuildError {
        let distribution = self.info.trim_end_matches(".dist-info").replacen('-', " ", 1);
        BuildError::Distribution { distribution, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "lib/python3.11/site-packages";

    fn installed(files: &[(&str, &str)]) -> tempfile::TempDir {
        let prefix = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = prefix.path().join(path.replace("SITE", SITE));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        prefix
    }

    #[test]
    fn nothing_of_the_installer_and_its_machine_is_left() {
        let prefix = installed(&[
            ("SITE/kit/__init__.py", "x = 1\n"),
            ("SITE/kit/__pycache__/__init__.cpython-311.pyc", ""),
            (
                "SITE/My_Kit-1.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: My_Kit\nVersion: 1.0\n\nName: no\n",
            ),
            ("SITE/My_Kit-1.0.dist-info/INSTALLER", "uv"),
            ("SITE/My_Kit-1.0.dist-info/direct_url.json", "{\"url\": \"file:///build/kit\"}"),
            ("SITE/My_Kit-1.0.dist-info/entry_points.txt", "[console_scripts]\nkit = kit:main\n"),
            (
                "SITE/My_Kit-1.0.dist-info/RECORD",
                "kit/__init__.py,,\nkit/__pycache__/__init__.cpython-311.pyc,,\nMy_Kit-1.0.dist-info/METADATA,,\n\
                 My_Kit-1.0.dist-info/INSTALLER,,\nMy_Kit-1.0.dist-info/direct_url.json,,\n\
                 My_Kit-1.0.dist-info/entry_points.txt,,\nMy_Kit-1.0.dist-info/RECORD,,\n../../../bin/kit,,\n../../../bin/tool,,\n",
            ),
            ("bin/kit", "#!/build/python\nimport sys\n"),
            ("bin/tool", "#!/build/python\nprint()\n"),
        ]);
        let all = read_all(prefix.path(), SITE).unwrap();
        let kit = &all["my-kit"];
        assert_eq!((kit.name.as_str(), kit.version.as_str()), ("my-kit", "1.0"));
        let paths: Vec<String> = kit.files.keys().map(|path| path.replace(SITE, "SITE")).collect();
        assert_eq!(
            paths,
            [
                "bin/kit",
                "bin/tool",
                "SITE/My_Kit-1.0.dist-info/METADATA",
                "SITE/My_Kit-1.0.dist-info/RECORD",
                "SITE/My_Kit-1.0.dist-info/entry_points.txt",
                "SITE/kit/__init__.py",
            ]
        );
        for file in kit.files.values() {
            let text = String::from_utf8(file.read().unwrap()).unwrap();
            assert!(!text.contains("/build/"), "{text}");
        }
        let record =
            String::from_utf8(kit.files[&format!("{SITE}/My_Kit-1.0.dist-info/RECORD")].read().unwrap())
                .unwrap();
        assert_eq!(record.lines().count(), 6, "{record}");
    }

    #[test]
    fn damage_is_named() {
        let info = ("SITE/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n");
        for (record, message) in [
            ("gone.py,,\n", "a 1 is damaged: lib/python3.11/site-packages/gone.py: "),
            (
                "../../../../etc/passwd,,\n",
                "a 1 is damaged: ../../../../etc/passwd leads out of the environment",
            ),
        ] {
            let prefix = installed(&[info, ("SITE/a-1.dist-info/RECORD", record)]);
            let error = read_all(prefix.path(), SITE).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn names_are_compared_as_indexes_do() {
        assert_eq!(normal_name("Foo._-Bar"), "foo-bar");
    }
}
