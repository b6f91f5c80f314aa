//! Place `docker`: the launcher is the first process of a container, made from the template's image by an engine that speaks
//! Docker's API.
//!
//! The container gets the bucket and what the profile names, and no more: its files are read-only, it has no capabilities and
//! gains no privileges. Whoever waits for the job reads the bucket, as for any other job; the engine is asked only what the bucket can't
//! know, which is how a container ended whose launcher did not live to say it.
//!
//! | module | holds |
//! |---|---|
//! | `profile` | what containers get: the table `[docker]` of the configuration, and its values (`memory`, `mount`, …) |
//! | `check` | a launch that nothing speaks against, and what it would start |
//! | `visible` | whether the container sees the files that a launch names |
//! | `image` | which image a template runs from |
//! | `stored_image` | an image that lies in the bucket |
//! | `request` | what exactly the engine is asked to make: a plain value |
//! | `docker_place` | an engine with a profile: gets the image, makes containers |
//! | `job_container` | the container of one job, from its start to its removal |
//! | `end` | the end of a job that only the engine knows |

mod check;
mod device;
mod docker_place;
mod end;
mod error;
mod image;
mod job_container;
mod launcher_file;
mod memory;
mod mount;
mod processors;
mod profile;
mod request;
mod secrets_folder;
mod stored_image;
mod visible;

pub use check::{CheckedContainer, ContainerPlan, check};
pub use device::Device;
pub use docker_place::DockerPlace;
pub use end::ContainerEnd;
pub use error::DockerError;
pub use image::ImageSource;
pub use job_container::JobContainer;
pub use memory::Memory;
pub use mount::Mount;
pub use processors::Processors;
pub use profile::{DockerProfile, Network, Platform, ProfileError, User};
