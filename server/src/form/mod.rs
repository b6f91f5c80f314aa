//! From a template's metadata to a form's fields, and from what was sent back to parameters. Pure: no page, no bucket.
//!
//! ```text
//! Metadata ─┐                          ┌─▶ Form: sections, fields, controls ─▶ templates/
//! Entered  ─┼─▶ Form::draw(…)          │
//! Problems ─┘                          │
//! posted fields ─▶ Entered ─▶ parameters(…) ─▶ RawParameters ─▶ the one validator ─▶ Violations ─▶ Problems
//! ```
//!
//! Whatever the metadata holds (parents in a circle, names given twice, labels of ten kilobytes), there is a form. Nothing that was
//! entered is lost on the way, but for what may be a secret in clear.

mod choice;
mod condition;
mod control;
mod draw;
mod entered;
mod field;
mod order;
mod problems;
mod send;

pub(crate) use control::Control;
pub(crate) use draw::{Form, Lock, Section};
pub(crate) use entered::{Entered, FIELD, OTHER_NAME, OTHER_VALUE};
pub(crate) use field::{Field, value_to_read};
pub(crate) use problems::Problems;
pub(crate) use send::parameters;
