//! XML both ways: answers are written as text, bodies are read into a small tree within fixed limits.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::error::{Code, ServiceError, ServiceResult};

/// Bodies are documents of settings and block lists; the longest real one, a block list of 50,000 entries, is below this.
const MOST_BYTES: usize = 8 << 20;
const MOST_ELEMENTS: usize = 120_000;
/// The deepest real document (service properties) has four levels.
const MOST_LEVELS: usize = 8;

/// Writes elements and escapes their text.
pub(crate) struct XmlWriter(String);

impl XmlWriter {
    pub(crate) fn new() -> Self {
        let mut text = String::with_capacity(512);
        text.push_str(r#"<?xml version="1.0" encoding="utf-8"?>"#);
        Self(text)
    }

    pub(crate) fn open(&mut self, name: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Opens an element with attributes.
    pub(crate) fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            self.escaped(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    pub(crate) fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.open(name);
        self.escaped(text);
        self.close(name);
    }

    /// Text that is known to need no escapes.
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    pub(crate) fn number(&mut self, name: &str, number: impl ToString) {
        self.open(name);
        self.0.push_str(&number.to_string());
        self.close(name);
    }

    pub(crate) fn element(&mut self, element: &Element) {
        self.open(&element.name);
        if element.children.is_empty() {
            self.escaped(&element.text);
        } else {
            for child in &element.children {
                self.element(child);
            }
        }
        self.close(&element.name);
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    fn escaped(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['<', '>', '&', '"', '\r']) {
            let (clean, tail) = rest.split_at(at);
            self.0.push_str(clean);
            self.0.push_str(match tail.as_bytes()[0] {
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'&' => "&amp;",
                b'"' => "&quot;",
                // A reader turns a bare carriage return into a line feed.
                _ => "&#xD;",
            });
            rest = &tail[1..];
        }
        self.0.push_str(rest);
    }
}

/// One element of a document that was read: either text or children.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Element {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Reads a document. Anything that is not well-formed, breaks a limit or has a document type is refused.
    pub(crate) fn parse(body: &[u8]) -> ServiceResult<Self> {
        if body.len() > MOST_BYTES {
            return Err(Code::RequestBodyTooLarge.with("MaxLimit", MOST_BYTES.to_string()));
        }
        let text = std::str::from_utf8(body).map_err(|_| invalid())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        let mut count = 0_usize;
        loop {
            match reader.read_event().map_err(|_| invalid())? {
                Event::Start(start) => {
                    count += 1;
                    if root.is_some() || open.len() >= MOST_LEVELS || count > MOST_ELEMENTS {
                        return Err(invalid());
                    }
                    let name = std::str::from_utf8(start.local_name().into_inner())
                        .map_err(|_| invalid())?
                        .to_owned();
                    open.push(Element {
                        name,
                        ..Element::default()
                    });
                }
                Event::End(_) => {
                    let done = open.pop().ok_or_else(invalid)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => root = Some(done),
                    }
                }
                Event::Text(text) => append(&mut open, &text.xml10_content().map_err(|_| invalid())?)?,
                Event::CData(text) => append(&mut open, &text.xml10_content().map_err(|_| invalid())?)?,
                Event::GeneralRef(reference) => {
                    let mut buffer = [0; 4];
                    let resolved = match reference.resolve_char_ref().map_err(|_| invalid())? {
                        Some(character) => &*character.encode_utf8(&mut buffer),
                        None => match reference.decode().map_err(|_| invalid())?.as_ref() {
                            "lt" => "<",
                            "gt" => ">",
                            "amp" => "&",
                            "quot" => "\"",
                            "apos" => "'",
                            _ => return Err(invalid()),
                        },
                    };
                    append(&mut open, resolved)?;
                }
                Event::DocType(_) => return Err(invalid()),
                Event::Eof => break,
                _ => {}
            }
        }
        if open.is_empty() {
            root.ok_or_else(invalid)
        } else {
            Err(invalid())
        }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The trimmed text of a child; empty if there is none.
    pub(crate) fn child_text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    pub(crate) fn leaf(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            children: Vec::new(),
        }
    }

    pub(crate) fn branch(name: &str, children: Vec<Element>) -> Self {
        Self {
            name: name.to_owned(),
            text: String::new(),
            children,
        }
    }
}

fn append(open: &mut [Element], text: &str) -> ServiceResult<()> {
    if !text.chars().all(is_xml_character) {
        return Err(invalid());
    }
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(invalid()),
    }
    Ok(())
}

/// Whether XML 1.0 can carry this character at all (production `Char`).
pub(crate) fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn invalid() -> ServiceError {
    Code::InvalidXmlDocument.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip_with_line_ends_and_markup() {
        let mut writer = XmlWriter::new();
        writer.text("MessageText", "a<b>&\"'\r\n\tü");
        assert_eq!(
            Element::parse(writer.finish().as_bytes()).unwrap().text,
            "a<b>&\"'\r\n\tü"
        );
    }

    #[test]
    fn references_and_cdata_are_text() {
        let read = |text: &str| Element::parse(text.as_bytes()).map(|element| element.text);
        assert_eq!(read("<a>&#65;&lt;<![CDATA[<b>]]>&#x0D;</a>").unwrap(), "A<<b>\r");
        assert_eq!(read("<a>one\r\ntwo</a>").unwrap(), "one\ntwo");
        assert!(read("<a>&unknown;</a>").is_err());
    }

    #[test]
    fn what_xml_forbids_is_refused() {
        for body in [
            &b"<a>\x01</a>"[..],
            b"<a>&#0;</a>",
            b"<a>&#xFFFE;</a>",
            b"<a>\xff</a>",
            b"<a>",
            b"<a></b>",
            b"",
            b"text",
            b"<a/><b/>",
            b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
        ] {
            assert!(Element::parse(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        assert!(Element::parse("<a>".repeat(1000).as_bytes()).is_err());
    }
}
