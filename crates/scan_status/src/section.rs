//! One section of the state: what is known, what is listed, and how the two come together.
//!
//! The section is a function of the *set* of messages, whatever their order:
//!
//! * of the results of an item, the one with the greatest (moment, hash) stands;
//! * of the lists, the one with the greatest (moment, hash) decides what is shown;
//! * an item's *floor* is the moment of the latest list that left it out. Results that are not newer than the floor do
//!   not count, even if a later list names the item again: what was seen before a removal is not true after it.
//!
//! Floors of items outside the latest list need no memory, because that list is their floor. So the state is bounded by
//! the latest list and the results that are newer than it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::weight;

/// Keys are the addresses of mirrors and repositories, and `address dist` for dists; see [`dist_key`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SectionState {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<LatestList>,
    /// Repositories that were reported as empty, and when: a floor for all their dists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    emptied: BTreeMap<String, Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    items: BTreeMap<String, Item>,
    /// The sum of the items' weights; a function of them, and so not written down.
    #[serde(skip)]
    items_weight: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LatestList {
    observed_at: Timestamp,
    hash: String,
    /// The listed keys, each with the moment of the latest list that left it out.
    floors: BTreeMap<String, Option<Timestamp>>,
}

/// The last result of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) observed_at: Timestamp,
    hash: String,
    /// How many results arrived that were newer than all before. Depends on the order of arrival, as nothing else does.
    pub(crate) results: u64,
    pub(crate) status: Map<String, Value>,
}

/// The key of a dist. Names hold no white space, so the space is a separator.
pub(crate) fn dist_key(repo: &str, dist: &str) -> String {
    format!("{repo} {dist}")
}

impl SectionState {
    /// Takes a result; true if it changes the section.
    pub(crate) fn apply_result(
        &mut self,
        key: String,
        observed_at: Timestamp,
        hash: String,
        status: Map<String, Value>,
    ) -> bool {
        if !self.is_news(&key, observed_at, &hash) {
            return false;
        }
        let last = self.items.get(&key);
        let results = last.map_or(1, |last| last.results.saturating_add(1));
        self.items_weight -= last.map_or(0, |last| weight::item(&key, &last.status));
        self.items_weight += weight::item(&key, &status);
        self.items.insert(
            key,
            Item {
                observed_at,
                hash,
                results,
                status,
            },
        );
        true
    }

    /// By how much the items' weight grows and shrinks with a result.
    pub(crate) fn change(
        &self,
        key: &str,
        observed_at: Timestamp,
        hash: &str,
        status: &Map<String, Value>,
    ) -> (usize, usize) {
        if !self.is_news(key, observed_at, hash) {
            return (0, 0);
        }
        let last = self.items.get(key);
        (
            weight::item(key, status),
            last.map_or(0, |last| weight::item(key, &last.status)),
        )
    }

    /// Takes the report that a repository has no dists; true if it changes the section.
    pub(crate) fn apply_empty(&mut self, repo: &str, observed_at: Timestamp) -> bool {
        let outdated = self.floor(repo).is_some_and(|floor| observed_at <= floor)
            || self.emptied.get(repo).is_some_and(|emptied| observed_at <= *emptied);
        if outdated {
            return false;
        }
        self.emptied.insert(repo.to_owned(), observed_at);
        self.prune();
        true
    }

    /// Takes a list; true if it changes the section.
    pub(crate) fn apply_list(&mut self, observed_at: Timestamp, hash: String, keys: BTreeSet<String>) -> bool {
        let changed = match &mut self.list {
            Some(latest) if (latest.observed_at, &latest.hash) >= (observed_at, &hash) => {
                let mut raised = false;
                for (key, floor) in &mut latest.floors {
                    if *floor < Some(observed_at) && !keys.contains(key) {
                        *floor = Some(observed_at);
                        raised = true;
                    }
                }
                raised
            }
            latest => {
                let floor = |key: &str| latest.as_ref().and_then(|latest| latest.floor(key));
                let floors = keys
                    .into_iter()
                    .map(|key| (floor(&key), key))
                    .map(|(floor, key)| (key, floor))
                    .collect();
                *latest = Some(LatestList {
                    observed_at,
                    hash,
                    floors,
                });
                true
            }
        };
        if changed {
            self.prune();
        }
        changed
    }

    /// What is shown: results of listed items; of all items while no list has come.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.items
            .iter()
            .map(|(key, item)| (key.as_str(), item))
            .filter(|(key, _)| self.is_listed(key))
    }

    /// Whether anything was ever published here: then the section stands in the public document, if empty.
    pub(crate) fn is_known(&self) -> bool {
        self.list.is_some() || !self.items.is_empty()
    }

    /// Brings the weight of items that were read up to date.
    pub(crate) fn weigh(&mut self) {
        self.items_weight = self
            .items
            .iter()
            .map(|(key, item)| weight::item(key, &item.status))
            .sum();
    }

    /// The weight of the items, with what is known of emptied repositories.
    pub(crate) fn items_weight(&self) -> usize {
        self.items_weight
    }

    /// The weight of the latest list.
    pub(crate) fn list_weight(&self) -> usize {
        let keys = self.list.iter().flat_map(|list| list.floors.keys());
        keys.map(|key| weight::listed(key)).sum()
    }

    /// How many of `keys` would be new items.
    pub(crate) fn unknown<'k>(&self, keys: impl Iterator<Item = &'k str>) -> usize {
        keys.filter(|key| !self.items.contains_key(*key)).count()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether a result is newer than everything that is known of its item.
    fn is_news(&self, key: &str, observed_at: Timestamp, hash: &str) -> bool {
        let above_floor = self.floor(key).is_none_or(|floor| observed_at > floor);
        let last = self.items.get(key);
        above_floor && last.is_none_or(|last| (last.observed_at, last.hash.as_str()) < (observed_at, hash))
    }

    fn is_listed(&self, key: &str) -> bool {
        self.list.as_ref().is_none_or(|list| list.floors.contains_key(key))
    }

    /// The moment up to which results of `key` do not count.
    fn floor(&self, key: &str) -> Option<Timestamp> {
        let listed = self.list.as_ref().and_then(|list| list.floor(key));
        let emptied = key
            .split_once(' ')
            .and_then(|(repo, _)| self.emptied.get(repo).copied());
        listed.max(emptied)
    }

    /// Drops what no longer counts.
    fn prune(&mut self) {
        let mut items = std::mem::take(&mut self.items);
        let mut dropped = 0;
        items.retain(|key, item| {
            let stays = self.floor(key).is_none_or(|floor| item.observed_at > floor);
            if !stays {
                dropped += weight::item(key, &item.status);
            }
            stays
        });
        self.items = items;
        self.items_weight -= dropped;
        if let Some(list) = &self.list {
            // The floor of its dists is at least as high otherwise.
            self.emptied
                .retain(|repo, emptied| list.floor(repo).is_none_or(|floor| *emptied > floor));
        }
    }
}

impl LatestList {
    fn floor(&self, key: &str) -> Option<Timestamp> {
        match self.floors.get(key) {
            Some(floor) => *floor,
            None => Some(self.observed_at),
        }
    }
}
