//! What the steps of a build share that make a Python program for one platform. Tools are looked for when they are first needed: a
//! build with nothing to do starts none.

use std::ops::Deref;
use std::sync::OnceLock;

use tmpl_launcher::interpreter::{self, Interpreter, InterpreterRequest};

use crate::python_target::PythonTarget;
use crate::requirement_files::RequirementFiles;
use crate::resolver::Resolver;
use crate::session::{Session, once};
use crate::uv::Uv;
use crate::{BuildError, sdk_wheel};

/// The part of a build that makes Python programs for one platform. It has all that every part has.
pub(crate) struct PythonSession<'a> {
    session: &'a Session<'a>,
    target: PythonTarget,
    pub(crate) requirements: &'a RequirementFiles,
    uv: OnceLock<Uv>,
    interpreter: OnceLock<Interpreter>,
}

impl<'a> Deref for PythonSession<'a> {
    type Target = Session<'a>;

    fn deref(&self) -> &Session<'a> {
        self.session
    }
}

impl<'a> PythonSession<'a> {
    pub(crate) fn new(
        session: &'a Session<'a>,
        target: PythonTarget,
        requirements: &'a RequirementFiles,
    ) -> Self {
        Self { session, target, requirements, uv: OnceLock::new(), interpreter: OnceLock::new() }
    }

    pub(crate) fn target(&self) -> &PythonTarget {
        &self.target
    }

    /// Whether what is built can't run here: it is for another platform.
    pub(crate) fn is_foreign(&self) -> bool {
        PythonTarget::here() != self.target.platform
    }

    pub(crate) fn uv(&self) -> Result<&Uv, BuildError> {
        once(&self.uv, || {
            let wheels = sdk_wheel::folder(&self.cache)?;
            Uv::find(self.request.uv.as_deref(), &self.project.root, wheels)
        })
    }

    /// The interpreter that builds, compiles and checks: of the target's version. Bytecode is the same on every platform.
    pub(crate) fn interpreter(&self) -> Result<&Interpreter, BuildError> {
        once(&self.interpreter, || {
            let wanted = InterpreterRequest {
                version: self.target().version.clone(),
                abi: Some(self.target().abi()),
                explicit: self.request.python.clone(),
            };
            Ok(interpreter::find(&wanted, &self.request.cache)?)
        })
    }

    pub(crate) fn resolver(&self) -> Result<Resolver<'_>, BuildError> {
        Ok(Resolver {
            uv: self.uv()?,
            indexes: &self.requirements.indexes,
            target: self.target(),
            python: &self.interpreter()?.path,
            helpers: self.helpers(),
        })
    }
}
