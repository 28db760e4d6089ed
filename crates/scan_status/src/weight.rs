//! How large things are in the documents: bounds from above that are cheap to keep up to date.
//!
//! A status is measured as the public document shows it, indented, because that is the larger of its two forms.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

/// The members beside a status in both documents, with their indentation: moments, hash, number of results, state.
const BESIDE_A_STATUS: usize = 320;

/// A moment of the longest form, and punctuation.
const BESIDE_A_NAME: usize = 48;

/// The members and brackets of a document without sections' contents.
pub(crate) const FRAME: usize = 1024;

/// By how much a status is indented at most in the public document: that of a dist stands on the fifth level.
const INDENTATION: usize = 20;

/// An item. It includes room for the note that a repository was emptied, so that this can always be written down.
pub(crate) fn item(key: &str, status: &Map<String, Value>) -> usize {
    shown(status) + 2 * name(key) + BESIDE_A_STATUS
}

/// A listed key with the moment of the last list that left it out, whether there was one or not.
pub(crate) fn listed(key: &str) -> usize {
    name(key) + BESIDE_A_NAME
}

/// A JSON value in the public document.
pub(crate) fn shown(value: &impl Serialize) -> usize {
    let mut count = Count::default();
    let formatter = PrettyFormatter::with_indent(b"    ");
    value
        .serialize(&mut Serializer::with_formatter(&mut count, formatter))
        .expect("JSON values have a JSON form, and counting does not fail");
    count.bytes + count.lines * INDENTATION
}

/// How deep a value is nested: 0 for what is neither array nor object. At most as deep as the JSON reader goes.
pub(crate) fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn name(key: &str) -> usize {
    shown(&key)
}

#[derive(Default)]
struct Count {
    bytes: usize,
    lines: usize,
}

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        // Line breaks inside strings are escaped, and the formatter writes one at a time, before the indentation.
        self.lines += usize::from(bytes.ends_with(b"\n"));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
