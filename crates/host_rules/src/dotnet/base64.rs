use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// .NET accepts padding only where it belongs, but ignores bits left over in the last group.
const CONVERT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// What `Convert.FromBase64String` makes of a text: blanks, tabs and line breaks are skipped anywhere, padding is required,
/// and the empty text is valid (no bytes).
pub fn convert_from_base64(text: &str) -> Option<Vec<u8>> {
    if text.contains([' ', '\t', '\r', '\n']) {
        let compact: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'))
            .collect();
        return CONVERT.decode(compact).ok();
    }
    CONVERT.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::convert_from_base64;

    #[test]
    fn it_accepts_what_dotnet_accepts() {
        assert_eq!(convert_from_base64("aGVs bG8=").as_deref(), Some(&b"hello"[..]));
        assert_eq!(convert_from_base64(""), Some(Vec::new()));
        assert!(convert_from_base64("test").is_some());
        for refused in ["aGVsbG8", "-_-_", "not base64!", "abc", "====", "a==="] {
            assert_eq!(convert_from_base64(refused), None, "{refused}");
        }
    }
}
