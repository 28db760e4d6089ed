//! Shared Key authorization, which the official crates leave out.
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::Secret;
use azure_core::hmac::hmac_sha256;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use determinism::Clock;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// Signs each try anew, so that the date of a retry is fresh.
#[derive(Debug)]
pub(crate) struct SharedKeyPolicy {
    account: String,
    key: Secret,
    // The machine's own time and not the app's clock: the service compares the date with its own.
    clock: Clock,
}

impl SharedKeyPolicy {
    pub(crate) fn new(account: String, key: Secret) -> Self {
        Self {
            account,
            key,
            clock: Clock::system(),
        }
    }
}

#[async_trait]
impl Policy for SharedKeyPolicy {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.insert_header("x-ms-date", http_date(self.clock.now())?);
        let signature = hmac_sha256(&string_to_sign(&self.account, request), &self.key)?;
        request.insert_header("authorization", format!("SharedKey {}:{signature}", self.account));
        next[0].send(context, request, &next[1..]).await
    }
}

fn http_date(now: Timestamp) -> azure_core::Result<String> {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .map_err(|error| azure_core::Error::new(azure_core::error::ErrorKind::DataConversion, error))
}

/// The text of the 2015-02-21 and later scheme for blobs, queues and files.
fn string_to_sign(account: &str, request: &Request) -> String {
    let headers: BTreeMap<&str, &str> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let header = |name: &str| headers.get(name).copied().unwrap_or_default();
    let length = match request.body().len() {
        Some(0) | None => String::new(),
        Some(length) => length.to_string(),
    };
    let mut text = format!(
        "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
        request.method().as_str(),
        header("content-encoding"),
        header("content-language"),
        length,
        header("content-md5"),
        header("content-type"),
        "", // Date: x-ms-date stands in for it.
        header("if-modified-since"),
        header("if-match"),
        header("if-none-match"),
        header("if-unmodified-since"),
        header("range"),
    );
    for (name, value) in headers.iter().filter(|(name, _)| name.starts_with("x-ms-")) {
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    // The path as it goes over the wire, encoded; an emulator's path names the account a second time.
    let _ = write!(text, "/{account}{}", request.url().path());
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in request.url().query_pairs() {
        query.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    for (name, mut values) in query {
        values.sort();
        let _ = write!(text, "\n{name}:{}", values.join(","));
    }
    text
}

#[cfg(test)]
mod tests {
    use azure_core::http::{Method, Url};

    use super::*;

    #[test]
    fn the_signed_text_is_the_documented_one() {
        let url = Url::parse(
            "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20",
        );
        let mut request = Request::new(url.unwrap(), Method::Get);
        request.insert_header("x-ms-version", "2015-02-21");
        request.insert_header("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!(
            string_to_sign("myaccount", &request),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    #[test]
    fn an_empty_body_has_no_length_and_conditions_are_signed() {
        let mut request = Request::new(Url::parse("http://127.0.0.1:1/acc/c/a%2Fb%20c").unwrap(), Method::Put);
        request.insert_header("if-match", "\"0x1\"");
        assert_eq!(
            string_to_sign("acc", &request),
            "PUT\n\n\n\n\n\n\n\n\"0x1\"\n\n\n\n/acc/acc/c/a%2Fb%20c"
        );
        request.set_body("12345".as_bytes().to_vec());
        assert!(string_to_sign("acc", &request).starts_with("PUT\n\n\n5\n"));
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(
            http_date("2026-11-20T10:00:01.5Z".parse().unwrap()).unwrap(),
            "Fri, 20 Nov 2026 10:00:01 GMT"
        );
    }
}
