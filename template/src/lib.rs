//! The template format: what a template is, what it asks for, and whether a launch gives it that.
//!
//! The crate is pure: texts and values in, values and errors out. It does no I/O, reads neither clock nor
//! environment, and is not async; whoever knows the time and a random number passes them in.
//!
//! ```text
//! metadata.json ──▶ Metadata ─┐                          ┌─▶ ParameterValues ──▶ launcher
//! templates/x.json ─▶ TemplateSpec ─▶ check(…, &RawParameters)
//! --parameters ─▶ parse_dictionary ─▶ RawParameters      └─▶ Violations ──▶ CLI, REST, page
//! ```
//!
//! * **Names**: [`TemplateName`], [`TemplateReference`], [`DigestPrefix`], [`JobId`], [`JobName`]; refused texts are
//!   a [`NameError`]. [`Digest`] is OCI's.
//! * **The format**: [`TemplateSpec`] with [`Metadata`] and [`Parameter`]s, read tolerantly and without loss, written
//!   canonically; [`Extension`] is what we add to Google's keys. Errors are a [`FormatError`] with line and column.
//! * **The check**: [`check`](check()) is the only way to [`ParameterValues`].
//! * **The difference**: [`difference`](difference()) says whether launches of one version work with another.
//! * **The linter**: [`lint()`](lint::lint) finds all that is wrong with a file and all that is doubtful;
//!   [`metadata_schema`] and [`spec_schema`] are the same tables as JSON Schemas, for editors.
//! * **Jobs**: [`JobState`] and which may follow which; [`Phase`]s and their limits.
//! * **Runners**: [`RunnerProfile`] says which engine, where, and with what; [`RunnerName`] what people call it.

mod beam_jar;
mod bounds;
mod canonical_json;
mod card;
mod card_error;
mod card_name;
mod check;
mod command_spec;
mod custom_keys;
mod difference;
mod digest;
mod digest_prefix;
mod entry;
mod enum_option;
mod environment;
mod environment_options;
mod extension;
mod flag_values;
mod format_error;
mod job_id;
mod job_name;
mod job_state;
mod key_path;
mod keys;
pub mod lint;
mod metadata;
mod name;
mod name_error;
mod nearest;
mod number;
mod object;
mod option_name;
mod parameter;
mod parameter_type;
mod pass;
mod pattern;
mod pattern_shape;
mod phase;
mod pipeline_options;
mod platform_build;
mod position;
mod profile_error;
mod profile_rules;
mod raw_parameters;
mod reader;
mod reference;
mod rule;
mod runner_address;
mod runner_kind;
mod runner_name;
mod runner_profile;
mod schema;
mod sdk;
mod sdk_info;
mod secret_reference;
mod shorten;
mod spans;
mod spec;
mod storage_path;
mod template_keys;
mod text_name;
mod triggers;
mod type_rules;
mod value_format;
mod value_rules;
mod values;
mod violation;
mod who;

pub use beam_jar::{BeamJar, BeamJarError, JarPlace};
pub use card::{Card, CardValue, ValueAccess};
pub use card_error::CardError;
pub use card_name::CardName;
pub use check::{CheckRequest, check, check_with_account};
pub use command_spec::{Command, CommandSpec};
pub use difference::{Change, ChangeKind, Difference, Subject, difference};
pub use digest::{Digest, hex, sha256_digest_from_hex, sha256_of};
pub use digest_prefix::DigestPrefix;
pub use entry::{Entry, PythonMain};
pub use enum_option::EnumOption;
pub use environment::Environment;
pub use extension::{Extension, Results};
pub use flag_values::{FlagValueError, parse_dictionary, parse_list};
pub use format_error::FormatError;
pub use job_id::JobId;
pub use job_name::JobName;
pub use job_state::JobState;
pub use metadata::Metadata;
pub use name::TemplateName;
pub use name_error::{NameError, NameKind};
pub use nearest::nearest;
pub use parameter::Parameter;
pub use parameter_type::ParameterType;
pub use pass::Pass;
pub use pattern::{Pattern, PatternError};
pub use phase::{Phase, PhaseError, PhaseLimits};
pub use pipeline_options::is_pipeline_option;
pub use platform_build::{Interpreter, LayerReference, PlatformBuild, runs_on_libc};
pub use profile_error::ProfileError;
pub use raw_parameters::{DuplicateParameter, RawParameters};
pub use reference::TemplateReference;
pub use rule::{OtherPlace, Rule};
pub use runner_address::RunnerAddress;
pub use runner_kind::{RunnerKind, UnknownEngine};
pub use runner_name::RunnerName;
pub use runner_profile::{ProfilePart, RunnerProfile};
pub use schema::{metadata_schema, spec_schema};
pub use sdk_info::{Language, SdkInfo};
pub use secret_reference::{AllowedReference, NoReference, SecretReference};
pub use spec::TemplateSpec;
pub use triggers::{asked_for, value_when_absent};
pub use value_format::ValueFormat;
pub use values::{ParameterValue, ParameterValues};
pub use violation::{Violation, Violations};
pub use who::{Nobody, Who};
