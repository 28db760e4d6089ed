use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

use super::binding_data::{BindingData, json_properties, same_name};
use super::identity;
use super::query::parse_query;
use super::text::stream_text;
use crate::dotnet::Value;

/// A caller's HTTP request to a function, with what the router found.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCall {
    /// The method as sent.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// The request target as sent: path and query, still encoded.
    pub target: String,
    /// Header lines in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Route values; an absent optional one is `None`.
    pub route_values: Vec<(String, Option<String>)>,
    /// The caller's identities.
    pub identities: Vec<Value>,
}

/// Names that the web server spells its own way, whatever the caller wrote.
const KNOWN_HEADERS: [&str; 40] = [
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Authorization",
    "baggage",
    "Cache-Control",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "Correlation-Context",
    "Date",
    "Expect",
    "From",
    "Host",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Max-Forwards",
    "Origin",
    "Pragma",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Request-Id",
    "TE",
    "traceparent",
    "tracestate",
    "Transfer-Encoding",
    "Translate",
    "Upgrade",
    "Upgrade-Insecure-Requests",
    "User-Agent",
];

impl HttpCall {
    /// A call by nobody in particular.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            scheme: "http".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            route_values: Vec::new(),
            identities: vec![identity::anonymous()],
        }
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Headers by the name the server gives them, one value per line.
    fn grouped_headers(&self) -> Vec<(String, Vec<String>)> {
        let mut groups: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in &self.headers {
            match groups.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((_, values)) => values.push(value.clone()),
                None => {
                    let known = KNOWN_HEADERS.iter().find(|known| known.eq_ignore_ascii_case(name));
                    groups.push((
                        known.map_or_else(|| name.clone(), |known| (*known).to_owned()),
                        vec![value.clone()],
                    ));
                }
            }
        }
        groups
    }

    /// Only a body with a declared length is read; a chunked one is not seen.
    fn has_body(&self) -> bool {
        self.header("Content-Length")
            .and_then(|length| length.trim().parse::<u64>().ok())
            .is_some_and(|length| length > 0)
    }

    fn is_binary_body(&self) -> bool {
        let media_type = self.header("Content-Type").unwrap_or_default();
        let media_type = media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        media_type == "application/octet-stream" || media_type.starts_with("multipart/")
    }

    fn query(&self) -> Vec<(String, Vec<String>)> {
        parse_query(self.target.split_once('?').map_or("", |(_, query)| query))
    }

    fn url(&self) -> String {
        let target = self.target.split('#').next().unwrap_or_default();
        format!("{}://{}{target}", self.scheme, self.header("Host").unwrap_or_default())
    }

    /// The object that stands in `Data` for the request.
    pub(super) fn to_value(&self) -> Value {
        let text = |text: &str| Value::from(text);
        let query = self
            .query()
            .into_iter()
            .map(|(name, values)| (name, Value::from(values.join(","))))
            .collect();
        let headers = self.grouped_headers().into_iter();
        let headers = headers
            .map(|(name, values)| (name, Value::Array(values.into_iter().map(Value::from).collect())))
            .collect();
        let route_value = |value: &Option<String>| value.as_deref().map_or(Value::Null, Value::from);
        let parameters = self
            .route_values
            .iter()
            .map(|(name, value)| (name.clone(), route_value(value)))
            .collect();
        let mut members = vec![
            ("Url".to_owned(), Value::from(self.url())),
            ("Method".to_owned(), text(&self.method)),
            ("Query".to_owned(), Value::Object(query)),
            ("Headers".to_owned(), Value::Object(headers)),
            ("Params".to_owned(), Value::Object(parameters)),
            ("Identities".to_owned(), Value::Array(self.identities.clone())),
        ];
        if self.has_body() {
            let body = if self.is_binary_body() {
                STANDARD.encode(&self.body)
            } else {
                stream_text(&self.body)
            };
            members.push(("Body".to_owned(), Value::from(body)));
        }
        Value::Object(members)
    }

    /// Query, route values and the properties of a JSON body. A route value wins over a query parameter, that over the body.
    pub(super) fn binding_data(&self, zone: &TimeZone) -> BindingData {
        let mut data = BindingData::new();
        if self.has_body() {
            for (name, value) in json_properties(&stream_text(&self.body), zone) {
                data.set(&name, value);
            }
        }
        let query: Vec<(String, Value)> = self
            .query()
            .into_iter()
            .filter_map(|(name, values)| Some((name, Value::from(values.into_iter().last()?))))
            .collect();
        for (name, value) in &query {
            if !same_name(name, "code") {
                data.set(name, value.clone());
            }
        }
        for (name, value) in &self.route_values {
            if let Some(value) = value {
                data.set(name, Value::from(value.as_str()));
            }
        }
        data.set_if_absent("Query", Value::Object(query));
        let headers = self
            .grouped_headers()
            .into_iter()
            .map(|(name, values)| (name, Value::from(values.join(","))));
        data.set_if_absent("Headers", Value::Object(headers.collect()));
        data
    }
}
