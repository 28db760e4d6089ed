//! User metadata: "Setting and retrieving properties and metadata".

use crate::answer::Answer;
use crate::call::Call;
use crate::error::{Code, ServiceResult};
use crate::state::Metadata;
use crate::xml::XmlWriter;

const PREFIX: &str = "x-ms-meta-";
/// Names and values together.
const MOST_BYTES: usize = 8 << 10;

/// The request's metadata. Names are C# identifiers; HTTP libraries hand them over in lower case, so their case is lost.
pub(crate) fn of_request(call: &Call) -> ServiceResult<Metadata> {
    let mut metadata: Metadata = Vec::new();
    let mut bytes = 0;
    for (header, value) in &call.headers {
        let Some(name) = header.as_str().strip_prefix(PREFIX) else {
            continue;
        };
        if name.is_empty() {
            return Err(Code::EmptyMetadataKey.into());
        }
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts_well || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Code::InvalidMetadata.into());
        }
        let value = value.to_str().map_err(|_| Code::InvalidMetadata)?.trim();
        bytes += name.len() + value.len();
        match metadata.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => {
                known.push(',');
                known.push_str(value);
            }
            None => metadata.push((name.to_owned(), value.to_owned())),
        }
    }
    if bytes > MOST_BYTES {
        return Err(Code::MetadataTooLarge.into());
    }
    Ok(metadata)
}

/// Whether both say the same, in any order.
pub(crate) fn same(left: &Metadata, right: &Metadata) -> bool {
    left.len() == right.len() && left.iter().all(|pair| right.contains(pair))
}

pub(crate) fn write(answer: &mut Answer, metadata: &Metadata) {
    for (name, value) in metadata {
        let header = http::HeaderName::try_from(format!("{PREFIX}{name}"));
        if let (Ok(header), Ok(value)) = (header, http::HeaderValue::from_str(value)) {
            answer.headers.insert(header, value);
        }
    }
}

pub(crate) fn write_xml(xml: &mut XmlWriter, metadata: &Metadata) {
    xml.open("Metadata");
    for (name, value) in metadata {
        xml.text(name, value);
    }
    xml.close("Metadata");
}
