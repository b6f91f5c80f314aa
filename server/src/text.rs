//! Every word that people read.

pub(crate) mod door;
pub(crate) mod form;
pub(crate) mod plain;
pub(crate) mod problem;
