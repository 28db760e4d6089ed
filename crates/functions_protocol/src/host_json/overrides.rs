//! App settings that override members of host.json.

use serde_json::{Map, Value};

/// What the names of such settings start with; the parts of the path follow, joined by two underscores.
const PREFIX: &str = "AzureFunctionsJobHost__";

/// Puts the values of overriding settings into the document, as text. Names ignore case.
pub(super) fn apply<'s>(document: &mut Value, settings: impl IntoIterator<Item = (&'s str, &'s str)>) {
    for (name, value) in settings {
        let is_override = name
            .get(..PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if is_override {
            let parts: Vec<&str> = name[PREFIX.len()..].split("__").collect();
            set(document, &parts, value);
        }
    }
}

fn set(place: &mut Value, parts: &[&str], value: &str) {
    let Some((first, rest)) = parts.split_first() else {
        *place = Value::String(value.to_owned());
        return;
    };
    // Lists are members `0`, `1`, ... in .NET's configuration.
    if let Value::Array(items) = place
        && let Ok(index) = first.parse::<usize>()
        && index <= items.len()
    {
        if index == items.len() {
            items.push(Value::Null);
        }
        return set(&mut items[index], rest, value);
    }
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let Value::Object(members) = place else { return };
    let key = members
        .keys()
        .find(|key| key.eq_ignore_ascii_case(first))
        .cloned()
        .unwrap_or_else(|| (*first).to_owned());
    set(members.entry(key).or_insert(Value::Null), rest, value);
}
