//! From an accepted job to its end: plan, environment, supervised process, events, logs, final state.
//!
//! | module | holds |
//! |---|---|
//! | [`accept`] | what every mouth (CLI, later REST and page) calls: check a launch, write it down |
//! | [`admission`] | from a checked launch to an accepted job, exactly once |
//! | [`card_check`] | whether a card can be saved |
//! | [`advice`](mod@advice) | what a template's author says about jobs that stopped half-way |
//! | [`begin`] | all of it up to a launcher that runs, for mouths that launch on their own machine |
//! | [`place`] | where the launcher runs: starts it with two words, bucket and job id |
//! | `engine` | a client of container engines: Docker, podman |
//! | [`role`], [`this_process`] | the launcher and the guard as processes of their own: what every program of this workspace can be started as |
//! | [`launch`] | the launcher itself: one attempt of one job, from its right to run to its end |
//! | [`container`] | the program `launcher`: what images are started with |
//! | [`requested_runner`] | which runner a launch is for: flags above the operator's file above the bucket |
//! | [`runner_check`], [`beam_jar`] | whether a runner would take a launch, step by step; the jar that Flink needs |
//! | `runner` | which engine executes the pipeline: a pure plan each |
//! | [`interpreter`], [`cache`], [`environment`] | the program's Python, found, unpacked and joined; nothing is installed |
//! | [`worker`] | workers of jobs that engines ask for: the template's own program, in a pool or a container |
//! | `flink` | Flink by its REST API: submit a job, watch it, end it |
//! | `direct_metrics` | what a program on this machine counts, brought to the bucket |
//! | [`guard`] | the small process above the program, which ends it when the launcher is gone |
//! | `log_stream`, `log_writer`, `cause` | the program's lines: read, stored, and searched for the first cause of a failure |
//!
//! Invariants: a job is written down before anything starts; a plan is a pure value; no shell is given a user's string; nothing
//! outlives its launcher unseen; a secret's value is in no record, log or argument list.

pub mod accept;
pub mod admission;
pub mod advice;
pub mod beam_jar;
pub mod begin;
pub mod cache;
pub mod card_check;
mod cause;
pub mod container;
mod direct_metrics;
#[cfg(feature = "docker")]
pub mod engine;
pub mod environment;
mod error;
#[cfg(feature = "engines")]
pub mod execution;
mod existing_output;
#[cfg(feature = "engines")]
pub mod flink;
pub mod guard;
mod guarded_program;
mod identity;
pub mod image_template;
pub mod interpreter;
mod invocation;
#[cfg(feature = "engines")]
mod job_api_check;
mod job_end;
mod job_places;
pub mod launch;
mod launch_request;
mod log_level;
mod log_stream;
mod log_writer;
mod memory_limit;
pub mod notices;
mod out_of_memory;
pub mod place;
mod process_tree;
mod program_process;
mod protocol;
pub mod requested_runner;
pub mod role;
mod runner;
pub mod runner_check;
mod runtime;
mod secret;
mod session;
mod stop;
mod stored_spec;
mod template_program;
pub mod this_process;
pub mod worker;

pub use error::{ErrorKind, LaunchError};
pub use invocation::{ArgumentValue, FilePlan, Invocation};
pub use protocol::{FromClient, FromLauncher};
pub use runner::Plan;
pub use secret::look_up;
