//! The document is a function of the set of messages.

use proptest::prelude::*;
use proptest::sample::select;
use scan_status::StateDocument;
use serde_json::{Value, json};

use crate::{at, mirror, mirror_list, public};

/// Few names and few moments, so that everything meets everything.
fn any_message() -> impl Strategy<Value = Value> {
    let moment = 0i64..5;
    let mirrors = || prop::collection::btree_set(select(vec!["a", "b", "c"]), 0..4);
    let dists = || prop::collection::btree_set(select(vec!["x", "y"]), 0..3);
    let repo = || select(vec!["r", "s"]);
    prop_oneof![
        (
            select(vec!["a", "b", "c"]),
            moment.clone(),
            prop::collection::vec(select(vec!["e", "f"]), 0..2)
        )
            .prop_map(|(url, minute, errors)| mirror(url, minute, &errors)),
        (mirrors(), moment.clone())
            .prop_map(|(urls, minute)| mirror_list(minute, &urls.into_iter().collect::<Vec<_>>())),
        (repo(), dists(), moment.clone(), any::<bool>()).prop_map(|(repo, dists, minute, good)| {
            let state = if dists.is_empty() { "empty" } else { "ok" };
            let dist = if good {
                json!({"state": "ok"})
            } else {
                json!({"state": "error", "dist_errors": ["e"]})
            };
            let dists: serde_json::Map<_, _> = dists.into_iter().map(|name| (name.to_owned(), dist.clone())).collect();
            json!({"status_type": "apt", "observed_at": at(minute).to_string(), "status": {repo: {
                "state": state, "dists": dists}}})
        }),
        (prop::collection::btree_map(repo(), dists(), 0..3), moment).prop_map(|(repos, minute)| {
            json!({"status_type": "apt-list", "observed_at": at(minute).to_string(), "status": repos})
        }),
    ]
}

/// The document without the counters, which alone depend on the order.
fn last_status(state: &StateDocument) -> Value {
    let mut value: Value = serde_json::from_slice(&state.to_json()).unwrap();
    for section in ["apt", "mirror", "yum"] {
        if let Some(items) = value[section].get_mut("items").and_then(Value::as_object_mut) {
            items
                .values_mut()
                .for_each(|item| drop(item.as_object_mut().unwrap().remove("results")));
        }
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_order_and_any_repetition_give_the_same_document(
        messages in prop::collection::vec(any_message(), 1..9),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
    ) {
        let expected = crate::merged(&messages);
        // Some messages any number of times in any order, then each once, so that none is missing.
        let mut shuffled: Vec<Value> = order.iter().map(|index| index.get(&messages).clone()).collect();
        shuffled.extend(messages.iter().rev().cloned());
        let state = crate::merged(&shuffled);
        prop_assert_eq!(last_status(&state), last_status(&expected));
        prop_assert_eq!(
            public(&state)["apt"].clone(),
            public(&expected)["apt"].clone()
        );
    }

    #[test]
    fn a_second_time_changes_nothing(messages in prop::collection::vec(any_message(), 1..9)) {
        let once = crate::merged(&messages);
        let mut twice = once.clone();
        for message in &messages {
            prop_assert_eq!(crate::merge(&mut twice, message), scan_status::Merged::Unchanged);
        }
        prop_assert_eq!(&twice, &once);
        prop_assert_eq!(StateDocument::from_json(&once.to_json()).unwrap(), once);
    }
}
