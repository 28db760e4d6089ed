//! Reading and checking a message.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::limits::{DEEPEST_STATUS, LARGEST_STATUS, MOST_ITEMS};
use crate::message::{
    DistState, DistStatus, InvalidMessage, ListMessage, MirrorStatus, RepoStatus, Section, StatusMessage,
};
use crate::naive_time;
use crate::place::Place;
use crate::weight;

impl StatusMessage {
    /// Reads a message. Members that are not known are kept where they are published, and read over elsewhere.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`] with the JSON path of the first wrong value.
    pub fn parse(text: &str) -> Result<Self, InvalidMessage> {
        let value: Value = serde_json::from_str(text).map_err(|error| InvalidMessage::NotJson {
            problem: error.to_string(),
        })?;
        let root = Place::root(&value);
        root.object()?;
        let status_type = root.required("status_type")?;
        let status = root.required("status")?;
        let observed_at = moment(&root)?;
        match status_type.string()? {
            "mirror" => Ok(Self::Mirrors(mirrors(&status, observed_at)?)),
            "apt" => Ok(Self::Repos(Section::Apt, repos(&status, observed_at)?)),
            "yum" => Ok(Self::Repos(Section::Yum, repos(&status, observed_at)?)),
            "mirror-list" => {
                let mut entries = BTreeMap::new();
                for item in status.items()? {
                    let url = item.string()?;
                    item.check_name(url)?;
                    entries.insert(url.to_owned(), Vec::new());
                }
                list(Section::Mirror, &status, observed_at, entries)
            }
            "apt-list" => repo_list(Section::Apt, &status, observed_at),
            "yum-list" => repo_list(Section::Yum, &status, observed_at),
            _ => Err(status_type.wrong("is none of mirror, apt, yum, mirror-list, apt-list, yum-list")),
        }
    }
}

fn list(
    section: Section,
    place: &Place<'_>,
    observed_at: Option<Timestamp>,
    entries: BTreeMap<String, Vec<String>>,
) -> Result<StatusMessage, InvalidMessage> {
    let count = entries.values().map(|dists| dists.len() + 1).sum::<usize>();
    if count > MOST_ITEMS {
        return Err(place.wrong(format!("has {count} entries; at most {MOST_ITEMS} are allowed")));
    }
    Ok(StatusMessage::List(section, ListMessage { observed_at, entries }))
}

fn repo_list(
    section: Section,
    status: &Place<'_>,
    observed_at: Option<Timestamp>,
) -> Result<StatusMessage, InvalidMessage> {
    let mut entries = BTreeMap::new();
    for (url, place) in status.members()? {
        place.check_name(url)?;
        let mut dists = Vec::new();
        for item in place.items()? {
            let dist = item.string()?;
            item.check_name(dist)?;
            dists.push(dist.to_owned());
        }
        entries.insert(url.to_owned(), dists);
    }
    list(section, status, observed_at, entries)
}

fn mirrors(
    status: &Place<'_>,
    message_time: Option<Timestamp>,
) -> Result<BTreeMap<String, MirrorStatus>, InvalidMessage> {
    let mut mirrors = BTreeMap::new();
    for (url, place) in status.members()? {
        place.check_name(url)?;
        place.required("running")?.boolean()?;
        place.required("errors")?.strings()?;
        let (observed_at, mut status) = observed(&place, message_time)?;
        status.remove("observed_at");
        status
            .entry("time")
            .or_insert_with(|| Value::String(naive_time::format(observed_at)));
        mirrors.insert(url.to_owned(), MirrorStatus { observed_at, status });
    }
    not_empty(status, mirrors)
}

fn repos(status: &Place<'_>, message_time: Option<Timestamp>) -> Result<BTreeMap<String, RepoStatus>, InvalidMessage> {
    let mut repos = BTreeMap::new();
    for (url, place) in status.members()? {
        place.check_name(url)?;
        let state = place.required("state")?;
        let empty = match state.string()? {
            "empty" => true,
            "ok" | "error" => false,
            _ => return Err(state.wrong("is none of ok, error, empty")),
        };
        let (observed_at, mut details) = observed(&place, message_time)?;
        let time = match details.remove("time") {
            Some(Value::String(time)) => time,
            _ => naive_time::format(observed_at),
        };
        for known in ["state", "dists", "observed_at"] {
            details.remove(known);
        }
        let dists = if empty {
            BTreeMap::new()
        } else {
            dists(&place.required("dists")?)?
        };
        repos.insert(
            url.to_owned(),
            RepoStatus {
                observed_at,
                time,
                dists,
                details,
            },
        );
    }
    not_empty(status, repos)
}

fn dists(place: &Place<'_>) -> Result<BTreeMap<String, DistStatus>, InvalidMessage> {
    let mut dists = BTreeMap::new();
    for (name, dist) in place.members()? {
        dist.check_name(name)?;
        let state = dist.required("state")?;
        let state = match state.string()? {
            "ok" => DistState::Ok,
            "error" => DistState::Error,
            _ => return Err(state.wrong("is neither ok nor error")),
        };
        if state == DistState::Error {
            dist.required("dist_errors")?;
        }
        if let Some(errors) = dist.optional("dist_errors") {
            errors.strings()?;
        }
        check_size(&dist)?;
        let mut status = dist.object()?.clone();
        // The repository's stamp counts: a dist is as old as the check that reported it.
        status.remove("time");
        status.remove("observed_at");
        dists.insert(name.to_owned(), DistStatus { state, status });
    }
    not_empty(place, dists)
}

/// The moment and the members of a result.
fn observed(
    place: &Place<'_>,
    message_time: Option<Timestamp>,
) -> Result<(Timestamp, Map<String, Value>), InvalidMessage> {
    let time = match place.optional("time") {
        None => None,
        Some(time) => {
            let text = time.string()?;
            Some(naive_time::parse(text).ok_or_else(|| time.wrong("is not of the form 2022-07-27 18:04:05.123456"))?)
        }
    };
    check_size(place)?;
    let observed_at = moment(place)?
        .or(message_time)
        .or(time)
        .ok_or_else(|| place.wrong("has no time: observed_at is missing here and in the message, and so is time"))?;
    Ok((observed_at, place.object()?.clone()))
}

/// `observed_at` of this object.
fn moment(place: &Place<'_>) -> Result<Option<Timestamp>, InvalidMessage> {
    let Some(observed_at) = place.optional("observed_at") else {
        return Ok(None);
    };
    match observed_at.string()?.parse() {
        Ok(moment) => Ok(Some(moment)),
        Err(_) => Err(observed_at.wrong("is not a moment of RFC 3339, such as 2022-07-27T18:04:05Z")),
    }
}

fn check_size(place: &Place<'_>) -> Result<(), InvalidMessage> {
    let depth = weight::depth(place.value);
    if depth > DEEPEST_STATUS {
        return Err(place.wrong(format!("is nested {depth} deep; at most {DEEPEST_STATUS} are allowed")));
    }
    let size = weight::shown(place.value);
    if size > LARGEST_STATUS {
        return Err(place.wrong(format!(
            "has {size} bytes when it is indented; at most {LARGEST_STATUS} are allowed"
        )));
    }
    Ok(())
}

fn not_empty<T>(place: &Place<'_>, entries: BTreeMap<String, T>) -> Result<BTreeMap<String, T>, InvalidMessage> {
    if entries.is_empty() {
        Err(place.wrong("is empty"))
    } else {
        Ok(entries)
    }
}
