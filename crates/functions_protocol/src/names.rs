//! Names that two sides must agree on: a writer and a reader of a queue, an app and its settings.
//!
//! They are checked when they are made. Made in a `const`, as they should be, a wrong name does not compile.

use std::fmt;
use std::marker::PhantomData;

/// The longest name of a queue whose poison queue (`<name>-poison`) still has a valid name. The host gives longer
/// queues no poison queue at all: their failed messages stay invisible until they expire.
pub const LONGEST_TRIGGER_QUEUE: usize = 63 - POISON_SUFFIX.len();

const POISON_SUFFIX: &str = "-poison";

/// A storage queue whose messages are `T`. One constant for the writer and the reader.
pub struct Queue<T> {
    name: &'static str,
    payload: PhantomData<fn() -> T>,
}

impl<T> Queue<T> {
    /// Names a queue: 3 to 56 characters (so that its poison queue has a name too), lower-case letters, digits and
    /// single hyphens between them.
    ///
    /// # Panics
    /// When the name is invalid; at compile time in a `const`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        assert!(
            is_storage_name(name),
            "a queue is named by lower-case letters, digits and single hyphens, 3 to 63"
        );
        assert!(
            name.len() <= LONGEST_TRIGGER_QUEUE,
            "a queue name above 56 characters leaves no room for `-poison`"
        );
        Self {
            name,
            payload: PhantomData,
        }
    }

    /// The name in storage.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Name of the queue to which the host moves messages that fail for good.
    #[must_use]
    pub fn poison_name(&self) -> String {
        poison_name(self.name)
    }
}

// Written out: a derive would ask the same of `T`, which is never stored.
impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Queue<T> {}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Queue").field(&self.name).finish()
    }
}

/// Name of the poison queue of any queue.
#[must_use]
pub fn poison_name(queue: &str) -> String {
    format!("{queue}{POISON_SUFFIX}")
}

/// A blob container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Container(&'static str);

impl Container {
    /// Names a container: 3 to 63 characters, lower-case letters, digits and single hyphens between them.
    ///
    /// # Panics
    /// When the name is invalid; at compile time in a `const`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        assert!(
            is_storage_name(name),
            "a container is named by lower-case letters, digits and single hyphens, 3 to 63"
        );
        Self(name)
    }

    /// The name in storage.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.0
    }
}

/// The name of an app setting: an environment variable of the host and the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettingName(&'static str);

impl SettingName {
    /// Names a setting: letters, digits and underscores, not starting with a digit. Nothing else is portable: Linux
    /// plans refuse or rewrite other characters.
    ///
    /// # Panics
    /// When the name is invalid; at compile time in a `const`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        assert!(
            is_setting_name(name),
            "a setting is named by letters, digits and underscores, not starting with a digit"
        );
        Self(name)
    }

    /// The name in the environment.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.0
    }

    /// The expression by which function.json refers to the setting: `%NAME%`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("%{}%", self.0)
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// Whether storage accepts the text as a name of a queue or a container.
#[must_use]
pub const fn is_storage_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.len() < 3 || bytes.len() > 63 {
        return false;
    }
    let mut index = 0;
    while index < bytes.len() {
        let hyphen_in_place = bytes[index] == b'-' && index > 0 && index + 1 < bytes.len() && bytes[index + 1] != b'-';
        if !(bytes[index].is_ascii_lowercase() || bytes[index].is_ascii_digit() || hyphen_in_place) {
            return false;
        }
        index += 1;
    }
    true
}

/// Whether the text can name an app setting on every plan.
#[must_use]
pub const fn is_setting_name(name: &str) -> bool {
    is_word(name, 256, true, false) || (!name.is_empty() && name.as_bytes()[0] == b'_' && is_word_tail(name))
}

/// Whether the host accepts the text as the name of a function, which is also the name of its folder and the path of
/// the call: a letter, then letters, digits, `_` and `-`, at most 128, and not `host`.
#[must_use]
pub const fn is_function_name(name: &str) -> bool {
    is_word(name, 128, true, true) && !name.eq_ignore_ascii_case("host")
}

/// Whether the host accepts the text as the name of a binding: a letter, then letters and digits, at most 128; or
/// `$return`.
#[must_use]
pub const fn is_binding_name(name: &str) -> bool {
    is_word(name, 128, false, false) || matches!(name.as_bytes(), b"$return")
}

const fn is_word_tail(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if !(bytes[index].is_ascii_alphanumeric() || bytes[index] == b'_') {
            return false;
        }
        index += 1;
    }
    true
}

const fn is_word(name: &str, longest: usize, underscore: bool, hyphen: bool) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > longest || !bytes[0].is_ascii_alphabetic() {
        return false;
    }
    let mut index = 1;
    while index < bytes.len() {
        let byte = bytes[index];
        if !(byte.is_ascii_alphanumeric() || (underscore && byte == b'_') || (hyphen && byte == b'-')) {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Queue<String> = Queue::named("mirror-request-queue");

    #[test]
    fn a_queue_knows_its_poison_queue() {
        assert_eq!(WORK.name(), "mirror-request-queue");
        assert_eq!(WORK.poison_name(), "mirror-request-queue-poison");
        assert_eq!(poison_name(&"q".repeat(LONGEST_TRIGGER_QUEUE)).len(), 63);
    }

    #[test]
    #[should_panic(expected = "-poison")]
    fn a_queue_whose_poison_queue_has_no_valid_name_is_refused() {
        let _ = Queue::<String>::named("a-queue-name-that-is-57-characters-long-which-is-one-over");
    }

    #[test]
    fn storage_names_are_those_that_storage_accepts() {
        for name in ["abc", "a-b", "0a9", &"a".repeat(63)] {
            assert!(is_storage_name(name), "{name}");
        }
        for name in [
            "",
            "ab",
            "-ab",
            "ab-",
            "a--b",
            "Abc",
            "a_b",
            "a.b",
            "äbc",
            &"a".repeat(64),
        ] {
            assert!(!is_storage_name(name), "{name}");
        }
    }

    #[test]
    fn function_and_binding_names_are_those_that_the_host_accepts() {
        assert!(is_function_name("Check_mirror-2") && is_function_name(&"f".repeat(128)));
        for name in ["", "2x", "_x", "a.b", "host", "HOST", &"f".repeat(129)] {
            assert!(!is_function_name(name), "{name}");
        }
        assert!(is_binding_name("msgOut1") && is_binding_name("$return"));
        for name in ["", "msg_out", "msg-out", "1msg", "$Return"] {
            assert!(!is_binding_name(name), "{name}");
        }
    }

    #[test]
    fn a_setting_is_referred_to_between_percent_signs() {
        assert_eq!(SettingName::named("Schedule_1").reference(), "%Schedule_1%");
        assert!(is_setting_name("_private") && is_setting_name("pmcstatusprimary_CONNECTION"));
        for name in ["", "1st", "a-b", "a.b", "a b", "%A%", "ä"] {
            assert!(!is_setting_name(name), "{name}");
        }
    }
}
