//! A signer of its own, written from the REST reference and not from the emulator's code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

pub(crate) fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(key).unwrap()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The value of `Authorization` for Shared Key. `headers` are in lower case, `query` is decoded.
pub(crate) fn shared_key(
    (account, key): (&str, &str),
    method: &str,
    path: &str,
    query: &[(String, String)],
    headers: &[(String, String)],
    length: usize,
) -> String {
    let get = |name: &str| {
        headers
            .iter()
            .find(|(header, _)| header == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let length = if length == 0 { String::new() } else { length.to_string() };
    let mut text = [
        method,
        get("content-encoding"),
        get("content-language"),
        &length,
        get("content-md5"),
        get("content-type"),
        "",
        get("if-modified-since"),
        get("if-match"),
        get("if-none-match"),
        get("if-unmodified-since"),
        get("range"),
        "",
    ]
    .join("\n");
    let mut ms: Vec<_> = headers.iter().filter(|(name, _)| name.starts_with("x-ms-")).collect();
    ms.sort();
    for (name, value) in ms {
        text += &format!("{name}:{value}\n");
    }
    text += &format!("/{account}{path}");
    let mut query = query.to_vec();
    query.sort();
    for (name, value) in query {
        text += &format!("\n{name}:{value}");
    }
    format!("SharedKey {account}:{}", hmac(key, &text))
}

/// `2026-11-21T10:00:00Z`, so many seconds from now.
#[expect(
    clippy::disallowed_methods,
    reason = "signatures are checked against the machine's time"
)]
pub(crate) fn iso(seconds_from_now: i64) -> String {
    let at = Timestamp::from_second(Timestamp::now().as_second() + seconds_from_now).unwrap();
    at.to_string()
}

/// `Sat, 21 Nov 2026 10:00:00 GMT`, so many seconds from now.
#[expect(
    clippy::disallowed_methods,
    reason = "signatures are checked against the machine's time"
)]
pub(crate) fn rfc1123(seconds_from_now: i64) -> String {
    let at = Timestamp::from_second(Timestamp::now().as_second() + seconds_from_now).unwrap();
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap()
}

/// An account SAS as query parameters.
pub(crate) struct AccountSas<'a> {
    pub(crate) services: &'a str,
    pub(crate) types: &'a str,
    pub(crate) permissions: &'a str,
    pub(crate) start: String,
    pub(crate) expiry: String,
    pub(crate) protocol: &'a str,
}

impl Default for AccountSas<'_> {
    fn default() -> Self {
        Self {
            services: "bq",
            types: "sco",
            permissions: "rwdlacup",
            start: String::new(),
            expiry: iso(3600),
            protocol: "",
        }
    }
}

impl AccountSas<'_> {
    pub(crate) fn sign(&self, account: &str, key: &str) -> Vec<(String, String)> {
        const VERSION: &str = "2021-12-02";
        let fields = [
            account,
            self.permissions,
            self.services,
            self.types,
            &self.start,
            &self.expiry,
            "",
            self.protocol,
            VERSION,
            "",
            "",
        ];
        let pairs = [
            ("sv", VERSION),
            ("ss", self.services),
            ("srt", self.types),
            ("sp", self.permissions),
            ("st", &self.start),
            ("se", &self.expiry),
            ("spr", self.protocol),
            ("sig", &hmac(key, &fields.join("\n"))),
        ];
        owned(&pairs)
    }
}

/// A service SAS: `resource` is `b` or `c` for blobs and empty for queues; `target` the path below the account.
pub(crate) fn service_sas(
    (account, key): (&str, &str),
    service: &str,
    resource: &str,
    target: &str,
    permissions: &str,
    extra: &[(&str, &str)],
) -> Vec<(String, String)> {
    const VERSION: &str = "2021-12-02";
    let find = |name: &str| {
        extra
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    };
    let canonical = format!("/{service}/{account}/{target}");
    let stored = find("si");
    let expiry = if stored.is_empty() { iso(3600) } else { String::new() };
    let mut fields = vec![permissions, "", &expiry, &canonical, stored, "", "", VERSION];
    if service == "blob" {
        fields.extend([resource, "", ""]);
        fields.extend(["rscc", "rscd", "rsce", "rscl", "rsct"].map(find));
    }
    let signature = hmac(key, &fields.join("\n"));
    let mut pairs = vec![
        ("sv", VERSION),
        ("sp", permissions),
        ("se", &expiry),
        ("sr", resource),
        ("sig", &signature),
    ];
    pairs.extend(extra);
    owned(&pairs)
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
