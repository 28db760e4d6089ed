//! Control data as Debian writes it (deb822(5)): stanzas of `Name: value` fields with continuation lines.
//!
//! The reader borrows from its input, one line at a time, so a file of any size costs the memory of one line.

/// One line of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// `Name: value`; the value may be empty, with the content in the lines that follow.
    Field {
        /// The field's name as written; names are compared without regard to case.
        name: &'a str,
        /// The text after the colon, without surrounding white space.
        value: &'a str,
    },
    /// A line that begins with a space or tab: it continues the field before it.
    Continuation(&'a str),
    /// The end of a stanza.
    Blank,
}

/// A line that is none of those.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Deb822Error {
    /// Neither a field nor a continuation.
    #[error("line {number} is no field, no continuation and not blank")]
    Malformed {
        /// Counted from 1.
        number: usize,
    },
    /// deb822 is UTF-8 text.
    #[error("line {number} is not UTF-8 text")]
    NotText {
        /// Counted from 1.
        number: usize,
    },
    /// Longer than any genuine line; see [`LONGEST_LINE`].
    #[error("line {number} is longer than {LONGEST_LINE} bytes")]
    LineTooLong {
        /// Counted from 1.
        number: usize,
    },
}

/// The longest line that is accepted, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

/// Reads lines; comments (`#`) are passed over.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    /// Reads `text` from its beginning.
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text, number: 0 }
    }

    fn next_raw(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = match self.rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        self.number += 1;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn classify(&self, raw: &'a [u8]) -> Result<Line<'a>, Deb822Error> {
        let number = self.number;
        if raw.len() > LONGEST_LINE {
            return Err(Deb822Error::LineTooLong { number });
        }
        let line = std::str::from_utf8(raw).map_err(|_| Deb822Error::NotText { number })?;
        if line.trim().is_empty() {
            return Ok(Line::Blank);
        }
        if line.starts_with([' ', '\t']) {
            return Ok(Line::Continuation(line.trim()));
        }
        let (name, value) = line.split_once(':').ok_or(Deb822Error::Malformed { number })?;
        // deb822(5): names are printable ASCII without space and colon, and do not begin with a hyphen.
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Deb822Error::Malformed { number });
        }
        Ok(Line::Field {
            name,
            value: value.trim(),
        })
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, Deb822Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = loop {
            let raw = self.next_raw()?;
            if !raw.starts_with(b"#") {
                break raw;
            }
        };
        Some(self.classify(raw))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Result<Line<'_>, Deb822Error>> {
        Lines::new(text.as_bytes()).collect()
    }

    #[test]
    fn fields_continuations_and_stanzas_are_told_apart() {
        assert_eq!(
            read("Package: a\r\n# a comment\nDescription:  b \n more: text\n\nPackage: c"),
            [
                Ok(Line::Field {
                    name: "Package",
                    value: "a"
                }),
                Ok(Line::Field {
                    name: "Description",
                    value: "b"
                }),
                Ok(Line::Continuation("more: text")),
                Ok(Line::Blank),
                Ok(Line::Field {
                    name: "Package",
                    value: "c"
                }),
            ]
        );
    }

    #[test]
    fn other_lines_are_errors_with_their_number() {
        assert_eq!(read("A: b\n<html>")[1], Err(Deb822Error::Malformed { number: 2 }));
        assert_eq!(read("two words: b")[0], Err(Deb822Error::Malformed { number: 1 }));
        assert_eq!(
            Lines::new(b"A: \xff").next(),
            Some(Err(Deb822Error::NotText { number: 1 }))
        );
        let long = format!("A: {}", "b".repeat(LONGEST_LINE));
        assert_eq!(read(&long)[0], Err(Deb822Error::LineTooLong { number: 1 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(Lines::new(&text).count() <= text.len() + 1);
        }

        #[test]
        fn written_fields_are_read_back(fields in proptest::collection::vec(("[A-Z][A-Za-z0-9-]{0,20}", "[!-~]{0,40}"), 0..20)) {
            let text: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
            let read: Vec<_> = Lines::new(text.as_bytes()).map(Result::unwrap).collect();
            let wanted: Vec<_> = fields.iter().map(|(name, value)| Line::Field { name, value }).collect();
            prop_assert_eq!(read, wanted);
        }
    }
}
