//! Stored access policies: "Set Container ACL", "Set Queue ACL".

use crate::error::{Code, ServiceResult};
use crate::http_date;
use crate::state::SignedIdentifier;
use crate::xml::{Element, XmlWriter};

const MOST: usize = 5;
const LONGEST_ID: usize = 64;

/// Reads the body of a Set ACL request; empty means no policies.
pub(crate) fn read(body: &[u8]) -> ServiceResult<Vec<SignedIdentifier>> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let document = Element::parse(body)?;
    if document.name != "SignedIdentifiers" || document.children.len() > MOST {
        return Err(Code::InvalidXmlDocument.into());
    }
    document.children.iter().map(identifier).collect()
}

fn identifier(element: &Element) -> ServiceResult<SignedIdentifier> {
    let empty = Element::default();
    let policy = element.child("AccessPolicy").unwrap_or(&empty);
    let id = element.child_text("Id");
    let (start, expiry) = (policy.child_text("Start"), policy.child_text("Expiry"));
    let times_are_readable = [start, expiry]
        .iter()
        .all(|time| time.is_empty() || http_date::parse(time).is_some());
    if element.name != "SignedIdentifier" || id.is_empty() || id.chars().count() > LONGEST_ID || !times_are_readable {
        return Err(Code::InvalidXmlNodeValue.into());
    }
    Ok(SignedIdentifier {
        id: id.to_owned(),
        start: start.to_owned(),
        expiry: expiry.to_owned(),
        permission: policy.child_text("Permission").to_owned(),
    })
}

pub(crate) fn write(identifiers: &[SignedIdentifier]) -> String {
    let mut xml = XmlWriter::new();
    xml.open("SignedIdentifiers");
    for identifier in identifiers {
        xml.open("SignedIdentifier");
        xml.text("Id", &identifier.id);
        xml.open("AccessPolicy");
        for (name, text) in [
            ("Start", &identifier.start),
            ("Expiry", &identifier.expiry),
            ("Permission", &identifier.permission),
        ] {
            if !text.is_empty() {
                xml.text(name, text);
            }
        }
        xml.close("AccessPolicy");
        xml.close("SignedIdentifier");
    }
    xml.close("SignedIdentifiers");
    xml.finish()
}
