//! Every word that people read.

pub(crate) mod door;
pub(crate) mod problem;
