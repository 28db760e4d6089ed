//! Lists in pages: prefix, delimiter, marker, most results.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::call::{Call, Service};
use crate::error::{Code, ServiceError, ServiceResult};
use crate::xml::{XmlWriter, is_xml_character};

const MOST_RESULTS: i64 = 5000;

/// What a list request asks for.
pub(crate) struct ListRequest<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    marker: &'a str,
    /// The name to go on at; from the marker.
    start: String,
    most: usize,
    most_text: Option<&'a str>,
}

impl<'a> ListRequest<'a> {
    pub(crate) fn of(call: &'a Call) -> ServiceResult<Self> {
        let query = &call.query;
        let most = match query.get("maxresults") {
            None => MOST_RESULTS,
            Some(text) => {
                let most = text
                    .parse::<i64>()
                    .map_err(|_| ServiceError::query("maxresults", text))?;
                if most < 1 {
                    return Err(ServiceError::query_range("maxresults", most, 1, MOST_RESULTS));
                }
                // More than the service's own limit is no error: it answers as many as it does.
                most.min(MOST_RESULTS)
            }
        };
        let marker = query.text("marker");
        let start = if marker.is_empty() {
            String::new()
        } else {
            let bytes = URL_SAFE_NO_PAD.decode(marker).map_err(|_| Code::InvalidMarker)?;
            String::from_utf8(bytes).map_err(|_| Code::InvalidMarker)?
        };
        Ok(Self {
            prefix: query.text("prefix"),
            delimiter: query.text("delimiter"),
            marker,
            start,
            most: most as usize,
            most_text: query.get("maxresults"),
        })
    }

    /// Where in the sorted names this page begins.
    pub(crate) fn first_name(&self) -> String {
        self.start.as_str().max(self.prefix).to_owned()
    }

    /// Opens the document and repeats the request's parameters in it.
    pub(crate) fn open(&self, xml: &mut XmlWriter, call: &Call, service: Service, container: Option<&str>) {
        let host = call.header("host").unwrap_or("");
        let protocol = if call.secure { "https" } else { "http" };
        let port_style = !host.starts_with(&format!("{}.{}.", call.account, service.name()));
        let account = if port_style {
            format!("{}/", call.account)
        } else {
            String::new()
        };
        let endpoint = format!("{protocol}://{host}/{account}");
        match container {
            Some(name) => xml.open_with(
                "EnumerationResults",
                &[("ServiceEndpoint", &endpoint), ("ContainerName", name)],
            ),
            None => xml.open_with("EnumerationResults", &[("ServiceEndpoint", &endpoint)]),
        }
        for (name, text) in [("Prefix", self.prefix), ("Marker", self.marker)] {
            if !text.is_empty() && text.chars().all(is_xml_character) {
                xml.text(name, text);
            }
        }
        if let Some(most) = self.most_text {
            xml.text("MaxResults", most);
        }
        if !self.delimiter.is_empty() && self.delimiter.chars().all(is_xml_character) {
            xml.text("Delimiter", self.delimiter);
        }
    }
}

/// One page: entries, and the prefixes that stand for entries below a delimiter, in one order.
pub(crate) struct Page<'s, T> {
    items: Vec<Item<'s, T>>,
    next: Option<String>,
}

pub(crate) enum Item<'s, T> {
    Entry(&'s str, &'s T),
    Prefix(&'s str),
}

impl<T> Default for Page<'_, T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }
}

impl<'s, T> Page<'s, T> {
    /// Takes from the sorted entries what belongs on this page.
    pub(crate) fn fill(
        &mut self,
        request: &ListRequest<'_>,
        entries: impl Iterator<Item = (&'s str, &'s T)>,
        mut wanted: impl FnMut(&T) -> bool,
    ) {
        let mut last_prefix: Option<&str> = None;
        for (name, entry) in entries {
            let Some(rest) = name.strip_prefix(request.prefix) else {
                break;
            };
            if last_prefix.is_some_and(|prefix| name.starts_with(prefix)) || !wanted(entry) {
                continue;
            }
            if self.items.len() >= request.most {
                self.next = Some(name.to_owned());
                return;
            }
            let below = match request.delimiter {
                "" => None,
                delimiter => rest
                    .find(delimiter)
                    .map(|at| request.prefix.len() + at + delimiter.len()),
            };
            match below {
                Some(end) => {
                    last_prefix = Some(&name[..end]);
                    self.items.push(Item::Prefix(&name[..end]));
                }
                None => self.items.push(Item::Entry(name, entry)),
            }
        }
    }

    pub(crate) fn items(&self) -> &[Item<'s, T>] {
        &self.items
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'s str, &'s T)> {
        self.items.iter().filter_map(|item| match item {
            Item::Entry(name, entry) => Some((*name, *entry)),
            Item::Prefix(_) => None,
        })
    }

    /// Ends the document with the marker of the next page.
    pub(crate) fn close(&self, xml: &mut XmlWriter) {
        let marker = self
            .next
            .as_deref()
            .map_or(String::new(), |name| URL_SAFE_NO_PAD.encode(name));
        xml.text("NextMarker", &marker);
        xml.close("EnumerationResults");
    }
}
