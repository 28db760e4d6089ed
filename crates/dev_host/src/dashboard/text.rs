//! How content is shown: JSON laid out, binary as base64, sizes in words.

use maud::{Markup, html};

use super::page::count;
use crate::journal::Content;

/// The content as a block.
pub(super) fn block(content: &Content) -> Markup {
    html! {
        @if content.bytes == 0 { p.quiet { "empty" } }
        // A block that scrolls must be reachable by keyboard.
        @else { pre tabindex="0" { (laid_out(content)) } }
        @if content.cut { p.quiet { "Only the beginning; " (count(content.bytes)) " bytes in all." } }
        @if content.binary { p.quiet { "Not text: shown in base64." } }
    }
}

/// JSON with indents; anything else unchanged. Members keep their order and numbers their digits: this is what went over
/// the wire, and a parsed value would not be.
fn laid_out(content: &Content) -> String {
    let json = content.text.starts_with(['{', '[']) && !content.binary && !content.cut;
    let is_valid = json && serde_json::from_str::<serde::de::IgnoredAny>(&content.text).is_ok();
    if is_valid {
        indented(&content.text)
    } else {
        content.text.clone()
    }
}

/// Lays out valid JSON, two blanks per level.
fn indented(json: &str) -> String {
    let (mut text, mut level, mut in_string, mut escaped) =
        (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let mut characters = json.chars().peekable();
    while let Some(c) = characters.next() {
        if in_string {
            text.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            c if c.is_ascii_whitespace() => {}
            '{' | '[' => {
                text.push(c);
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    level += 1;
                    break_line(&mut text, level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                break_line(&mut text, level);
                text.push(c);
            }
            ',' => {
                text.push(c);
                break_line(&mut text, level);
            }
            ':' => text.push_str(": "),
            c => {
                in_string = c == '"';
                text.push(c);
            }
        }
    }
    text
}

fn break_line(text: &mut String, level: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", level));
}

/// The first words, on one line.
pub(super) fn beginning(text: &str, characters: usize) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(characters + 1)
        .collect();
    match line.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Redactor;

    #[test]
    fn json_is_laid_out_and_markup_stays_text() {
        let shown = |bytes: &[u8]| block(&Content::keep(bytes, &Redactor::default())).into_string();
        assert_eq!(
            shown(br#"{"a":1}"#),
            "<pre tabindex=\"0\">{\n  &quot;a&quot;: 1\n}</pre>"
        );
        assert_eq!(
            shown(b"<img src=x onerror=alert(1)>"),
            "<pre tabindex=\"0\">&lt;img src=x onerror=alert(1)&gt;</pre>"
        );
    }

    #[test]
    fn layout_keeps_order_digits_and_strings() {
        let text = r#"{"z": 1.0,"a":[],"t":"{\"q\": \\\"[1,2]","l":[1e21, {"k":null}]}"#;
        let expected = r#"{
  "z": 1.0,
  "a": [],
  "t": "{\"q\": \\\"[1,2]",
  "l": [
    1e21,
    {
      "k": null
    }
  ]
}"#;
        assert_eq!(indented(text), expected);
    }

    proptest::proptest! {
        #[test]
        fn layout_changes_only_blanks(key in ".{0,12}", value in ".{0,12}", number: i64) {
            let value = serde_json::json!({ key: [value, number, {}, []] });
            let again: serde_json::Value = serde_json::from_str(&indented(&value.to_string())).unwrap();
            proptest::prop_assert_eq!(again, value);
        }
    }

    #[test]
    fn beginnings_are_one_short_line() {
        assert_eq!(beginning("ab\ncd", 10), "ab cd");
        assert_eq!(beginning("ééééé", 3), "ééé…");
    }
}
