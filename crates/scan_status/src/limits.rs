//! Bounds on what foreign messages may put into the documents.
//!
//! The state is read as a whole, by readers that stop at a size. A state beyond it could never be read again, and no
//! result would ever become public. So what makes the state larger is refused in time, at the message that does it.

use std::time::Duration;

/// The longest name of a mirror, repository or dist, in bytes.
pub(crate) const LONGEST_NAME: usize = 2048;

/// The largest status of one item, in bytes of indented JSON as the public document shows it. A queue's largest message
/// has 64 KiB; what is larger was stored beside the queue.
pub(crate) const LARGEST_STATUS: usize = 256 << 10;

/// How deep a status may be nested. JSON readers give up at 128 levels, of which the documents use some themselves; and
/// indentation multiplies what is nested.
pub(crate) const DEEPEST_STATUS: usize = 32;

/// The most items of one section: it bounds the time of a merge. Far above any real list.
pub(crate) const MOST_ITEMS: usize = 50_000;

/// The largest results of all sections together, in bytes of indented JSON: a thousand mirrors with 40 KiB each.
pub(crate) const LARGEST_RESULTS: usize = 40 << 20;

/// The largest list of one section, in bytes. Lists have room of their own, so that a state that is full of results
/// still learns what is gone, which makes room.
pub(crate) const LARGEST_LIST: usize = 6 << 20;

/// How far ahead of the reader's clock a check may have begun. A later time would block its item until it comes.
pub(crate) const FUTURE: Duration = Duration::from_secs(5 * 60);
