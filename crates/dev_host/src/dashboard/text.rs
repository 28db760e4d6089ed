//! How content is shown: JSON laid out, binary as base64, sizes in words.

use maud::{Markup, html};
use serde_json::Value;

use super::page::count;
use crate::journal::Content;

/// The content as a block.
pub(super) fn block(content: &Content) -> Markup {
    html! {
        @if content.bytes == 0 { p.quiet { "empty" } }
        @else { pre { (laid_out(content)) } }
        @if content.cut { p.quiet { "Only the beginning; " (count(content.bytes)) " bytes in all." } }
        @if content.binary { p.quiet { "Not text: shown in base64." } }
    }
}

/// JSON with indents and the host's double encoding left as it is; anything else unchanged.
fn laid_out(content: &Content) -> String {
    let json = content.text.starts_with(['{', '[']) && !content.binary && !content.cut;
    let parsed = json
        .then(|| serde_json::from_str::<Value>(&content.text).ok())
        .flatten();
    parsed
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| content.text.clone())
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
        assert_eq!(shown(br#"{"a":1}"#), "<pre>{\n  &quot;a&quot;: 1\n}</pre>");
        assert_eq!(
            shown(b"<img src=x onerror=alert(1)>"),
            "<pre>&lt;img src=x onerror=alert(1)&gt;</pre>"
        );
    }

    #[test]
    fn beginnings_are_one_short_line() {
        assert_eq!(beginning("ab\ncd", 10), "ab cd");
        assert_eq!(beginning("ééééé", 3), "ééé…");
    }
}
