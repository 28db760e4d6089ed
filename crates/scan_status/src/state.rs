//! The private state document and its merge.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical;
use crate::limits::{FUTURE, MOST_ITEMS};
use crate::message::{ListMessage, RepoStatus, Section, StatusMessage};
use crate::section::{SectionState, dist_key};

/// A repository whose dists could not be listed reports under this name. It is listed wherever no dist is.
const UNLISTED_APT_DIST: &str = "apt_dist";

/// Everything that delivery knows. One blob, written as a whole and under a condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateDocument {
    format: u32,
    /// Counts the writes of this document, and orders the public documents that are made of it.
    generation: u64,
    /// When it was last written; none before the first write.
    updated_at: Option<Timestamp>,
    #[serde(default)]
    apt: SectionState,
    #[serde(default)]
    mirror: SectionState,
    #[serde(default)]
    yum: SectionState,
}

/// What a message did to the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Something is newer now.
    Changed,
    /// Everything in the message was known, or older than what is known.
    Unchanged,
}

/// A message that cannot be merged, now or later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Its moment has not come: it would block its item until then.
    #[error("{item} was observed at {observed_at}, more than five minutes ahead of {now}")]
    FromTheFuture {
        /// The item, or the kind of list.
        item: String,
        /// Its moment.
        observed_at: Timestamp,
        /// The reader's moment.
        now: Timestamp,
    },
    /// It would make the section larger than a process can hold.
    #[error("section {section} would have {items} items; at most {MOST_ITEMS} are kept")]
    TooManyItems {
        /// The section's name.
        section: &'static str,
        /// The number it would have.
        items: usize,
    },
}

/// Bytes that are no state document of this program.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// They cannot be read.
    #[error("the state document cannot be read")]
    Unreadable(#[source] serde_json::Error),
    /// A newer program has written them. It must finish the work; overwriting would lose what it knows.
    #[error("the state document has format {found}, and this program knows {known}")]
    Newer {
        /// The document's format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
}

impl Default for StateDocument {
    fn default() -> Self {
        Self {
            format: Self::FORMAT,
            generation: 0,
            updated_at: None,
            apt: SectionState::default(),
            mirror: SectionState::default(),
            yum: SectionState::default(),
        }
    }
}

impl StateDocument {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// [`StateError`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format: found } = serde_json::from_slice(bytes).map_err(StateError::Unreadable)?;
        if found > Self::FORMAT {
            return Err(StateError::Newer {
                found,
                known: Self::FORMAT,
            });
        }
        serde_json::from_slice(bytes).map_err(StateError::Unreadable)
    }

    /// The document as compact JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a document of strings, numbers and JSON values has a JSON form")
    }

    /// How often the document was written.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the document was last written; none before the first write.
    pub fn updated_at(&self) -> Option<Timestamp> {
        self.updated_at
    }

    /// Merges a message that was sent at `sent_at` (which a list without a moment speaks for) and is read at `now`.
    /// Either all of it is taken, or nothing.
    ///
    /// # Errors
    ///
    /// [`Rejected`]; the document is as it was.
    pub fn merge(&mut self, message: &StatusMessage, sent_at: Timestamp, now: Timestamp) -> Result<Merged, Rejected> {
        check_moments(message, now)?;
        self.check_room(message)?;
        let changed = match message {
            StatusMessage::Mirrors(mirrors) => {
                let mut changed = false;
                for (url, mirror) in mirrors {
                    let hash = canonical::hash(&Value::Object(mirror.status.clone()));
                    changed |= self
                        .mirror
                        .apply_result(url.clone(), mirror.observed_at, hash, mirror.status.clone());
                }
                changed
            }
            StatusMessage::Repos(section, repos) => {
                let section = self.section_mut(*section);
                repos
                    .iter()
                    .fold(false, |changed, (url, repo)| apply_repo(section, url, repo) | changed)
            }
            StatusMessage::List(section, list) => apply_list(self.section_mut(*section), *section, list, sent_at),
        };
        Ok(if changed { Merged::Changed } else { Merged::Unchanged })
    }

    /// Stamps the document for its next write, with a generation above its own and above `seen`: one that was found
    /// elsewhere, when the document was put back to an older copy.
    pub fn advance(&mut self, seen: u64, now: Timestamp) {
        self.format = Self::FORMAT;
        self.generation = self.generation.max(seen).saturating_add(1);
        self.updated_at = Some(now);
    }

    pub(crate) fn section(&self, section: Section) -> &SectionState {
        match section {
            Section::Apt => &self.apt,
            Section::Mirror => &self.mirror,
            Section::Yum => &self.yum,
        }
    }

    fn section_mut(&mut self, section: Section) -> &mut SectionState {
        match section {
            Section::Apt => &mut self.apt,
            Section::Mirror => &mut self.mirror,
            Section::Yum => &mut self.yum,
        }
    }

    fn check_room(&self, message: &StatusMessage) -> Result<(), Rejected> {
        let (section, new) = match message {
            StatusMessage::Mirrors(mirrors) => {
                (Section::Mirror, self.mirror.unknown(mirrors.keys().map(String::as_str)))
            }
            StatusMessage::Repos(section, repos) => {
                let keys: Vec<String> = repos
                    .iter()
                    .flat_map(|(url, repo)| {
                        repo.dists
                            .keys()
                            .map(|dist| dist_key(url, dist))
                            .chain(std::iter::once(url.clone()))
                    })
                    .collect();
                (
                    *section,
                    self.section(*section).unknown(keys.iter().map(String::as_str)),
                )
            }
            StatusMessage::List(..) => return Ok(()),
        };
        let items = self.section(section).len() + new;
        if new > 0 && items > MOST_ITEMS {
            return Err(Rejected::TooManyItems {
                section: section.name(),
                items,
            });
        }
        Ok(())
    }
}

fn apply_repo(section: &mut SectionState, url: &str, repo: &RepoStatus) -> bool {
    let mut changed = false;
    if repo.dists.is_empty() {
        changed |= section.apply_empty(url, repo.observed_at);
    }
    for (name, dist) in &repo.dists {
        let mut status = dist.status.clone();
        status.insert("time".to_owned(), Value::String(repo.time.clone()));
        let hash = canonical::hash(&Value::Object(status.clone()));
        changed |= section.apply_result(dist_key(url, name), repo.observed_at, hash, status);
    }
    let mut status = repo.details.clone();
    status.insert("time".to_owned(), Value::String(repo.time.clone()));
    let hash = canonical::hash(&Value::Object(status.clone()));
    section.apply_result(url.to_owned(), repo.observed_at, hash, status) | changed
}

fn apply_list(state: &mut SectionState, section: Section, list: &ListMessage, sent_at: Timestamp) -> bool {
    // An empty list is far more often a failed listing than the end of everything.
    if list.entries.is_empty() {
        return false;
    }
    let mut keys = BTreeSet::new();
    for (url, dists) in &list.entries {
        keys.insert(url.clone());
        keys.extend(dists.iter().map(|dist| dist_key(url, dist)));
        if section == Section::Apt && dists.is_empty() {
            keys.insert(dist_key(url, UNLISTED_APT_DIST));
        }
    }
    state.apply_list(list.observed_at.unwrap_or(sent_at), canonical::hash(&json!(keys)), keys)
}

fn check_moments(message: &StatusMessage, now: Timestamp) -> Result<(), Rejected> {
    let check = |item: &str, observed_at: Timestamp| match now.checked_add(FUTURE) {
        Ok(limit) if observed_at > limit => Err(Rejected::FromTheFuture {
            item: item.to_owned(),
            observed_at,
            now,
        }),
        _ => Ok(()),
    };
    match message {
        StatusMessage::Mirrors(mirrors) => mirrors
            .iter()
            .try_for_each(|(url, mirror)| check(url, mirror.observed_at)),
        StatusMessage::Repos(_, repos) => repos.iter().try_for_each(|(url, repo)| check(url, repo.observed_at)),
        StatusMessage::List(section, list) => list.observed_at.map_or(Ok(()), |observed_at| {
            check(&format!("{}-list", section.name()), observed_at)
        }),
    }
}
