use super::binding_data::same_name;

/// The parameters of a query string: names that ignore case keep their first spelling and collect their values in order.
pub(super) fn parse_query(query: &str) -> Vec<(String, Vec<String>)> {
    let mut parameters: Vec<(String, Vec<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        match parameters.iter_mut().find(|(known, _)| same_name(known, &name)) {
            Some((_, values)) => values.push(value),
            None => parameters.push((name, vec![value])),
        }
    }
    parameters
}

/// `+` is a blank; a broken percent escape stays as it is.
fn decode(text: &str) -> String {
    unescape(&text.replace('+', " "))
}

/// A path segment decoded, but for escaped slashes.
pub(crate) fn unescape_path_segment(segment: &str) -> String {
    let upper = segment
        .split("%2F")
        .map(|part| part.split("%2f").map(unescape).collect::<Vec<_>>().join("%2f"));
    upper.collect::<Vec<_>>().join("%2F")
}

/// Resolves percent escapes; broken ones stay as they are, bytes that are not UTF-8 become U+FFFD.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = if *first == b'%' {
            tail.first_chunk::<2>().and_then(hexadecimal)
        } else {
            None
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

/// `WebUtility.UrlEncode`: letters, digits and `-_.!*()` stay, a blank becomes `+`.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
