//! `Release` and `InRelease`: what an apt suite says of itself, and the digests of its index files.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::deb822::{Deb822Error, Line, Lines};
use crate::finding::one_line;

/// The largest file that is read, in bytes. Genuine ones have some hundred kilobytes.
pub const LARGEST: usize = 16 * 1024 * 1024;

const SIGNED_MESSAGE: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";

/// The head of a `Release` file. Signatures are another matter: this says what is written, not who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `Origin`, as written.
    pub origin: Option<String>,
    /// `Suite`, such as `stable`.
    pub suite: Option<String>,
    /// `Codename`, such as `bookworm`.
    pub codename: Option<String>,
    /// `Date`: when this generation of the suite was made.
    pub date: Timestamp,
    /// `Valid-Until`: apt refuses the file after this moment.
    pub valid_until: Option<Timestamp>,
    /// Whether the text came in the armour of a clear-signed message.
    pub armoured: bool,
    /// How many files are listed with a digest that apt still accepts (SHA-256 or SHA-512).
    pub files: usize,
}

/// One index file named by a `Release` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexFile<'a> {
    /// The digest's algorithm.
    pub algorithm: Algorithm,
    /// The digest in lower- or upper-case hexadecimal digits, as written.
    pub digest: &'a str,
    /// The size in bytes.
    pub size: u64,
    /// The path relative to the `Release` file.
    pub path: &'a str,
}

/// The digests that a `Release` file may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5Sum`: apt no longer accepts it alone.
    Md5,
    /// `SHA1`: apt no longer accepts it alone.
    Sha1,
    /// `SHA256`.
    Sha256,
    /// `SHA512`.
    Sha512,
}

/// The bytes are no usable `Release` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// More than [`LARGEST`] bytes.
    #[error("the file has {0} bytes, more than any Release file")]
    TooLarge(usize),
    /// Not written as deb822.
    #[error(transparent)]
    Syntax(#[from] Deb822Error),
    /// A signed message without an end of its header, or without a signature.
    #[error("the armour of the signed message has no {0}")]
    Armour(&'static str),
    /// A field that must be there.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field that cannot be read.
    #[error("the field {field} is no date: {value:?}")]
    Date {
        /// Its name.
        field: &'static str,
        /// What stood there, cut to a readable length.
        value: String,
    },
    /// No list of digests, or an empty one: apt would have nothing to go on with.
    #[error("no file is listed under SHA256 or SHA512")]
    NoFiles,
}

impl Release {
    /// Reads a `Release` or `InRelease` file.
    pub fn read(bytes: &[u8]) -> Result<Self, ReleaseError> {
        Self::read_with(bytes, |_| ())
    }

    /// Reads a `Release` or `InRelease` file and hands every listed file to `visit`, in the order of the text.
    pub fn read_with<'a>(bytes: &'a [u8], mut visit: impl FnMut(IndexFile<'a>)) -> Result<Self, ReleaseError> {
        if bytes.len() > LARGEST {
            return Err(ReleaseError::TooLarge(bytes.len()));
        }
        let (text, armoured) = signed_text(bytes)?;
        let mut head = Head::default();
        let mut list = None;
        for line in Lines::new(text) {
            match line? {
                Line::Field { name, value } => {
                    list = algorithm(name);
                    if list.is_none() {
                        head.set(name, value);
                    }
                }
                Line::Continuation(line) => {
                    if let Some(file) = list.and_then(|algorithm| index_file(algorithm, line)) {
                        head.files += usize::from(matches!(file.algorithm, Algorithm::Sha256 | Algorithm::Sha512));
                        visit(file);
                    }
                }
                Line::Blank if head.is_empty() => {}
                // The file is one stanza; what follows is not part of it.
                Line::Blank => break,
            }
        }
        head.finish(armoured)
    }
}

#[derive(Default)]
struct Head<'a> {
    origin: Option<&'a str>,
    suite: Option<&'a str>,
    codename: Option<&'a str>,
    date: Option<&'a str>,
    valid_until: Option<&'a str>,
    files: usize,
    fields: usize,
}

impl<'a> Head<'a> {
    fn set(&mut self, name: &str, value: &'a str) {
        self.fields += 1;
        let slots = [
            ("Origin", &mut self.origin),
            ("Suite", &mut self.suite),
            ("Codename", &mut self.codename),
            ("Date", &mut self.date),
            ("Valid-Until", &mut self.valid_until),
        ];
        for (field, slot) in slots {
            if name.eq_ignore_ascii_case(field) {
                *slot = Some(value);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.fields == 0 && self.files == 0
    }

    fn finish(self, armoured: bool) -> Result<Release, ReleaseError> {
        let date = self.date.ok_or(ReleaseError::Missing("Date"))?;
        let release = Release {
            origin: self.origin.map(short),
            suite: self.suite.map(short),
            codename: self.codename.map(short),
            date: moment("Date", date)?,
            valid_until: self.valid_until.map(|value| moment("Valid-Until", value)).transpose()?,
            armoured,
            files: self.files,
        };
        if release.files == 0 {
            Err(ReleaseError::NoFiles)
        } else {
            Ok(release)
        }
    }
}

/// The text inside the armour of a clear-signed message, and whether there was armour. Where lines are escaped with
/// `- ` (RFC 9580, 7.1) they stay so: no field or digest of a Release file begins with a hyphen.
fn signed_text(bytes: &[u8]) -> Result<(&[u8], bool), ReleaseError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let Some(message) = bytes.strip_prefix(SIGNED_MESSAGE) else {
        return Ok((bytes, false));
    };
    let header_end = end_of_blank_line(message).ok_or(ReleaseError::Armour("end of its header"))?;
    let text = &message[header_end..];
    let end = find_line(text, SIGNATURE).ok_or(ReleaseError::Armour("signature"))?;
    Ok((&text[..end], true))
}

/// Where the first empty line of `text` ends.
fn end_of_blank_line(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(length) = text[start..].iter().position(|byte| *byte == b'\n') {
        let line = text[start..start + length].trim_ascii();
        if line.is_empty() && start > 0 {
            return Some(start + length + 1);
        }
        start += length + 1;
    }
    None
}

/// Where the line that begins with `prefix` starts.
fn find_line(text: &[u8], prefix: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        if text[start..].starts_with(prefix) {
            return Some(start);
        }
        start += text[start..].iter().position(|byte| *byte == b'\n')? + 1;
    }
}

fn algorithm(field: &str) -> Option<Algorithm> {
    [
        ("MD5Sum", Algorithm::Md5),
        ("SHA1", Algorithm::Sha1),
        ("SHA256", Algorithm::Sha256),
        ("SHA512", Algorithm::Sha512),
    ]
    .into_iter()
    .find_map(|(name, algorithm)| field.eq_ignore_ascii_case(name).then_some(algorithm))
}

fn index_file(algorithm: Algorithm, line: &str) -> Option<IndexFile<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (digest, size, path) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    let hexadecimal = digest.len() == algorithm.digits() && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hexadecimal && words.next().is_none()).then_some(IndexFile {
        algorithm,
        digest,
        size,
        path,
    })
}

impl Algorithm {
    /// The length of a digest in hexadecimal digits.
    const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

fn short(value: &str) -> String {
    one_line(value, 100)
}

/// Dates are written as in mail (RFC 2822), with the zone `UTC`, which RFC 2822 does not have, or `GMT` or `+0000`.
fn moment(field: &'static str, value: &str) -> Result<Timestamp, ReleaseError> {
    // A date is at most some 40 characters long; no need to hand more to the parser.
    let text = value
        .strip_suffix("UTC")
        .or_else(|| value.strip_suffix('Z'))
        .map(|rest| format!("{}+0000", short(rest) + " "));
    rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text.as_deref().unwrap_or(value))
        .map_err(|_| ReleaseError::Date {
            field,
            value: short(value),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = "Origin: Debian\nSuite: stable\nCodename: bookworm\nDate: Sat, 09 May 2026 10:11:12 UTC\n\
        Valid-Until: Sat, 16 May 2026 10:11:12 UTC\nMD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 0 main/x\nSHA256:\n \
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n";

    fn armoured(text: &str) -> String {
        format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n"
        )
    }

    #[test]
    fn the_head_is_read_with_and_without_armour() {
        let release = Release::read(PLAIN.as_bytes()).unwrap();
        assert_eq!(release.origin.as_deref(), Some("Debian"));
        assert_eq!(release.suite.as_deref(), Some("stable"));
        assert_eq!(release.codename.as_deref(), Some("bookworm"));
        assert_eq!(release.date, "2026-05-09T10:11:12Z".parse().unwrap());
        assert_eq!(release.valid_until, Some("2026-05-16T10:11:12Z".parse().unwrap()));
        assert_eq!((release.files, release.armoured), (1, false));

        let signed = Release::read(armoured(PLAIN).as_bytes()).unwrap();
        assert_eq!(
            signed,
            Release {
                armoured: true,
                ..release.clone()
            }
        );
        let windows = Release::read(armoured(PLAIN).replace('\n', "\r\n").as_bytes()).unwrap();
        assert_eq!(windows, signed);
    }

    #[test]
    fn listed_files_are_visited_with_their_digests() {
        let mut seen = Vec::new();
        Release::read_with(PLAIN.as_bytes(), |file| {
            seen.push((file.algorithm, file.path, file.size))
        })
        .unwrap();
        assert_eq!(
            seen,
            [
                (Algorithm::Md5, "main/x", 0),
                (Algorithm::Sha256, "main/binary-amd64/Packages", 0)
            ]
        );
    }

    #[test]
    fn dates_are_read_as_apt_repositories_write_them() {
        for text in [
            "Sat, 9 May 2026 10:11:12 UTC",
            "Sat, 09 May 2026 10:11:12 GMT",
            "Sat, 09 May 2026 12:11:12 +0200",
        ] {
            assert_eq!(
                moment("Date", text),
                Ok("2026-05-09T10:11:12Z".parse().unwrap()),
                "{text}"
            );
        }
        assert!(matches!(
            moment("Date", "yesterday"),
            Err(ReleaseError::Date { field: "Date", .. })
        ));
        assert!(moment("Date", "").is_err());
    }

    #[test]
    fn what_is_no_release_file_says_why() {
        let error = |text: &str| Release::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            error("<!doctype html>\n<p>Welcome"),
            "line 1 is no field, no continuation and not blank"
        );
        assert_eq!(error(""), "the field Date is missing");
        assert_eq!(
            error("Date: Sat, 09 May 2026 10:11:12 UTC\n"),
            "no file is listed under SHA256 or SHA512"
        );
        assert_eq!(error("Date: now\n"), "the field Date is no date: \"now\"");
        assert_eq!(
            error("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nDate: x\n"),
            "the armour of the signed message has no signature"
        );
        assert!(matches!(
            Release::read(&vec![b'a'; LARGEST + 1]),
            Err(ReleaseError::TooLarge(_))
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Release::read(&bytes);
        }

        #[test]
        fn damaged_files_are_read_or_refused(at in 0..PLAIN.len(), byte in any::<u8>(), cut in 0..PLAIN.len()) {
            let mut bytes = armoured(PLAIN).into_bytes();
            bytes[at] = byte;
            let _ = Release::read(&bytes);
            let _ = Release::read(&bytes[..cut]);
        }
    }
}
