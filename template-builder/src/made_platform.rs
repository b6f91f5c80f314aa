//! What was made for one platform: the layers that the project's Python programs share, and those of each program alone.

use tmpl_template::{Interpreter, LayerReference, PlatformBuild, TemplateName};

use crate::bucket_blobs::BucketBlobs;
use crate::checksum::Checksum;
use crate::lock::Lock;
use crate::made_layer::{self, MadeLayer};
use crate::own_layers::OwnCode;
use crate::program::{Main, Program};
use crate::program_source::ProgramSource;
use crate::python_session::PythonSession;
use crate::python_target::PythonTarget;
use crate::report::LockState;
use crate::session::Session;
use crate::staged_file::{Content, StagedFile, StagedFiles};
use crate::{
    BuildError, Checked, beam_extras, binary_platform, check, dependency_layers, locked, own_layers,
};

/// What the layer of a program's own files is called.
const PROGRAM: &str = "program";

/// What was made for one platform.
pub(crate) struct MadePlatform {
    pub(crate) platform: String,
    pub(crate) python: Option<MadePython>,
    programs: Vec<(TemplateName, MadeLayer)>,
}

/// What the Python programs of a project share.
pub(crate) struct MadePython {
    pub(crate) lock: Lock,
    pub(crate) state: LockState,
    pub(crate) layers: Vec<MadeLayer>,
    /// How many of the layers are dependencies: the first ones.
    dependencies: usize,
    pub(crate) code: OwnCode,
    pub(crate) target: PythonTarget,
    pub(crate) interpreter: Interpreter,
    libc: String,
}

impl MadePlatform {
    /// Makes what programs need on a platform. `python` is there where one of them is Python's.
    pub(crate) async fn new(
        session: &Session<'_>,
        platform: &str,
        python: Option<&PythonSession<'_>>,
        blobs: &BucketBlobs<'_>,
        programs: &[Program<'_>],
        write_lock: bool,
    ) -> Result<Self, BuildError> {
        let python = match python {
            Some(python) => Some(MadePython::new(python, blobs, programs, write_lock).await?),
            None => None,
        };
        let mut own = Vec::new();
        for program in programs {
            if let Some(layer) = program_layer(session, platform, blobs, program).await? {
                own.push((program.template.name.clone(), layer));
            }
        }
        Ok(Self { platform: platform.to_owned(), python, programs: own })
    }

    /// Every layer, each once.
    pub(crate) fn layers(&self) -> Vec<&MadeLayer> {
        let shared = self.python.iter().flat_map(|python| &python.layers);
        shared.chain(self.programs.iter().map(|(_, layer)| layer)).collect()
    }

    /// The layers of a program, what changes least first.
    pub(crate) fn layers_of(&self, program: &Program<'_>) -> Vec<&MadeLayer> {
        let shared =
            self.python.iter().filter(|_| program.source.is_python()).flat_map(|python| &python.layers);
        let own = self.programs.iter().filter(|(name, _)| *name == program.template.name);
        shared.chain(own.map(|(_, layer)| layer)).collect()
    }

    /// How a spec describes a program's build.
    pub(crate) fn describe(&self, program: &Program<'_>) -> PlatformBuild {
        let python = self.python.as_ref().filter(|_| program.source.is_python());
        PlatformBuild {
            interpreter: python.map(|python| python.interpreter.clone()),
            libc: python.map(|python| python.libc.clone()),
            layers: self.layers_of(program).into_iter().map(|layer| layer.reference.clone()).collect(),
            image: None,
        }
    }
}

impl MadePython {
    async fn new(
        session: &PythonSession<'_>,
        blobs: &BucketBlobs<'_>,
        programs: &[Program<'_>],
        write_lock: bool,
    ) -> Result<Self, BuildError> {
        let (lock, state) = locked::locked(session, write_lock).await?;
        let is_yaml = |program: &&Program<'_>| matches!(program.source, ProgramSource::Yaml { .. });
        if let Some(program) = programs.iter().find(is_yaml)
            && lock.package("apache-beam").is_none()
        {
            return Err(BuildError::NoBeam { template: program.template.name.to_string() });
        }
        for sentence in beam_extras::missing(&lock, &session.request.bucket.url().name(), programs) {
            session.warn(sentence);
        }
        let published = blobs.published_spec();
        let mut layers = dependency_layers::layers(session, &lock, blobs, published.as_ref()).await?;
        let dependencies = layers.len();
        let code = own_layers::read(session, &lock).await?;
        let own = own_layers::layers(session, &lock, code, blobs).await?;
        layers.extend(own.layers);
        let target = session.target().clone();
        let interpreter = Interpreter {
            implementation: "cpython".to_owned(),
            version: target.version.clone(),
            abi: target.abi(),
        };
        let libc = target.libc();
        Ok(Self { lock, state, layers, dependencies, code: own.code, target, interpreter, libc })
    }

    /// Checks what was made, as thoroughly as was asked for and is needed.
    pub(crate) async fn check(
        &self,
        session: &PythonSession<'_>,
        programs: &[Program<'_>],
        changed: bool,
    ) -> Result<Checked, BuildError> {
        let mains: Vec<Main<'_>> = programs.iter().filter_map(Program::main).collect();
        let layers: Vec<LayerReference> = self.layers.iter().map(|layer| layer.reference.clone()).collect();
        let candidate = check::Candidate {
            mains: &mains,
            code: &self.code,
            layers: &layers,
            dependencies: self.dependencies,
            changed,
        };
        check::check(session, &candidate).await
    }

    /// The version of Beam.
    pub(crate) fn beam(&self) -> Option<&str> {
        self.lock.package("apache-beam").map(|beam| beam.version.as_str())
    }
}

/// The layer of a program's own files: a binary, jars, a pipeline in YAML.
async fn program_layer(
    session: &Session<'_>,
    platform: &str,
    blobs: &BucketBlobs<'_>,
    program: &Program<'_>,
) -> Result<Option<MadeLayer>, BuildError> {
    let is_binary = matches!(program.source, ProgramSource::Go { .. } | ProgramSource::Binary { .. });
    let mut files = StagedFiles::new();
    for (path, name) in program.source.files(platform) {
        let place = session.project.root.join(&path);
        if !place.is_file() {
            return Err(BuildError::NoProgram { template: program.template.name.to_string(), path });
        }
        if is_binary {
            binary_platform::check(&place, platform)?;
        }
        let (checksum, meta) = session.checksums.of(&place)?;
        let size = meta.len();
        files.insert(
            format!("app/{name}"),
            StagedFile { content: Content::File(place), checksum, size, executable: is_binary },
        );
    }
    if files.is_empty() {
        return Ok(None);
    }
    let listed: Vec<(&String, &Checksum, bool)> =
        files.iter().map(|(path, file)| (path, &file.checksum, file.executable)).collect();
    let key = made_layer::key(session.compression(), &("program", listed));
    if let Some(layer) = made_layer::known(session, &key, PROGRAM)
        && blobs.has_or_can_send(&layer.reference).await?
    {
        return Ok(Some(layer));
    }
    Ok(Some(made_layer::make(session, &key, PROGRAM, files).await?))
}
