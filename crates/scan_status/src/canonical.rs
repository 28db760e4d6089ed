//! A hash that decides between two results of the same moment.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// 128 bits of SHA-256 over the value with its members sorted, in hexadecimal: the same for every way of writing the
/// same JSON, so that a message that was formatted anew is still the same message.
pub(crate) fn hash(value: &Value) -> String {
    let mut digest = Sha256::new();
    feed(&mut digest, value);
    digest
        .finalize()
        .iter()
        .take(16)
        .fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn feed(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Null => digest.update(b"n"),
        Value::Bool(value) => digest.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => text(digest, b'#', &number.to_string()),
        Value::String(string) => text(digest, b's', string),
        Value::Array(items) => {
            length(digest, b'[', items.len());
            items.iter().for_each(|item| feed(digest, item));
        }
        Value::Object(members) => {
            length(digest, b'{', members.len());
            // Sorted here: whether serde_json's map is sorted depends on features that other crates choose.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                text(digest, b's', name);
                feed(digest, value);
            }
        }
    }
}

fn text(digest: &mut Sha256, kind: u8, text: &str) {
    length(digest, kind, text.len());
    digest.update(text);
}

/// Lengths come first, so that no two values feed the same bytes.
fn length(digest: &mut Sha256, kind: u8, length: usize) {
    digest.update([kind]);
    digest.update((length as u64).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::hash;

    #[test]
    fn formatting_and_order_do_not_matter_and_content_does() {
        let one = serde_json::from_str(r#"{"a":1,"b":[true,null]}"#).unwrap();
        let two = serde_json::from_str("{ \"b\" : [true, null],\n \"a\" : 1 }").unwrap();
        assert_eq!(hash(&one), hash(&two));
        assert_ne!(hash(&json!(["a", "b"])), hash(&json!(["ab"])));
        assert_ne!(hash(&json!({"a": ["b"]})), hash(&json!({"a": "b"})));
        assert_eq!(hash(&json!(null)).len(), 32);
    }
}
