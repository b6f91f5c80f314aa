//! Which runner a launch is for: what the launch says stands above the operator's own file, and that above what a bucket's people share.
//!
//! Who can write to the bucket gains nothing on this machine by it: a profile from there names no program, and no secret goes anywhere
//! on its word that the operator has not allowed.

use std::collections::BTreeMap;

use tmpl_bucket::{Bucket, BucketError, JobRecord};
use tmpl_template::{
    AllowedReference, NameError, PhaseLimits, ProfileError, ProfilePart, RunnerKind, RunnerName,
    RunnerProfile, SecretReference, TemplateSpec, nearest,
};

/// A runner as a launch asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedRunner {
    /// Its name; none for the template's own, or `direct`.
    pub name: Option<RunnerName>,
    /// The profile that counts instead of all that is known under the name: that of a job which is launched once more.
    pub profile: Option<Box<RunnerProfile>>,
    /// What the launch says itself.
    pub said: ProfilePart,
}

/// What the operator's own file says of runners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnRunners {
    /// Its tables, by name.
    pub profiles: BTreeMap<RunnerName, ProfilePart>,
    /// Which secrets may go to engines on the bucket's word.
    pub allow_references: Vec<AllowedReference>,
}

/// The runner of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRunner {
    /// Its name.
    pub name: RunnerName,
    /// Its profile, whose limits are `limits`; none of `direct`.
    pub profile: Option<Box<RunnerProfile>>,
    /// How long the job's phases may take.
    pub limits: PhaseLimits,
}

/// Why a launch has no runner.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// Nobody knows the name.
    #[error("there is no runner `{name}`")]
    Unknown {
        /// The name.
        name: RunnerName,
        /// The nearest name that is known.
        near: Option<String>,
        /// All names that are known.
        known: Vec<String>,
    },
    /// It has a name that no runner has.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The profile can't be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Something is said of `direct` that it has no use for.
    #[error("{what} means nothing to the runner `direct`")]
    Direct {
        /// What.
        what: &'static str,
    },
    /// A secret would go somewhere on the bucket's word alone.
    #[error("the runner `{name}` would send the secret `{reference}` to {to}, and the bucket alone says so")]
    Reference {
        /// The runner.
        name: RunnerName,
        /// The secret.
        reference: SecretReference,
        /// Where it would go.
        to: String,
    },
    /// A program would be run on the bucket's word alone.
    #[error("the runner `{name}` would start the program {program:?}, and the bucket alone says so")]
    Program {
        /// The runner.
        name: RunnerName,
        /// The program.
        program: String,
    },
    /// The template's author says where its jobs may run, and this is not among it.
    #[error("the template does not run on the runner `{name}`: it allows {}", listed(allowed))]
    NotAllowed {
        /// The runner.
        name: RunnerName,
        /// What the template allows: engines, and names of profiles.
        allowed: Vec<RunnerName>,
    },
    /// The bucket could not say what it knows of a runner.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl RunnerError {
    /// The remedy.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::Unknown { known, .. } => format!("there are {}", known.join(", ")),
            Self::Name(_) => return None,
            Self::Profile(error) => return error.hint(),
            Self::Direct { what: "--runner-option" } => {
                "choose an engine with --runner, or pass --additional-pipeline-options".to_owned()
            }
            Self::Direct { .. } => "choose an engine with --runner, or leave it out".to_owned(),
            Self::Reference { reference, .. } => format!(
                "if you trust whoever writes to the bucket with it, add \"{reference}\" to `allow_references` in your configuration file"
            ),
            Self::Program { name, .. } => {
                format!("write `program` into the table [runners.{name}] of your configuration file")
            }
            Self::NotAllowed { .. } => {
                "choose one of them with --runner; `tmpl runners list` shows which profiles there are"
                    .to_owned()
            }
            Self::Bucket(error) => return error.hint(),
        })
    }
}

impl RequestedRunner {
    /// A runner of which the launch says no more than its name.
    pub fn named(name: RunnerName) -> Self {
        Self { name: Some(name), ..Self::default() }
    }

    /// The runner that a job was accepted with, as it was then.
    pub fn of_job(record: &JobRecord) -> Result<Self, RunnerError> {
        let said = ProfilePart { limits: record.limits.clone(), ..ProfilePart::default() };
        Ok(Self { name: Some(record.runner.parse()?), profile: record.profile.clone(), said })
    }
}

impl ResolvedRunner {
    /// The program's own process.
    pub fn direct(limits: PhaseLimits) -> Self {
        Self { name: RunnerKind::Direct.into(), profile: None, limits }
    }

    /// The engine.
    pub fn engine(&self) -> RunnerKind {
        self.profile.as_ref().map_or(RunnerKind::Direct, |profile| profile.engine)
    }
}

impl OwnRunners {
    /// The runner of a launch of a template: the one that is asked for, else the template's own, and one that the template allows.
    pub async fn of_launch(
        &self,
        bucket: &Bucket,
        asked: &RequestedRunner,
        spec: &TemplateSpec,
    ) -> Result<ResolvedRunner, RunnerError> {
        let extension = spec.tmpl.as_ref();
        let usual = extension.and_then(|extension| extension.default_runner.as_ref());
        let runner = self.resolve(Some(bucket), asked, usual).await?;
        match extension {
            Some(extension) if !extension.allows(&runner.name, runner.engine()) => {
                Err(RunnerError::NotAllowed { name: runner.name, allowed: extension.runners.clone() })
            }
            _ => Ok(runner),
        }
    }

    /// The runner that is asked for; `usual` is meant where no name is given. Reads the bucket where it is not `direct`.
    pub async fn resolve(
        &self,
        bucket: Option<&Bucket>,
        asked: &RequestedRunner,
        usual: Option<&RunnerName>,
    ) -> Result<ResolvedRunner, RunnerError> {
        let direct = RunnerName::from(RunnerKind::Direct);
        let name = asked.name.as_ref().or(usual).unwrap_or(&direct);
        if name.is_direct() {
            return of_direct(&asked.said).map(ResolvedRunner::direct);
        }
        let below = match &asked.profile {
            Some(profile) => Some(ProfilePart::from(RunnerProfile::clone(profile))),
            None => self.known(bucket, name).await?,
        };
        let below = match (below, name.engine()) {
            (Some(below), _) => below,
            (None, Some(_)) => ProfilePart::default(),
            (None, None) => return Err(self.unknown(bucket, name).await),
        };
        let mut part = asked.said.clone().over(below);
        let limits = std::mem::take(&mut part.limits);
        let profile = checked(name, part)?;
        self.trust_with(name, &profile, &asked.said)?;
        Ok(ResolvedRunner { name: name.clone(), profile: Some(Box::new(profile)), limits })
    }

    /// The profile that the bucket and the operator's own file make together, where launches can be made with it.
    pub fn accept(&self, name: &RunnerName, part: ProfilePart) -> Result<RunnerProfile, RunnerError> {
        let profile = checked(name, part)?;
        self.trust(name, &profile)?;
        Ok(profile)
    }

    /// What the operator's own file and the bucket know of a name.
    pub async fn known(
        &self,
        bucket: Option<&Bucket>,
        name: &RunnerName,
    ) -> Result<Option<ProfilePart>, RunnerError> {
        let shared = match bucket {
            Some(bucket) => bucket.shared_runner(name).await?.map(|runner| runner.profile.into()),
            None => None,
        };
        Ok(match (self.profiles.get(name).cloned(), shared) {
            (Some(own), Some(shared)) => Some(own.over(shared)),
            (own, shared) => own.or(shared),
        })
    }

    /// Whether a profile that the bucket tells of, such as a job's, may be acted upon by this machine: to be asked by everybody who
    /// takes one from there, before the engine is spoken to with its token or its program is started.
    pub fn trust(&self, name: &RunnerName, profile: &RunnerProfile) -> Result<(), RunnerError> {
        self.trust_with(name, profile, &ProfilePart::default())
    }

    /// The same, of a launch that says something itself: its words and those of the operator's own file are the operator's.
    fn trust_with(
        &self,
        name: &RunnerName,
        profile: &RunnerProfile,
        said: &ProfilePart,
    ) -> Result<(), RunnerError> {
        let own =
            self.profiles.get(name).filter(|own| own.engine.is_none_or(|engine| engine == profile.engine));
        let sources: Vec<&ProfilePart> = own.into_iter().chain([said]).collect();
        let is_own = |of: fn(&ProfilePart) -> Option<&str>, value: &str| {
            sources.iter().any(|source| of(source) == Some(value))
        };
        if let Some(program) = &profile.program
            && !is_own(|part| part.program.as_deref(), program)
        {
            return Err(RunnerError::Program { name: name.clone(), program: program.clone() });
        }
        let Some(reference) = &profile.token else { return Ok(()) };
        if self.allow_references.iter().any(|allowed| allowed.allows(reference)) {
            return Ok(());
        }
        let endpoint = profile.endpoint.as_deref();
        let is_own_token =
            is_own(|part| part.token.as_ref().map(SecretReference::as_str), reference.as_str());
        let is_own_place = endpoint.is_none_or(|place| is_own(|part| part.endpoint.as_deref(), place));
        if is_own_token && is_own_place {
            return Ok(());
        }
        let to = endpoint.unwrap_or("the engine").to_owned();
        Err(RunnerError::Reference { name: name.clone(), reference: reference.clone(), to })
    }

    /// That nobody knows a name, with those that are known.
    pub async fn unknown(&self, bucket: Option<&Bucket>, name: &RunnerName) -> RunnerError {
        let engines = RunnerKind::ALL.into_iter().filter(|engine| *engine != RunnerKind::Dataflow);
        let mut known: Vec<String> = engines.map(|engine| engine.to_string()).collect();
        known.extend(self.profiles.keys().map(ToString::to_string));
        if let Some(bucket) = bucket {
            // The list is only for the remedy.
            let shared = bucket.shared_runners().await.unwrap_or_default();
            known.extend(shared.runners.into_iter().map(|runner| runner.name.to_string()));
        }
        let near = nearest(name.as_str(), known.iter().map(String::as_str)).map(str::to_owned);
        RunnerError::Unknown { name: name.clone(), near, known }
    }
}

/// A whole profile, as far as it alone tells.
fn checked(name: &RunnerName, part: ProfilePart) -> Result<RunnerProfile, ProfileError> {
    let engine = part.engine.or(name.engine());
    let profile = part.with_engine(engine.ok_or_else(|| ProfileError::NoEngine { name: name.clone() })?);
    profile.check(name)?;
    Ok(profile)
}

fn listed(names: &[RunnerName]) -> String {
    names.iter().map(RunnerName::as_str).collect::<Vec<_>>().join(", ")
}

/// The limits of a launch on `direct`, which has no use for anything else.
fn of_direct(said: &ProfilePart) -> Result<PhaseLimits, RunnerError> {
    let given = [
        ("--endpoint", said.endpoint.is_some()),
        ("--worker-pool", said.worker_pool.is_some()),
        ("--runner-option", !said.options.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((what, _)) => Err(RunnerError::Direct { what }),
        None => Ok(said.limits.clone()),
    }
}
