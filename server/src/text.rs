//! Every word that people read.

pub(crate) mod card;
pub(crate) mod door;
pub(crate) mod find;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod history;
pub(crate) mod job;
pub(crate) mod launch;
pub(crate) mod live;
pub(crate) mod log;
pub(crate) mod measure;
pub(crate) mod operate;
pub(crate) mod plain;
pub(crate) mod problem;
pub(crate) mod runners;
pub(crate) mod session;
pub(crate) mod state;
