//! Workers of a pipeline: what a runner asks for, turned into the process of an SDK, the *harness*.
//!
//! ```text
//! a container's arguments ─┐                                                            ┌─▶ a first process becomes it
//!                          ├─▶ WorkerStart ─▶ provision ─▶ artifacts ─▶ Harness (a value) ─┤
//! StartWorker of a pool ───┘                                                            └─▶ WorkerPool keeps and ends it
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `start` | who asks: identity, endpoints, folder; from a container's arguments or a pool's request |
//! | `provision`, `options` | what a runner says to its worker, the pipeline's options among it |
//! | `staged` | the artifacts of a worker, fetched and checked |
//! | `packages` | Python packages that a pipeline wants installed at start, held against what is there |
//! | `harness` | program, arguments and variables of an SDK's worker: a pure function |
//! | `pool`, `pool_worker` | a server that starts and ends workers |
//! | `refusal` | what an engine hears of a worker that can't begin |
//!
//! Nothing is installed: a worker runs what is there, and says so where that is not enough.

mod error;
mod harness;
mod options;
mod packages;
mod pool;
mod pool_worker;
mod provision;
mod refusal;
mod staged;
mod start;

pub use error::WorkerError;
pub use harness::{Harness, HarnessProgram};
pub use packages::Packages;
pub use pool::{HarnessSource, RunningHarness, WorkerPool};
pub use pool_worker::{TAIL_LINES, WorkerEnd, WorkerExit};
pub use provision::{Provisioned, provision};
pub use staged::{StagedFile, fetch_artifacts};
pub use start::{BootArguments, WorkerStart};
