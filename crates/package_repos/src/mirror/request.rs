//! The request to check one mirror: an entry of the list, and a message of the queue.

use functions_protocol::names::Queue;
use functions_protocol::payload::{Payload, PayloadError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Target;
use crate::finding::one_line;

/// The queue of mirrors to check.
pub const MIRROR_REQUESTS: Queue<MirrorRequest> = Queue::named("mirror-request-queue");

/// The longest address of a mirror, in bytes.
const LONGEST_URL: usize = 2048;

/// The most suites, and the most repos, of one mirror.
const MOST_TARGETS: usize = 16;

/// A mirror to check. As text it is the bare URL, as the service has always written it, or, where more is known than
/// the URL, a JSON object.
///
/// ```
/// use functions_protocol::payload::Payload;
/// use package_repos::mirror::MirrorRequest;
///
/// let bare = MirrorRequest::decode("https://mirror.example/debian/")?;
/// assert_eq!(bare.encode()?, "https://mirror.example/debian/");
///
/// let more = MirrorRequest::decode(r#"{"url": "https://mirror.example/debian/", "suites": ["stable"]}"#)?;
/// assert_eq!(more.targets()[0].path(), "dists/stable/InRelease");
/// # Ok::<(), functions_protocol::payload::PayloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MirrorRequest {
    url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suites: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repos: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
}

/// An object as written, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    #[serde(default)]
    suites: Vec<String>,
    #[serde(default)]
    repos: Vec<String>,
    authority: Option<String>,
}

/// Why an entry is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Neither a string nor an object, or an object of another shape.
    #[error("an entry is a URL or an object with url, suites, repos and authority: {0}")]
    Shape(String),
    /// An address that nothing can be fetched from.
    #[error("{member} {problem}")]
    Url {
        /// `url` or `authority`.
        member: &'static str,
        /// What is wrong with it. The address itself is not repeated: it may hold a password.
        problem: &'static str,
    },
    /// A suite or repo that is no path below the mirror.
    #[error("{member}[{index}] {problem}")]
    Path {
        /// `suites` or `repos`.
        member: &'static str,
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More suites or repos than one check looks at.
    #[error("{member} has {count} elements; {MOST_TARGETS} is the most that one check looks at")]
    TooMany {
        /// `suites` or `repos`.
        member: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Lag is read from suites and repos; without any there is nothing to compare.
    #[error("authority needs suites or repos to compare")]
    NothingToCompare,
}

impl MirrorRequest {
    /// A mirror of which only the address is known.
    pub fn bare(url: impl Into<String>) -> Result<Self, RequestError> {
        Self::checked(Written {
            url: url.into(),
            suites: Vec::new(),
            repos: Vec::new(),
            authority: None,
        })
    }

    /// Reads one entry of the list.
    pub fn from_json(entry: &Value) -> Result<Self, RequestError> {
        match entry {
            Value::String(url) => Self::bare(url.trim()),
            Value::Object(_) => {
                let written = Written::deserialize(entry)
                    .map_err(|error| RequestError::Shape(one_line(&error.to_string(), 200)))?;
                Self::checked(written)
            }
            other => Err(RequestError::Shape(format!("this is {}", kind(other)))),
        }
    }

    fn checked(written: Written) -> Result<Self, RequestError> {
        let Written {
            url,
            suites,
            repos,
            authority,
        } = written;
        check_url("url", &url)?;
        check_paths("suites", &suites)?;
        check_paths("repos", &repos)?;
        if let Some(authority) = &authority {
            check_url("authority", authority)?;
            if suites.is_empty() && repos.is_empty() {
                return Err(RequestError::NothingToCompare);
            }
        }
        Ok(Self {
            url,
            suites,
            repos,
            authority,
        })
    }

    /// The mirror's address, exactly as written: it is the mirror's name in the status document.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of the place that the mirror copies, laid out like the mirror.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// What to fetch: the first file of every suite and repo, or else the front page.
    pub fn targets(&self) -> Vec<Target> {
        if self.suites.is_empty() && self.repos.is_empty() {
            return vec![Target::front_page()];
        }
        let suites = self.suites.iter().map(|suite| Target::in_release(suite));
        suites
            .chain(self.repos.iter().map(|repo| Target::repomd(repo)))
            .collect()
    }
}

impl Payload for MirrorRequest {
    fn encode(&self) -> Result<String, PayloadError> {
        if self.suites.is_empty() && self.repos.is_empty() && self.authority.is_none() {
            return Ok(self.url.clone());
        }
        serde_json::to_string(self).map_err(|error| PayloadError::Encode {
            reason: error.to_string(),
        })
    }

    fn decode(text: &str) -> Result<Self, PayloadError> {
        let text = text.trim();
        let request = match text.as_bytes().first() {
            Some(b'{' | b'"') => {
                let entry = serde_json::from_str(text).map_err(|error| PayloadError::Decode {
                    path: ".".to_owned(),
                    reason: error.to_string(),
                })?;
                Self::from_json(&entry)
            }
            _ => Self::bare(text),
        };
        request.map_err(|error| PayloadError::Decode {
            path: error.path(),
            reason: error.to_string(),
        })
    }
}

impl RequestError {
    /// The member that is wrong, as a JSON path.
    fn path(&self) -> String {
        match self {
            Self::Shape(_) => ".".to_owned(),
            Self::Url { member, .. } | Self::TooMany { member, .. } => (*member).to_owned(),
            Self::Path { member, index, .. } => format!("{member}[{index}]"),
            Self::NothingToCompare => "authority".to_owned(),
        }
    }
}

fn check_url(member: &'static str, text: &str) -> Result<(), RequestError> {
    let problem = url_problem(text);
    problem.map_or(Ok(()), |problem| Err(RequestError::Url { member, problem }))
}

fn url_problem(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST_URL {
        return Some("is longer than 2048 bytes");
    }
    if text
        .chars()
        .any(|character| character.is_whitespace() || character.is_control())
    {
        return Some("has white space or control characters");
    }
    let Ok(url) = Url::parse(text) else {
        return Some("is no URL");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("is neither http nor https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Some("has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("has a user name or password, which the public page would show");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Some("has a query or fragment, to which no path can be added");
    }
    None
}

fn check_paths(member: &'static str, paths: &[String]) -> Result<(), RequestError> {
    if paths.len() > MOST_TARGETS {
        return Err(RequestError::TooMany {
            member,
            count: paths.len(),
        });
    }
    for (index, path) in paths.iter().enumerate() {
        if let Some(problem) = path_problem(path) {
            return Err(RequestError::Path { member, index, problem });
        }
    }
    Ok(())
}

fn path_problem(path: &str) -> Option<&'static str> {
    if path.len() > 200 {
        return Some("is longer than 200 bytes");
    }
    if path.starts_with('/') || path.split('/').any(|segment| segment == "..") {
        return Some("is no path below the mirror");
    }
    // What is left needs no escaping in a URL, so that the path in the status is the path that was asked for.
    if !path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/.-_~+:@".contains(&byte))
    {
        return Some("has characters other than letters, digits and / . - _ ~ + : @");
    }
    None
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        MirrorRequest::decode(text).unwrap_err().to_string()
    }

    #[test]
    fn bare_urls_and_objects_are_read_and_written_back() {
        for text in [
            "http://mirror.example/",
            r#"{"url":"https://mirror.example/debian","suites":["stable","stable-updates"],"authority":"https://deb.debian.org/debian"}"#,
            r#"{"url":"https://mirror.example/fedora","repos":["releases/43/Everything/x86_64/os"]}"#,
        ] {
            assert_eq!(MirrorRequest::decode(text).unwrap().encode().unwrap(), text);
        }
        assert_eq!(
            MirrorRequest::decode(" http://a.example \n").unwrap().url(),
            "http://a.example"
        );
        assert_eq!(
            MirrorRequest::decode(r#"{"url":"http://a.example"}"#)
                .unwrap()
                .encode()
                .unwrap(),
            "http://a.example"
        );
    }

    #[test]
    fn wrong_requests_name_the_member_and_not_its_secrets() {
        assert_eq!(error(""), "the payload is wrong at `url`: url is no URL");
        assert_eq!(
            error("ftp://mirror.example"),
            "the payload is wrong at `url`: url is neither http nor https"
        );
        assert!(error("https://user:hunter2@mirror.example/").contains("a user name or password"));
        assert!(!error("https://user:hunter2@mirror.example/").contains("hunter2"));
        assert!(error(r#"{"url":"http://a.example","suite":["x"]}"#).contains("unknown field `suite`"));
        assert_eq!(
            error(r#"{"url":"http://a.example","suites":["ok","../x"]}"#),
            "the payload is wrong at `suites[1]`: suites[1] is no path below the mirror"
        );
        assert!(
            error(r#"{"url":"http://a.example","authority":"http://b.example"}"#).contains("needs suites or repos")
        );
        assert!(error(r#"{"url":"#).contains("EOF"));
        assert_eq!(
            MirrorRequest::from_json(&Value::from(3)).unwrap_err().to_string(),
            "an entry is a URL or an object with url, suites, repos and authority: this is a number"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,300}") {
            if let Ok(request) = MirrorRequest::decode(&text) {
                prop_assert_eq!(MirrorRequest::decode(&request.encode().unwrap()).unwrap(), request);
            }
        }

        #[test]
        fn every_target_lies_below_the_mirror(path in "[a-z./_-]{0,40}") {
            let text = serde_json::json!({"url": "http://a.example/m", "suites": [path.clone()], "repos": [path]}).to_string();
            if let Ok(request) = MirrorRequest::decode(&text) {
                for target in request.targets() {
                    let url = target.url_below(request.url()).unwrap();
                    prop_assert!(url.as_str().starts_with("http://a.example/m/"), "{}", url);
                }
            }
        }
    }
}
