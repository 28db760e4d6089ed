//! The list of mirrors: `mirrors.json`.

use std::collections::HashMap;

use serde_json::Value;

use super::{MirrorRequest, RequestError};
use crate::finding::one_line;

/// The largest list that is read, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// A list that was read. One bad entry does not take the others down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorList {
    /// The mirrors to check, in the order of the list, no address twice.
    pub requests: Vec<MirrorRequest>,
    /// The entries that cannot be used.
    pub unusable: Vec<UnusableEntry>,
}

/// An entry that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableEntry {
    /// Its place in the list, from 0.
    pub index: usize,
    /// Its address as written, where it has one that may be shown. The mirror stays in the public list under this
    /// name, with the problem as its error, so that a slip of the pen does not wipe its history.
    pub url: Option<String>,
    /// What is wrong.
    pub problem: EntryProblem,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// It is no request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An entry before it has the same address and asks for other things; that one counts.
    #[error("has the same url as entry {first}, which counts")]
    Repeated {
        /// Place of the entry that counts.
        first: usize,
    },
}

/// The list as a whole cannot be used. Nothing may be concluded from it, least of all that there are no mirrors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More bytes than a list may have.
    #[error("the list has {0} bytes; at most {LARGEST} are read")]
    TooLarge(usize),
    /// No JSON.
    #[error("the list is no JSON: {0}")]
    NotJson(String),
    /// JSON of another shape.
    #[error("the list is no JSON array")]
    NotArray,
    /// An empty array, or one without any address.
    #[error("the list names no mirror")]
    Empty,
}

impl MirrorList {
    /// Reads a list. Entries repeated word for word count once.
    pub fn read(text: &str) -> Result<Self, ListError> {
        if text.len() > LARGEST {
            return Err(ListError::TooLarge(text.len()));
        }
        let text = text.trim_start_matches('\u{feff}');
        let document: Value =
            serde_json::from_str(text).map_err(|error| ListError::NotJson(one_line(&error.to_string(), 200)))?;
        let Value::Array(entries) = document else {
            return Err(ListError::NotArray);
        };
        let mut list = Self::default();
        let mut places: HashMap<String, (usize, usize)> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            match MirrorRequest::from_json(entry) {
                Ok(request) => match places.get(request.url()) {
                    Some((_, place)) if list.requests[*place] == request => {}
                    Some((first, _)) => list.unusable.push(UnusableEntry {
                        index,
                        url: None,
                        problem: EntryProblem::Repeated { first: *first },
                    }),
                    None => {
                        places.insert(request.url().to_owned(), (index, list.requests.len()));
                        list.requests.push(request);
                    }
                },
                Err(error) => list.unusable.push(UnusableEntry {
                    index,
                    url: shown_url(entry),
                    problem: EntryProblem::Request(error),
                }),
            }
        }
        // An unusable entry beside a usable one of the same address: the mirror is checked, so its status is real.
        for entry in &mut list.unusable {
            entry.url = entry.url.take().filter(|url| !places.contains_key(url));
        }
        if list.addresses().next().is_none() {
            Err(ListError::Empty)
        } else {
            Ok(list)
        }
    }

    /// The addresses of all mirrors in the list, those of unusable entries too. One may occur twice.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let unusable = self.unusable.iter().filter_map(|entry| entry.url.as_deref());
        self.requests.iter().map(MirrorRequest::url).chain(unusable)
    }
}

/// The address of an unusable entry, unless it holds a password, has no content or is too long to be a name.
fn shown_url(entry: &Value) -> Option<String> {
    let url = match entry {
        Value::String(url) => url.trim(),
        Value::Object(members) => members.get("url")?.as_str()?,
        _ => return None,
    };
    let secret = url.contains('@');
    (!secret && !url.is_empty() && url.len() <= 2048 && !url.contains(char::is_control)).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_bad_entry_does_not_take_the_others_down() {
        let list = MirrorList::read(
            r#"["http://a.example/", 7, {"url": "http://b.example/", "suites": ["stable"]}, "htp://c.example",
                {"url": "http://d.example/", "suites": "stable"}, "http://me:secret@e.example/", "http://a.example/"]"#,
        )
        .unwrap();
        let urls: Vec<_> = list.requests.iter().map(MirrorRequest::url).collect();
        assert_eq!(urls, ["http://a.example/", "http://b.example/"]);
        let unusable: Vec<_> = list
            .unusable
            .iter()
            .map(|entry| (entry.index, entry.url.as_deref()))
            .collect();
        assert_eq!(
            unusable,
            [
                (1, None),
                (3, Some("htp://c.example")),
                (4, Some("http://d.example/")),
                (5, None)
            ]
        );
        assert_eq!(
            list.unusable[2].problem.to_string(),
            "an entry is a URL or an object with url, suites, repos and authority: invalid type: string \"stable\", expected a sequence"
        );
    }

    #[test]
    fn the_first_of_two_entries_for_one_mirror_counts() {
        let list = MirrorList::read(
            r#"["http://a.example/", {"url": "http://a.example/", "suites": ["x"]}, {"url": "http://a.example/", "x": 1}]"#,
        )
        .unwrap();
        assert_eq!(list.requests, [MirrorRequest::bare("http://a.example/").unwrap()]);
        assert_eq!(list.addresses().collect::<Vec<_>>(), ["http://a.example/"]);
        assert_eq!(
            list.unusable[0].problem.to_string(),
            "has the same url as entry 0, which counts"
        );
        assert_eq!(list.unusable.len(), 2);
    }

    #[test]
    fn a_list_that_says_nothing_is_an_error_and_not_an_empty_list() {
        assert_eq!(MirrorList::read("[]"), Err(ListError::Empty));
        assert_eq!(MirrorList::read("[null, 3]"), Err(ListError::Empty));
        assert_eq!(MirrorList::read(r#"{"mirrors": []}"#), Err(ListError::NotArray));
        assert!(matches!(
            MirrorList::read("[\"http://a.example/\""),
            Err(ListError::NotJson(_))
        ));
        assert!(matches!(MirrorList::read(""), Err(ListError::NotJson(_))));
        assert!(matches!(
            MirrorList::read(&"[".repeat(100_000)),
            Err(ListError::NotJson(_))
        ));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,500}") {
            let _ = MirrorList::read(&text);
        }

        #[test]
        fn no_address_is_asked_for_twice(names in proptest::collection::vec("[ab]{1,2}", 1..20)) {
            let urls: Vec<String> = names.iter().map(|name| format!("http://{name}.example/")).collect();
            let list = MirrorList::read(&serde_json::to_string(&urls).unwrap()).unwrap();
            let distinct: std::collections::BTreeSet<_> = urls.iter().collect();
            prop_assert_eq!(list.requests.len(), distinct.len());
        }
    }
}
