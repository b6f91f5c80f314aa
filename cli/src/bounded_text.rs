//! Reading what somebody names, and not more of it than makes sense: the file may be a device without an end.

use std::io::{self, Read};

/// The text, or its first `longest` bytes and one more: whoever reads it then says that it is too long.
pub(crate) fn read(reader: impl Read, longest: u64) -> io::Result<String> {
    let mut text = String::new();
    reader.take(longest + 1).read_to_string(&mut text)?;
    Ok(text)
}
