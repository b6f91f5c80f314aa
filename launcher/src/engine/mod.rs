//! A client of container engines: the few calls of the Docker Engine API that place `docker` needs. Podman's socket speaks the
//! same API.
//!
//! | module | holds |
//! |---|---|
//! | `address` | where an engine listens, and where to look for one |
//! | `client` | one engine: requests, answers, errors |
//! | `image` | images: is it there, pull it, load it |
//! | `container` | containers: create, start, wait, inspect, stop, remove |
//! | `output` | what a container has written on its two streams |

mod address;
mod client;
mod container;
mod error;
mod image;
mod output;
mod progress;

pub use address::EngineAddress;
pub use client::{Engine, EngineFacts};
pub use container::{ContainerState, CreateContainer, Created, DeviceRequest, HostSettings, MountRequest};
pub use error::EngineError;
pub use image::{EngineImage, ImageName};
