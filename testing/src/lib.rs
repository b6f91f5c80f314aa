//! What tests start: real object-store servers, real engines of Beam's graphs, a real provider of `OpenID` Connect, and a proxy that stands
//! between a client and such a server, records every request and injects faults.
//!
//! Nothing here is skipped: where a program is missing, the test fails with a hint how to install it.
//!
//! ```no_run
//! use tmpl_testing::{Fault, Faults, Proxy, StoreServer};
//!
//! let server = StoreServer::minio();
//! let proxy = Proxy::start(server.endpoint());
//! proxy.set_faults(Faults { rate: 0.1, kinds: vec![Fault::Status(503), Fault::LostAnswer], seed: 1 });
//! let url = server.url_by(proxy.endpoint(), "some-prefix");
//! // … a client works with `url` and `server.variables()` …
//! assert!(proxy.requests().iter().any(|request| request.method == "PUT"));
//! ```
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

mod engine;
pub mod http;
mod openid;
mod process;
mod proxy;
mod server;

pub use engine::{Engine, Flink, FlinkVersion, SharedEngine, SparkStandalone};
pub use openid::{OpenIdProvider, OpenIdSetup};
pub use proxy::{Fault, Faults, Proxy, Recorded, Then};
pub use server::{Credentials, Place, Store, StoreServer, shared};
