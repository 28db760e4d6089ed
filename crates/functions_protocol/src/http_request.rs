//! The value of an HTTP trigger: the caller's request as the host describes it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::value::{self, ValueError};

/// A caller's request. Methods, URL and values are as the host sends them; see each member for what it changes.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, as the caller wrote it.
    pub method: String,
    /// The whole URL with scheme, host, path and query; may hold a function key in `code`.
    pub url: String,
    /// The body; none when the caller sent no `Content-Length` above zero. The host does not pass on chunked bodies.
    pub body: Option<HttpBody>,
    /// Who the caller is, as far as the platform knows.
    pub identities: Vec<Identity>,
    headers: Vec<(String, Vec<String>)>,
    query: Vec<(String, String)>,
    params: Vec<(String, Option<String>)>,
}

/// The body of a caller's request.
#[derive(Clone, PartialEq, Eq)]
pub enum HttpBody {
    /// Any content type but those of [`HttpBody::Bytes`]. The host reads it as UTF-8 whatever the charset and drops a
    /// byte order mark, so images and Latin-1 text arrive damaged.
    Text(String),
    /// `application/octet-stream` and `multipart/*`: the exact bytes.
    Bytes(Vec<u8>),
}

/// One identity of the caller.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Identity {
    /// How it was established; `WebJobsAuthLevel` for a function key; none for an anonymous caller.
    pub authentication_type: Option<String>,
    /// Whether it was established at all.
    pub is_authenticated: bool,
    /// The name of the user.
    pub name: Option<String>,
    /// What is claimed about the user.
    pub claims: Vec<Claim>,
}

/// One claim of an identity.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Claim {
    /// The claim's type, a URL.
    #[serde(rename = "Type")]
    pub claim_type: String,
    /// The claimed value.
    pub value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    url: String,
    method: String,
    #[serde(default)]
    query: Pairs<String>,
    #[serde(default)]
    headers: Pairs<Vec<String>>,
    #[serde(default)]
    params: Pairs<Option<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    identities: Option<Vec<Identity>>,
}

impl HttpRequest {
    pub(crate) fn from_raw(raw: &RawValue) -> Result<Self, ValueError> {
        let wire: Wire = value::object(raw)?;
        let headers = wire.headers.0;
        let body = match wire.body {
            None => None,
            Some(encoded) if is_binary(find(&headers, "Content-Type").map(Vec::as_slice).unwrap_or_default()) => Some(
                HttpBody::Bytes(STANDARD.decode(encoded).map_err(ValueError::NotBase64)?),
            ),
            Some(text) => Some(HttpBody::Text(text)),
        };
        Ok(Self {
            method: wire.method,
            url: wire.url,
            body,
            identities: wire.identities.unwrap_or_default(),
            headers,
            query: wire.query.0,
            params: wire.params.0,
        })
    }

    /// A request for tests and for tools that call functions without a host: no headers, no body.
    #[must_use]
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let url = url.into();
        let query = query_pairs(&url).fold(Vec::new(), joined);
        Self {
            method: method.into(),
            url,
            body: None,
            identities: Vec::new(),
            headers: Vec::new(),
            query,
            params: Vec::new(),
        }
    }

    /// Adds a header line.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        match self
            .headers
            .iter_mut()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
        {
            Some((_, values)) => values.push(value.into()),
            None => self.headers.push((name.to_owned(), vec![value.into()])),
        }
        self
    }

    /// Sets a route value.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: HttpBody) -> Self {
        self.body = Some(body);
        self
    }

    /// The first line of a header; names ignore case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)?.first().map(String::as_str)
    }

    /// All headers with one value per line.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.headers
            .iter()
            .map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// A query parameter; names ignore case. The host joins the values of a repeated parameter with commas:
    /// [`HttpRequest::query_values`] keeps them apart.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name).map(String::as_str)
    }

    /// Every value of a query parameter, read from the URL; names ignore case.
    #[must_use]
    pub fn query_values(&self, name: &str) -> Vec<String> {
        query_pairs(&self.url)
            .filter(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    /// A route value; none when an optional one is absent. `%2F` stays encoded.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)?.as_deref()
    }

    /// The body as text, whichever kind it is; none when there is none or it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.body.as_ref()? {
            HttpBody::Text(text) => Some(text),
            HttpBody::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }

    /// The body's bytes; empty when there is none.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            None => &[],
            Some(HttpBody::Text(text)) => text.as_bytes(),
            Some(HttpBody::Bytes(bytes)) => bytes,
        }
    }
}

/// Without values: URL and headers carry keys and cookies, the body is the caller's.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        formatter
            .debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &headers)
            .field("body_length", &self.bytes().len())
            .finish_non_exhaustive()
    }
}

/// Kind and length: the content is the caller's.
impl fmt::Debug for HttpBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, length) = match self {
            Self::Text(text) => ("Text", text.len()),
            Self::Bytes(bytes) => ("Bytes", bytes.len()),
        };
        write!(formatter, "{kind}({length} bytes)")
    }
}

/// Without names and claimed values: they are about a person.
impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Identity")
            .field("authentication_type", &self.authentication_type)
            .field("is_authenticated", &self.is_authenticated)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// Without the claimed value.
impl fmt::Debug for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Claim").field(&self.claim_type).finish()
    }
}

/// The host's own test, by the caller's content type.
fn is_binary(content_type: &[String]) -> bool {
    let Some(line) = content_type.first() else { return false };
    let media_type = line.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/octet-stream" || media_type.starts_with("multipart/")
}

fn find<'p, V>(pairs: &'p [(String, V)], name: &str) -> Option<&'p V> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn query_pairs(url: &str) -> impl Iterator<Item = (String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_component(name), decode_component(value))
    })
}

fn decode_component(component: &str) -> String {
    let spaced = component.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn joined(mut pairs: Vec<(String, String)>, (name, value): (String, String)) -> Vec<(String, String)> {
    match pairs
        .iter_mut()
        .find(|(candidate, _)| candidate.eq_ignore_ascii_case(&name))
    {
        Some((_, values)) => {
            values.push(',');
            values.push_str(&value);
        }
        None => pairs.push((name, value)),
    }
    pairs
}

/// The members of an object in the order in which they were written.
struct Pairs<V>(Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Members<V> {
            type Value = Pairs<V>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = members.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members(std::marker::PhantomData))
    }
}
