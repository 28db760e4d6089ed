//! Messages on the results queue.

use std::collections::BTreeMap;

use functions_protocol::payload::{Payload, PayloadError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::naive_time;

/// One message: results of checks, or a list of everything that is to be checked.
///
/// As JSON: `{"status_type": "mirror" | "apt" | "yum" | "mirror-list" | "apt-list" | "yum-list", "status": …}`, and
/// `observed_at` (RFC 3339), the moment to which the whole message speaks. Results may carry an `observed_at` of their
/// own, which goes first; a result that has neither is read by its `time`, as the original service wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum StatusMessage {
    /// Mirrors by address.
    Mirrors(BTreeMap<String, MirrorStatus>),
    /// Repositories by address.
    Repos(Section, BTreeMap<String, RepoStatus>),
    /// What exists.
    List(Section, ListMessage),
}

/// A part of the document. Its names stand in messages and in the public document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// apt repositories.
    Apt,
    /// Mirrors.
    Mirror,
    /// yum repositories.
    Yum,
}

/// What a check found out about a mirror.
#[derive(Clone, Debug, PartialEq)]
pub struct MirrorStatus {
    /// When the check began. Decides between two results.
    pub observed_at: Timestamp,
    /// The whole status as it is published, without `observed_at`: `running`, `errors` and `time` as the original had
    /// them, and whatever else the scanner has to say, such as `findings` and `facts`.
    pub status: Map<String, Value>,
}

/// What a check found out about a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct RepoStatus {
    /// When the check began. Decides between two results.
    pub observed_at: Timestamp,
    /// When it ended, in the original's format.
    pub time: String,
    /// Its dists. None at all: the repository is empty, and every dist known before is gone.
    pub dists: BTreeMap<String, DistStatus>,
    /// What else the scanner has to say about the repository as a whole; published as it is.
    pub details: Map<String, Value>,
}

/// What a check found out about a dist.
#[derive(Clone, Debug, PartialEq)]
pub struct DistStatus {
    /// `ok` or `error`.
    pub state: DistState,
    /// The whole status as it is published, but for `time` and `observed_at`.
    pub status: Map<String, Value>,
}

/// Whether a dist is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistState {
    /// In order.
    Ok,
    /// Something is wrong.
    Error,
}

/// A list of everything that exists. What it leaves out is no longer shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMessage {
    /// When the list was read; without it, when the message was sent.
    pub observed_at: Option<Timestamp>,
    /// Addresses, and for repositories their dists.
    pub entries: BTreeMap<String, Vec<String>>,
}

/// A text that is no status message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMessage {
    /// It is not JSON.
    #[error("the message is not JSON: {problem}")]
    NotJson {
        /// What the JSON reader says.
        problem: String,
    },
    /// Something in it is wrong.
    #[error("{path} {problem}")]
    Content {
        /// The JSON path of the wrong value.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Section {
    /// All sections, in the order of the public document.
    pub const ALL: [Self; 3] = [Self::Apt, Self::Mirror, Self::Yum];

    /// The name of the section: `apt`, `mirror`, `yum`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Mirror => "mirror",
            Self::Yum => "yum",
        }
    }
}

impl StatusMessage {
    /// The result of checking one mirror. `findings` and `facts` are published as they are.
    pub fn mirror(
        url: &str,
        observed_at: Timestamp,
        finished_at: Timestamp,
        errors: &[String],
        details: Map<String, Value>,
    ) -> Self {
        let mut status = details;
        status.insert("running".to_owned(), Value::Bool(errors.is_empty()));
        status.insert("errors".to_owned(), json!(errors));
        status.insert("time".to_owned(), Value::String(naive_time::format(finished_at)));
        Self::Mirrors(BTreeMap::from([(url.to_owned(), MirrorStatus { observed_at, status })]))
    }

    /// The list of all mirrors, as read at `observed_at`.
    pub fn mirror_list(observed_at: Timestamp, urls: impl IntoIterator<Item = String>) -> Self {
        let entries = urls.into_iter().map(|url| (url, Vec::new())).collect();
        Self::List(
            Section::Mirror,
            ListMessage {
                observed_at: Some(observed_at),
                entries,
            },
        )
    }

    /// The message as JSON, with the members of the original and `observed_at`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Mirrors(mirrors) => {
                let status: Map<String, Value> = mirrors
                    .iter()
                    .map(|(url, mirror)| (url.clone(), stamped(mirror.status.clone(), mirror.observed_at)))
                    .collect();
                json!({"status_type": "mirror", "status": status})
            }
            Self::Repos(section, repos) => {
                let status: Map<String, Value> =
                    repos.iter().map(|(url, repo)| (url.clone(), repo.to_json())).collect();
                json!({"status_type": section.name(), "status": status})
            }
            Self::List(section, list) => {
                let status = match section {
                    Section::Mirror => json!(list.entries.keys().collect::<Vec<_>>()),
                    Section::Apt | Section::Yum => json!(list.entries),
                };
                let mut message = json!({"status_type": format!("{}-list", section.name()), "status": status});
                if let Some(observed_at) = list.observed_at {
                    message["observed_at"] = Value::String(observed_at.to_string());
                }
                message
            }
        }
    }
}

impl RepoStatus {
    fn to_json(&self) -> Value {
        let mut status = self.details.clone();
        status.insert("time".to_owned(), Value::String(self.time.clone()));
        let state = if self.dists.is_empty() {
            "empty"
        } else if self.dists.values().any(|dist| dist.state == DistState::Error) {
            "error"
        } else {
            "ok"
        };
        status.insert("state".to_owned(), Value::String(state.to_owned()));
        if !self.dists.is_empty() {
            let dists: Map<String, Value> = self
                .dists
                .iter()
                .map(|(name, dist)| (name.clone(), Value::Object(dist.status.clone())))
                .collect();
            status.insert("dists".to_owned(), Value::Object(dists));
        }
        stamped(status, self.observed_at)
    }
}

fn stamped(mut status: Map<String, Value>, observed_at: Timestamp) -> Value {
    status.insert("observed_at".to_owned(), Value::String(observed_at.to_string()));
    Value::Object(status)
}

impl Payload for StatusMessage {
    fn encode(&self) -> Result<String, PayloadError> {
        Ok(self.to_json().to_string())
    }

    fn decode(text: &str) -> Result<Self, PayloadError> {
        Self::parse(text).map_err(|error| match error {
            InvalidMessage::NotJson { problem } => PayloadError::Decode {
                path: ".".to_owned(),
                reason: problem,
            },
            InvalidMessage::Content { path, problem } => PayloadError::Decode { path, reason: problem },
        })
    }
}
