//! What the host makes of a string in an answer when it takes it for something else.
//!
//! Both tests err on the safe side: they may name text that the host leaves alone, never the other way round.

/// The longest text that the host's JSON reader tries to read as a timestamp, in UTF-16 units.
const LONGEST_TIMESTAMP: usize = 40;

/// Whether the host may read the text as a point in time while it parses an answer, and print it again in another
/// form: an ISO timestamp with a capital `T` and seconds, or `/Date(...)/`. Only a whole string counts, so JSON text
/// that holds a timestamp is safe.
pub(crate) fn looks_like_timestamp(text: &str) -> bool {
    if text.starts_with("/Date(") && text.ends_with(")/") {
        return true;
    }
    let bytes = text.as_bytes();
    // The parts that are not digits: a text that matches is ASCII as far as this reaches.
    const PATTERN: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    bytes.len() >= PATTERN.len()
        && bytes.len() <= LONGEST_TIMESTAMP
        && PATTERN.iter().zip(bytes).all(|(expected, byte)| match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        })
        // Fraction, zone letter or offset; a sentence that begins with a timestamp is left alone.
        && bytes[PATTERN.len()..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b':' | b'+' | b'-' | b'Z' | b'z'))
}

/// Whether the host may decode the text as base64: nothing but the alphabet, padding, and the white space that .NET
/// skips. Includes the empty text.
pub(crate) fn looks_like_base64(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_timestamps_are_recognised() {
        for text in [
            "2026-11-20T10:00:00",
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:00:00.1234567+05:30",
            "2026-11-20T10:00:00-0800",
            "2026-11-20T10:00:00z",
            "/Date(0)/",
            "/Date(1763632800000+0100)/",
        ] {
            assert!(looks_like_timestamp(text), "{text}");
        }
    }

    #[test]
    fn text_that_the_host_leaves_alone_is_not() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T10:00Z",
            "2026-11-20 10:00:00",
            "2026-11-20t10:00:00z",
            " 2026-11-20T10:00:00Z",
            "2026-11-20T10:00:00 started",
            "\"2026-11-20T10:00:00Z\"",
            "２026-11-20T10:00:00Z",
        ] {
            assert!(!looks_like_timestamp(text), "{text}");
        }
    }

    #[test]
    fn base64_is_a_matter_of_its_characters() {
        for text in ["", "test", "aGVs bG8=\r\n\t", "aGVsbG8"] {
            assert!(looks_like_base64(text), "{text:?}");
        }
        for text in ["_-8=", "a.b", "{}", "é", "a\u{b}b"] {
            assert!(!looks_like_base64(text), "{text:?}");
        }
    }
}
