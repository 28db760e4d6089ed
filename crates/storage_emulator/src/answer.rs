//! What goes back: status, headers, and a body that may still lie in files.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// Part of a body.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Memory(Bytes),
    /// A range of a file opened for this answer: it stays readable when the blob is deleted meanwhile.
    File {
        file: Arc<File>,
        offset: u64,
        length: u64,
    },
}

/// How much of a file is read at once, hence what one slow download holds in memory.
const CHUNK: u64 = 256 << 10;

/// An answer before it is turned into HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The messages that the operation created, handed out or removed.
    pub(crate) message_ids: Vec<String>,
}

/// The pieces of a body, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body(std::collections::VecDeque<Piece>);

impl Answer {
    pub(crate) fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::with_capacity(16),
            body: Body::default(),
            message_ids: Vec::new(),
        }
    }

    pub(crate) fn xml(status: StatusCode, document: String) -> Self {
        let mut answer = Self::new(status);
        answer
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        answer.body = Body::from(Bytes::from(document));
        answer
    }

    /// Adds a header. A value that HTTP cannot carry is left out: it came from a request, so it could not have been sent.
    pub(crate) fn set(&mut self, name: &'static str, value: impl AsRef<str>) {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }

    pub(crate) fn set_static(&mut self, name: &'static str, value: &'static str) {
        self.headers
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() {
            Default::default()
        } else {
            [Piece::Memory(bytes)].into()
        })
    }
}

impl From<Vec<Piece>> for Body {
    fn from(pieces: Vec<Piece>) -> Self {
        Self(pieces.into())
    }
}

impl Body {
    /// Bytes that are still to come.
    pub(crate) fn len(&self) -> u64 {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Memory(bytes) => bytes.len() as u64,
                Piece::File { length, .. } => *length,
            })
            .sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next part, at most [`CHUNK`] bytes if it comes from a file; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self.0.front_mut()? {
            Piece::Memory(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0.pop_front();
                Some(Ok(bytes))
            }
            Piece::File { file, offset, length } => {
                let part = (*length).min(CHUNK);
                let mut buffer = vec![0; part as usize];
                let mut reader: &File = file;
                let read = reader
                    .seek(SeekFrom::Start(*offset))
                    .and_then(|_| reader.read_exact(&mut buffer));
                *offset += part;
                *length -= part;
                if *length == 0 {
                    self.0.pop_front();
                }
                Some(read.map(|()| Bytes::from(buffer)))
            }
        }
    }

    /// The whole body in memory.
    pub(crate) fn collect(mut self) -> io::Result<Bytes> {
        let length = self.len() as usize;
        let Some(first) = self.next() else {
            return Ok(Bytes::new());
        };
        let first = first?;
        if first.len() == length {
            return Ok(first);
        }
        let mut all = BytesMut::with_capacity(length);
        all.extend_from_slice(&first);
        while let Some(part) = self.next() {
            all.extend_from_slice(&part?);
        }
        Ok(all.freeze())
    }
}
