//! The public document.
//!
//! It keeps the original's members and formats (`apt`, `yum`, `mirror`, each only once something was published there;
//! keys sorted, four spaces of indent) and adds `generated_at`, `generation`, and to each entry `observed_at`; mirrors
//! also get `results`, the number of results so far, and whatever their scanner sent along.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use crate::message::Section;
use crate::section::{Item, SectionState};
use crate::state::StateDocument;

/// `Content-Type` of the public document.
pub const CONTENT_TYPE: &str = "application/json";

/// `Cache-Control` of the public document: readers and edges ask again after five seconds.
pub const CACHE_CONTROL: &str = "max-age=5, s-maxage=5";

/// The public document of a state. The same state always gives the same bytes.
pub fn render(state: &StateDocument) -> Vec<u8> {
    let mut document: BTreeMap<&str, Value> = BTreeMap::new();
    document.insert("generation", json!(state.generation()));
    document.insert("generated_at", json!(state.updated_at().map(rfc3339)));
    for section in Section::ALL {
        let known = state.section(section);
        if known.is_known() {
            let entries = match section {
                Section::Mirror => mirrors(known),
                Section::Apt | Section::Yum => repos(known),
            };
            document.insert(section.name(), Value::Object(entries));
        }
    }
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    let sorted: BTreeMap<&str, Sorted<'_>> = document.iter().map(|(name, value)| (*name, Sorted(value))).collect();
    sorted
        .serialize(&mut serializer)
        .expect("JSON values are written to memory");
    bytes.push(b'\n');
    bytes
}

fn mirrors(section: &SectionState) -> Map<String, Value> {
    section
        .shown()
        .map(|(url, item)| {
            let mut entry = stamped(item);
            entry.insert("results".to_owned(), json!(item.results));
            (url.to_owned(), Value::Object(entry))
        })
        .collect()
}

fn repos(section: &SectionState) -> Map<String, Value> {
    let mut entries: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut dists: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (key, item) in section.shown() {
        match key.split_once(' ') {
            None => {
                entries.insert(key, stamped(item));
            }
            Some((repo, dist)) => {
                let mut entry = stamped(item);
                if entry
                    .get("dist_errors")
                    .and_then(Value::as_array)
                    .is_some_and(Vec::is_empty)
                {
                    entry.remove("dist_errors");
                }
                dists
                    .entry(repo)
                    .or_default()
                    .insert(dist.to_owned(), Value::Object(entry));
            }
        }
    }
    entries
        .into_iter()
        .map(|(repo, mut entry)| {
            let dists = dists.remove(repo).unwrap_or_default();
            let state = if dists.is_empty() {
                "empty"
            } else if dists.values().any(|dist| dist["state"] == "error") {
                "error"
            } else {
                "ok"
            };
            entry.insert("state".to_owned(), json!(state));
            if !dists.is_empty() {
                entry.insert("dists".to_owned(), Value::Object(dists));
            }
            (repo.to_owned(), Value::Object(entry))
        })
        .collect()
}

fn stamped(item: &Item) -> Map<String, Value> {
    let mut entry = item.status.clone();
    entry.insert("observed_at".to_owned(), Value::String(rfc3339(item.observed_at)));
    entry
}

fn rfc3339(moment: Timestamp) -> String {
    moment.to_string()
}

/// A value whose objects are written in the order of their names.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let members: BTreeMap<&str, Sorted<'_>> = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), Sorted(value)))
                    .collect();
                members.serialize(serializer)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}
