//! Bounds on what foreign messages may put into the documents.

use std::time::Duration;

/// The longest name of a mirror, repository or dist, in bytes.
pub(crate) const LONGEST_NAME: usize = 2048;

/// The largest status of one item, in bytes of JSON: four of a queue's largest messages.
pub(crate) const LARGEST_STATUS: usize = 256 << 10;

/// The most items of one section. Far above any real list, and low enough that no sender can fill a process's memory.
pub(crate) const MOST_ITEMS: usize = 50_000;

/// How far ahead of the reader's clock a check may have begun. A later time would block its item until it comes.
pub(crate) const FUTURE: Duration = Duration::from_secs(5 * 60);
