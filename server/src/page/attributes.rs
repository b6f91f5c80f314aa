//! The attributes that all controls of fields have.

use std::fmt;

use askama::filters::{Escaper, Html, HtmlSafe};

use crate::form::Field;

/// Id, name and descriptions of a field's control.
pub(crate) struct Common<'a> {
    field: &'a Field,
    is_focus: bool,
}

/// The attributes of a field's control. `focus` is the id of the field that the person was at.
pub(crate) fn common<'a>(field: &'a Field, focus: Option<&str>) -> Common<'a> {
    Common { field, is_focus: focus == Some(field.id.as_str()) }
}

impl fmt::Display for Common<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        write!(f, " id=\"{}\" name=\"", field.id)?;
        Html.write_escaped_str(&mut *f, &field.name)?;
        write!(f, "\" aria-describedby=\"{}\"", field.described_by())?;
        if !field.problems.is_empty() {
            f.write_str(" aria-invalid=\"true\"")?;
        }
        if self.is_focus {
            f.write_str(" autofocus")?;
        }
        Ok(())
    }
}

/// The name, which the author chose, is escaped; the rest is ours.
impl HtmlSafe for Common<'_> {}
