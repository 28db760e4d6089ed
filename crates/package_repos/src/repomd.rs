//! `repodata/repomd.xml`: what a yum repository says of itself, and the digests of its metadata files.

use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::finding::one_line;

/// The largest file that is read, in bytes. Genuine ones have some kilobytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// The most `data` elements that are read. Genuine files have about twenty.
const MOST_DATA: usize = 1000;

/// The head of a `repomd.xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repomd {
    /// `revision`, as written; most tools write the time of creation in seconds since 1970.
    pub revision: Option<String>,
    /// The metadata files that are listed, in the order of the text.
    pub data: Vec<MetadataFile>,
}

/// One metadata file named by a `repomd.xml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetadataFile {
    /// Its kind, such as `primary`.
    pub kind: String,
    /// The path relative to the repository's root.
    pub href: Option<String>,
    /// When it was made.
    pub timestamp: Option<Timestamp>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The digest's algorithm and hexadecimal digits, as written.
    pub checksum: Option<(String, String)>,
}

/// The bytes are no usable `repomd.xml`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RepomdError {
    /// More than [`LARGEST`] bytes.
    #[error("the file has {0} bytes, more than any repomd.xml")]
    TooLarge(usize),
    /// Not well-formed.
    #[error("the XML is broken at byte {position}: {reason}")]
    Xml {
        /// Where the reader stopped, in bytes.
        position: u64,
        /// The reader's words, cut to a readable length.
        reason: String,
    },
    /// Another document.
    #[error("the root element is {0:?}, not repomd")]
    Root(String),
    /// Text without any element.
    #[error("there is no element")]
    NoElement,
    /// The document ends before its root element does.
    #[error("the document is cut off")]
    CutOff,
    /// More `data` elements than a genuine file has.
    #[error("there are more than {MOST_DATA} data elements")]
    TooMuchData,
    /// Clients need `primary`.
    #[error("no data element of type primary names a file")]
    NoPrimary,
}

impl Repomd {
    /// Reads a `repomd.xml`. External entities are not resolved and no entity is expanded beyond XML's own five.
    pub fn read(bytes: &[u8]) -> Result<Self, RepomdError> {
        if bytes.len() > LARGEST {
            return Err(RepomdError::TooLarge(bytes.len()));
        }
        Document::default().read(bytes)
    }

    /// When this generation was made: the newest time stamp of its files, or else the revision where that is a time.
    pub fn date(&self) -> Option<Timestamp> {
        let newest = self.data.iter().filter_map(|data| data.timestamp).max();
        newest.or_else(|| self.revision.as_deref().and_then(seconds))
    }
}

#[derive(Default)]
struct Document {
    depth: usize,
    root_seen: bool,
    /// The element whose text is being collected, by its local name.
    element: String,
    text: String,
    checksum_type: String,
    revision: Option<String>,
    data: Vec<MetadataFile>,
}

impl Document {
    fn read(mut self, bytes: &[u8]) -> Result<Repomd, RepomdError> {
        let mut reader = Reader::from_reader(bytes);
        loop {
            let event = reader.read_event().map_err(|error| RepomdError::Xml {
                position: reader.error_position(),
                reason: one_line(&error.to_string(), 100),
            })?;
            match event {
                Event::Start(start) => self.open(&start)?,
                Event::Empty(start) => {
                    self.open(&start)?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(text) => self.add(&text.decode().unwrap_or_default()),
                Event::Eof => break,
                _ => {}
            }
        }
        if !self.root_seen {
            return Err(RepomdError::NoElement);
        }
        if self.depth > 0 {
            return Err(RepomdError::CutOff);
        }
        if !self
            .data
            .iter()
            .any(|data| data.kind == "primary" && data.href.is_some())
        {
            return Err(RepomdError::NoPrimary);
        }
        Ok(Repomd {
            revision: self.revision,
            data: self.data,
        })
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), RepomdError> {
        let name = String::from_utf8_lossy(start.local_name().into_inner()).into_owned();
        self.depth += 1;
        match (self.depth, name.as_str()) {
            (1, "repomd") => self.root_seen = true,
            (1, _) => return Err(RepomdError::Root(one_line(&name, 40))),
            (2, "data") if self.data.len() == MOST_DATA => return Err(RepomdError::TooMuchData),
            (2, "data") => self.data.push(MetadataFile {
                kind: attribute(start, b"type"),
                ..Default::default()
            }),
            (3, "location") => {
                if let Some(data) = self.data.last_mut() {
                    data.href = Some(attribute(start, b"href")).filter(|href| !href.is_empty());
                }
            }
            (3, "checksum") => self.checksum_type = attribute(start, b"type"),
            _ => {}
        }
        self.element = name;
        self.text.clear();
        Ok(())
    }

    fn add(&mut self, text: &str) {
        // Values here are numbers and digests; no need to keep more of a hostile one.
        let room = 200_usize.saturating_sub(self.text.len());
        self.text.extend(text.chars().take(room));
    }

    fn close(&mut self) {
        let text = self.text.trim();
        match (self.depth, self.element.as_str(), self.data.last_mut()) {
            (2, "revision", _) => self.revision = Some(one_line(text, 100)).filter(|text| !text.is_empty()),
            (3, "timestamp", Some(data)) => data.timestamp = seconds(text),
            (3, "size", Some(data)) => data.size = text.parse().ok(),
            (3, "checksum", Some(data)) => {
                data.checksum = Some((std::mem::take(&mut self.checksum_type), text.to_owned()));
            }
            _ => {}
        }
        self.element.clear();
        self.text.clear();
        self.depth = self.depth.saturating_sub(1);
    }
}

fn attribute(start: &BytesStart<'_>, name: &[u8]) -> String {
    let value = start
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.local_name().into_inner() == name);
    let text = value.map(|attribute| String::from_utf8_lossy(&attribute.value).into_owned());
    one_line(&text.unwrap_or_default(), 1000)
}

/// Seconds since 1970; some tools write a fraction.
fn seconds(text: &str) -> Option<Timestamp> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    Timestamp::from_second(whole.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>1763719200</revision>
  <data type="primary">
    <checksum type="sha256">e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855</checksum>
    <location href="repodata/e3b0-primary.xml.gz"/>
    <timestamp>1763719100</timestamp>
    <size>134</size>
  </data>
  <data type="filelists"><location href="repodata/filelists.xml.gz"></location><timestamp>1763719150.5</timestamp></data>
</repomd>
"#;

    #[test]
    fn revision_and_files_are_read() {
        let repomd = Repomd::read(PLAIN.as_bytes()).unwrap();
        assert_eq!(repomd.revision.as_deref(), Some("1763719200"));
        assert_eq!(repomd.data.len(), 2);
        let primary = &repomd.data[0];
        assert_eq!(
            (primary.kind.as_str(), primary.href.as_deref()),
            ("primary", Some("repodata/e3b0-primary.xml.gz"))
        );
        assert_eq!(
            (primary.size, primary.checksum.as_ref().unwrap().0.as_str()),
            (Some(134), "sha256")
        );
        assert_eq!(repomd.date(), Timestamp::from_second(1_763_719_150).ok());
    }

    #[test]
    fn a_revision_that_is_a_time_stands_in_for_missing_time_stamps() {
        let text =
            r#"<repomd><revision>1763719200</revision><data type="primary"><location href="p"/></data></repomd>"#;
        assert_eq!(
            Repomd::read(text.as_bytes()).unwrap().date(),
            Timestamp::from_second(1_763_719_200).ok()
        );
        let text = text.replace("1763719200", "41.3");
        assert_eq!(
            Repomd::read(text.replace("41.3", "rawhide").as_bytes()).unwrap().date(),
            None
        );
    }

    #[test]
    fn what_is_no_repomd_says_why() {
        let error = |text: &str| Repomd::read(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("<html><body>"), "the root element is \"html\", not repomd");
        assert_eq!(error("It works!"), "there is no element");
        assert_eq!(error(PLAIN.split_once("<size>").unwrap().0), "the document is cut off");
        assert_eq!(
            error("<repomd></repomd>"),
            "no data element of type primary names a file"
        );
        assert!(error("<repomd></wrong>").starts_with("the XML is broken at byte "));
        assert_eq!(
            error(&format!("<repomd>{}", "<data/>".repeat(MOST_DATA + 1))),
            "there are more than 1000 data elements"
        );
    }

    #[test]
    fn entities_are_not_expanded() {
        let bomb = r#"<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
            <repomd><revision>&b;</revision><data type="primary"><location href="p"/></data></repomd>"#;
        assert_eq!(Repomd::read(bomb.as_bytes()).unwrap().revision, None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Repomd::read(&bytes);
        }

        #[test]
        fn damaged_files_are_read_or_refused(at in 0..PLAIN.len(), byte in any::<u8>(), cut in 0..PLAIN.len()) {
            let mut bytes = PLAIN.as_bytes().to_vec();
            bytes[at] = byte;
            let _ = Repomd::read(&bytes);
            let _ = Repomd::read(&bytes[..cut]);
        }
    }
}
