//! The host's JSON reader forgives comments, trailing commas and a byte order mark; people use that in host.json.

/// The text as strict JSON: comments turned into blanks, commas before a closing bracket too. Everything else keeps its
/// place, so positions in error messages stay right.
pub(crate) fn to_strict(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut strict = String::with_capacity(text.len());
    let mut rest = text;
    let mut pending_comma = None;
    while let Some(character) = rest.chars().next() {
        let length = if character == '"' {
            string_length(rest)
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            character.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        if token.starts_with('/') && token.len() > 1 {
            strict.extend(
                token
                    .chars()
                    .map(|character| if character == '\n' { '\n' } else { ' ' }),
            );
            continue;
        }
        match character {
            ',' => pending_comma = Some(strict.len()),
            ']' | '}' => {
                if let Some(comma) = pending_comma.take() {
                    strict.replace_range(comma..=comma, " ");
                }
            }
            blank if blank.is_whitespace() => {}
            _ => pending_comma = None,
        }
        strict.push_str(token);
    }
    strict
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::to_strict;

    #[test]
    fn comments_and_trailing_commas_become_blanks() {
        let text = "{ // one\n \"a\": [1, 2, /* two */ ], \"b\": 3,\n}";
        assert_eq!(to_strict(text), "{       \n \"a\": [1, 2            ], \"b\": 3 \n}");
    }

    #[test]
    fn strings_keep_what_looks_like_a_comment() {
        let text = r#"{"a": "http://x, ]", "b": "\"// /*"}"#;
        assert_eq!(to_strict(text), text);
    }

    #[test]
    fn a_byte_order_mark_goes() {
        assert_eq!(to_strict("\u{feff}{}"), "{}");
    }
}
