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
//! * **Jobs**: [`JobState`] and which may follow which.

mod canonical_json;
mod check;
mod dictionary;
mod digest;
mod digest_prefix;
mod entry;
mod enum_option;
mod extension;
mod format_error;
mod job_id;
mod job_name;
mod job_state;
mod key_path;
mod metadata;
mod name;
mod name_error;
mod nearest;
mod object;
mod parameter;
mod parameter_type;
mod pass;
mod pattern;
mod platform_build;
mod position;
mod raw_parameters;
mod reference;
mod rule;
mod sdk_info;
mod shorten;
mod spec;
mod triggers;
mod value_rules;
mod values;
mod violation;

pub use check::check;
pub use dictionary::{DictionaryError, parse_dictionary};
pub use digest::{Digest, hex, sha256_digest_from_hex, sha256_of};
pub use digest_prefix::DigestPrefix;
pub use entry::{Entry, PythonMain};
pub use enum_option::EnumOption;
pub use extension::Extension;
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
pub use platform_build::{Interpreter, LayerReference, PlatformBuild};
pub use raw_parameters::{DuplicateParameter, RawParameters};
pub use reference::TemplateReference;
pub use rule::Rule;
pub use sdk_info::SdkInfo;
pub use spec::TemplateSpec;
pub use values::{ParameterValue, ParameterValues};
pub use violation::{Violation, Violations};
