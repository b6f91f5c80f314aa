//! The program that an SDK's worker is started with.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use fs_err as fs;
use tmpl_beam::worker::{HarnessProgram, Packages, StagedFile, WorkerError};
use tmpl_template::Entry;

use crate::LaunchError;
use crate::environment;
use crate::runtime::Runtime;

/// What a worker in Java is made of: a class that a jar must hold, and the jar of it that Beam's own images for Java have. The second
/// measures objects; the worker needs it, and its own dependencies leave it out.
const JAVA_WORKER: [(&str, &str); 2] = [
    ("org/apache/beam/fn/harness/FnHarness.class", "beam-sdks-java-harness.jar"),
    ("org/github/jamm/MemoryMeter.class", "jamm.jar"),
];
/// Where Beam's images have their jars.
const BEAM_JARS: &str = "/opt/apache/beam/jars";
/// The end of a zip file, at most: a record of 22 bytes and a comment.
const LONGEST_END: u64 = 22 + 0xffff;

/// A program and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct WorkerProgram {
    /// What is started.
    pub(crate) harness: HarnessProgram,
    /// The tree of the template; nothing where a plain Python is taken.
    pub(crate) root: Option<PathBuf>,
}

impl WorkerProgram {
    /// The worker of a template whose tree lies at `root`.
    pub(crate) fn of_template(entry: &Entry, runtime: &Runtime, root: &Path) -> Result<Self, LaunchError> {
        let app = |file: &String| root.join("app").join(file);
        let harness = match entry {
            Entry::Python { .. } | Entry::Yaml { .. } if entry.is_beam() => {
                HarnessProgram::Python { python: environment::python(root) }
            }
            Entry::Go { binary } => HarnessProgram::Go { binary: app(binary) },
            Entry::Java { jars, beam: true, .. } => {
                let java = runtime.path().ok_or(LaunchError::NoJava)?.to_owned();
                java_worker(java, jars.iter().map(app).collect())?
            }
            Entry::Python { .. } | Entry::Yaml { .. } | Entry::Java { .. } | Entry::Binary { .. } => {
                return Err(LaunchError::NoWorker {
                    what: "it is no Beam pipeline",
                    remedy: "launch it with `--runner direct`",
                });
            }
        };
        Ok(Self { harness, root: Some(root.to_owned()) })
    }

    /// Whether packages that the pipeline wants installed are there.
    pub(crate) fn check_packages(&self, staged: &[StagedFile]) -> Result<(), WorkerError> {
        let HarnessProgram::Python { python } = &self.harness else { return Ok(()) };
        Packages::check(staged, &|| match &self.root {
            Some(root) => Packages::folders(root),
            None => plain_folders(python),
        })
    }

    /// A Python that has Beam's SDK, without a template.
    pub(crate) fn plain_python(python: PathBuf) -> Self {
        Self { harness: HarnessProgram::Python { python }, root: None }
    }
}

/// Where a Python of the machine finds packages: `PYTHONPATH`, and the folders of where it was installed, which a virtual environment may
/// be beside.
fn plain_folders(python: &Path) -> Vec<PathBuf> {
    let path = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let real = fs::canonicalize(python).unwrap_or_else(|_| python.to_owned());
    let roots = [python, &real].into_iter().filter_map(|python| Some(python.parent()?.parent()?.to_owned()));
    let local = PathBuf::from("/usr/local");
    std::env::split_paths(&path)
        .chain(roots.chain([local]).flat_map(|root| Packages::folders(&root)))
        .collect()
}

/// A worker in Java: the template's own class path, which holds Beam's worker, or else that of the image.
fn java_worker(java: PathBuf, mut class_path: Vec<PathBuf>) -> Result<HarnessProgram, LaunchError> {
    for (class, jar) in JAVA_WORKER {
        if class_path.iter().any(|jar| holds(jar, class)) {
            continue;
        }
        let beams = Path::new(BEAM_JARS).join(jar);
        if !beams.is_file() {
            return Err(LaunchError::NoWorker {
                what: "its class path lacks Beam's worker",
                remedy: "add org.apache.beam:beam-sdks-java-harness of its Beam version and com.github.jbellis:jamm:0.4.0 to the \
                         pipeline's dependencies, and build it again",
            });
        }
        class_path.push(beams);
    }
    // Without it objects are measured by guessing.
    let is_jamm = |jar: &Path| jar.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("jamm"));
    let agent = class_path.iter().find(|jar| is_jamm(jar)).map(|jar| format!("-javaagent:{}", jar.display()));
    Ok(HarnessProgram::Java { java, options: agent.into_iter().collect(), class_path })
}

/// Whether a jar holds a class. A jar is a zip file: the names of what is in it stand together near its end. One that can't be
/// read holds nothing.
fn holds(jar: &Path, class: &str) -> bool {
    let names = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(jar)?;
        let length = file.seek(SeekFrom::End(0))?;
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
        file.read_to_end(&mut end)?;
        let none = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        let record = end.windows(4).rposition(|word| word == b"PK\x05\x06").ok_or_else(none)?;
        let number = |at: usize| {
            let bytes = end.get(record + at..record + at + 4)?.try_into().ok()?;
            Some(u64::from(u32::from_le_bytes(bytes)))
        };
        let (size, start) = number(12).zip(number(16)).ok_or_else(none)?;
        let mut names = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(size).read_to_end(&mut names)?;
        Ok(names)
    };
    names().is_ok_and(|names| memchr::memmem::find(&names, class.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use tmpl_template::PythonMain;

    use super::*;

    /// A zip file with empty files of these names.
    fn zip(names: &[&str]) -> Vec<u8> {
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let length = u16::try_from(name.len()).unwrap().to_le_bytes();
            let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            bytes.extend([&b"PK\x03\x04"[..], &[0; 22], &length, &[0; 2], name.as_bytes()].concat());
            directory
                .extend([&b"PK\x01\x02"[..], &[0; 24], &length, &[0; 12], &offset, name.as_bytes()].concat());
        }
        let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
        let start = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend(directory);
        bytes.extend([&b"PK\x05\x06"[..], &[0; 8], &size, &start, &[0; 2]].concat());
        bytes
    }

    #[test]
    fn beams_worker_is_found_in_a_jar() {
        let folder = tempfile::tempdir().unwrap();
        let jar = |name: &str, bytes: Vec<u8>| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let worker = "org/apache/beam/fn/harness/FnHarness.class";
        for (path, holds) in [
            (jar("with.jar", zip(&["META-INF/MANIFEST.MF", worker, "z"])), true),
            (jar("without.jar", zip(&["META-INF/MANIFEST.MF"])), false),
            // A text that names it is no class.
            (jar("text.txt", worker.as_bytes().to_vec()), false),
            (jar("empty.jar", Vec::new()), false),
            (folder.path().join("missing.jar"), false),
        ] {
            assert_eq!(super::holds(&path, worker), holds, "{}", path.display());
        }
    }

    #[test]
    fn every_language_has_its_worker_and_other_programs_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("app")).unwrap();
        let java = |beam| Entry::Java { main_class: "Main".into(), jars: vec!["a.jar".into()], beam };
        let python = |beam: Option<&str>| Entry::Python {
            main: PythonMain::Module("m".into()),
            beam: beam.map(str::to_owned),
        };
        let of = |entry: &Entry| {
            let runtime = Runtime::Java("/jdk/bin/java".into());
            let program = WorkerProgram::of_template(entry, &runtime, folder.path());
            program.map(|program| program.harness).map_err(|error| error.to_string())
        };
        assert_eq!(
            of(&python(Some("2.77.0"))),
            Ok(HarnessProgram::Python { python: folder.path().join("bin/python") })
        );
        assert_eq!(
            of(&Entry::Go { binary: "words".into() }),
            Ok(HarnessProgram::Go { binary: folder.path().join("app/words") })
        );
        let none = "the template has no worker: it is no Beam pipeline";
        for entry in [python(None), java(false), Entry::Binary { binary: "b".into() }] {
            assert_eq!(of(&entry).unwrap_err(), none, "{entry}");
        }
        assert_eq!(
            of(&java(true)).unwrap_err(),
            "the template has no worker: its class path lacks Beam's worker"
        );
        let classes = JAVA_WORKER.map(|(class, _)| class);
        fs::write(folder.path().join("app/a.jar"), zip(&classes)).unwrap();
        let whole =
            |harness| matches!(harness, HarnessProgram::Java { class_path, .. } if class_path.len() == 1);
        assert!(of(&java(true)).is_ok_and(whole));
    }
}
