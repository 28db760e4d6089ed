//! A blob's bytes: parts in memory and parts in files.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A run of bytes that is never changed once it exists, so blobs and blocks may share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Segment {
    /// Held in memory, and in the journal as base64.
    #[serde(rename = "bytes", with = "base64_text")]
    Memory(Bytes),
    /// A file of the content folder.
    #[serde(rename = "file")]
    File { number: u64, length: u64 },
}

impl Segment {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    pub(crate) fn file(&self) -> Option<u64> {
        match self {
            Self::Memory(_) => None,
            Self::File { number, .. } => Some(*number),
        }
    }
}

/// The parts of a blob in order, with the block that each came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) block: Option<String>,
    pub(crate) segment: Segment,
}

impl Content {
    pub(crate) fn single(segment: Segment) -> Self {
        if segment.len() == 0 {
            return Self::default();
        }
        Self {
            parts: vec![Part { block: None, segment }],
        }
    }

    pub(crate) fn push(&mut self, block: Option<String>, segment: Segment) {
        self.parts.push(Part { block, segment });
    }

    pub(crate) fn len(&self) -> u64 {
        self.parts.iter().map(|part| part.segment.len()).sum()
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = u64> + Clone {
        self.parts.iter().filter_map(|part| part.segment.file())
    }

    /// The runs of segments that make up `start..end`, each with its own range.
    pub(crate) fn slices(&self, start: u64, end: u64) -> impl Iterator<Item = (&Segment, u64, u64)> {
        let mut position = 0;
        self.parts.iter().filter_map(move |part| {
            let length = part.segment.len();
            let low = start.saturating_sub(position).min(length);
            let high = end.saturating_sub(position).min(length);
            position += length;
            (low < high).then_some((&part.segment, low, high))
        })
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_from_the_parts_it_crosses() {
        let mut content = Content::default();
        for text in ["abc", "", "defg", "hi"] {
            content.push(None, Segment::Memory(Bytes::from_static(text.as_bytes())));
        }
        let read = |start, end| -> String {
            content
                .slices(start, end)
                .map(|(segment, low, high)| match segment {
                    Segment::Memory(bytes) => std::str::from_utf8(&bytes[low as usize..high as usize])
                        .unwrap()
                        .to_owned(),
                    Segment::File { .. } => unreachable!(),
                })
                .collect()
        };
        assert_eq!(read(0, 9), "abcdefghi");
        assert_eq!(read(2, 5), "cde");
        assert_eq!(read(7, 99), "hi");
        assert_eq!(read(4, 4), "");
    }
}
