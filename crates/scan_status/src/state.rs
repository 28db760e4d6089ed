//! The private state document and its merge.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canonical;
use crate::limits::{FUTURE, LARGEST_LIST, LARGEST_RESULTS, MOST_ITEMS};
use crate::message::{ListMessage, RepoStatus, Section, StatusMessage};
use crate::section::{SectionState, dist_key};
use crate::weight;

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
    /// It would make the document larger than readers take.
    #[error(
        "there is no room for {item}: the results would take {bytes} bytes, and {LARGEST_RESULTS} is the most; \
         shorten the results, or take mirrors or repositories off the lists"
    )]
    NoRoom {
        /// The first item of the message.
        item: String,
        /// What all results would take.
        bytes: usize,
    },
    /// A list that is larger than the room for it.
    #[error("the list of section {section} takes {bytes} bytes; {LARGEST_LIST} is the most")]
    ListTooLarge {
        /// The section's name.
        section: &'static str,
        /// What the list takes.
        bytes: usize,
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

    /// The most room for all results together, in bytes of indented JSON. Lists have room of their own.
    pub const LARGEST_RESULTS: usize = LARGEST_RESULTS;

    /// The largest [`StateDocument::to_json`], and the largest public document, in bytes. Only a document that was
    /// larger when it was read may be larger; it does not grow.
    pub const LARGEST: usize = LARGEST_RESULTS + Section::ALL.len() * LARGEST_LIST + weight::FRAME;

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
        let mut document: Self = serde_json::from_slice(bytes).map_err(StateError::Unreadable)?;
        for section in Section::ALL {
            document.section_mut(section).weigh();
        }
        Ok(document)
    }

    /// The document as compact JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a document of strings, numbers and JSON values has a JSON form")
    }

    /// An upper bound of the sizes of [`StateDocument::to_json`] and of the public document, in bytes.
    pub fn counted_bytes(&self) -> usize {
        let lists = Section::ALL.iter().map(|section| self.section(*section).list_weight());
        self.results_weight() + lists.sum::<usize>() + weight::FRAME
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
        let changed = match message {
            StatusMessage::List(section, list) => apply_list(self.section_mut(*section), *section, list, sent_at)?,
            StatusMessage::Mirrors(mirrors) => {
                let results = mirrors
                    .iter()
                    .map(|(url, mirror)| Entry::new(url.clone(), mirror.observed_at, mirror.status.clone()));
                self.apply_results(Section::Mirror, &[], results.collect())?
            }
            StatusMessage::Repos(section, repos) => {
                let empty = repos.iter().filter(|(_, repo)| repo.dists.is_empty());
                let empty: Vec<_> = empty.map(|(url, repo)| (url.as_str(), repo.observed_at)).collect();
                let results = repos.iter().flat_map(|(url, repo)| repo_entries(url, repo)).collect();
                self.apply_results(*section, &empty, results)?
            }
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

    /// Takes reports of empty repositories, then results.
    fn apply_results(
        &mut self,
        section: Section,
        empty: &[(&str, Timestamp)],
        entries: Vec<Entry>,
    ) -> Result<bool, Rejected> {
        self.check_room(section, &entries)?;
        let section = self.section_mut(section);
        let mut changed = false;
        for (repo, observed_at) in empty {
            changed |= section.apply_empty(repo, *observed_at);
        }
        for entry in entries {
            changed |= section.apply_result(entry.key, entry.observed_at, entry.hash, entry.status);
        }
        Ok(changed)
    }

    fn check_room(&self, section: Section, entries: &[Entry]) -> Result<(), Rejected> {
        let known = self.section(section);
        let new = known.unknown(entries.iter().map(|entry| entry.key.as_str()));
        let items = known.len() + new;
        if new > 0 && items > MOST_ITEMS {
            return Err(Rejected::TooManyItems {
                section: section.name(),
                items,
            });
        }
        let (mut grown, mut shrunk) = (0, 0);
        for entry in entries {
            let (more, less) = known.change(&entry.key, entry.observed_at, &entry.hash, &entry.status);
            grown += more;
            shrunk += less;
        }
        // Items are part of the weight, so it is never below what they shrink by.
        let bytes = self.results_weight() + grown - shrunk;
        if grown > shrunk && bytes > LARGEST_RESULTS {
            let item = entries.first().map(|entry| entry.key.clone()).unwrap_or_default();
            return Err(Rejected::NoRoom { item, bytes });
        }
        Ok(())
    }

    fn results_weight(&self) -> usize {
        let sections = Section::ALL.iter();
        sections.map(|section| self.section(*section).items_weight()).sum()
    }
}

/// One result on its way into a section.
struct Entry {
    key: String,
    observed_at: Timestamp,
    hash: String,
    status: Map<String, Value>,
}

impl Entry {
    fn new(key: String, observed_at: Timestamp, status: Map<String, Value>) -> Self {
        let status = Value::Object(status);
        let hash = canonical::hash(&status);
        let Value::Object(status) = status else {
            unreachable!("made of an object two lines above")
        };
        Self {
            key,
            observed_at,
            hash,
            status,
        }
    }
}

fn repo_entries(url: &str, repo: &RepoStatus) -> impl Iterator<Item = Entry> {
    let timed = |status: &Map<String, Value>| {
        let mut status = status.clone();
        status.insert("time".to_owned(), Value::String(repo.time.clone()));
        status
    };
    let dists = repo
        .dists
        .iter()
        .map(move |(name, dist)| Entry::new(dist_key(url, name), repo.observed_at, timed(&dist.status)));
    dists.chain(std::iter::once(Entry::new(
        url.to_owned(),
        repo.observed_at,
        timed(&repo.details),
    )))
}

fn apply_list(
    state: &mut SectionState,
    section: Section,
    list: &ListMessage,
    sent_at: Timestamp,
) -> Result<bool, Rejected> {
    // An empty list is far more often a failed listing than the end of everything.
    if list.entries.is_empty() {
        return Ok(false);
    }
    let mut keys = BTreeSet::new();
    for (url, dists) in &list.entries {
        keys.insert(url.clone());
        keys.extend(dists.iter().map(|dist| dist_key(url, dist)));
        if section == Section::Apt && dists.is_empty() {
            keys.insert(dist_key(url, UNLISTED_APT_DIST));
        }
    }
    let bytes = keys.iter().map(|key| weight::listed(key)).sum::<usize>();
    if bytes > LARGEST_LIST {
        return Err(Rejected::ListTooLarge {
            section: section.name(),
            bytes,
        });
    }
    Ok(state.apply_list(list.observed_at.unwrap_or(sent_at), canonical::hash(&json!(keys)), keys))
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
