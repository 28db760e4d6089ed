//! Message text on the wire, and times.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;

/// How a queue's messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessageEncoding {
    /// Base64 of the bytes: what the Functions host writes and expects unless host.json says otherwise.
    #[default]
    Base64,
    /// The text as it is (`messageEncoding: none`). Control characters that XML forbids are refused by the service.
    None,
}

/// A message whose text is not base64. The Functions host would move it to the poison queue as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not base64")]
pub struct UndecodableMessage;

/// As .NET reads base64: padding is required, white space and stray trailing bits are not looked at.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

impl MessageEncoding {
    pub(crate) fn encode(self, body: &[u8]) -> Result<String, std::str::Utf8Error> {
        match self {
            Self::Base64 => Ok(STANDARD.encode(body)),
            Self::None => std::str::from_utf8(body).map(str::to_owned),
        }
    }

    pub(crate) fn decode(self, text: &str) -> Result<Vec<u8>, UndecodableMessage> {
        match self {
            Self::None => Ok(text.as_bytes().to_vec()),
            Self::Base64 => match TOLERANT.decode(text) {
                Ok(bytes) => Ok(bytes),
                Err(_) => {
                    let compact: String = text
                        .chars()
                        .filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'))
                        .collect();
                    TOLERANT.decode(compact).map_err(|_| UndecodableMessage)
                }
            },
        }
    }
}

/// The `Date` header: when the service answered, by its clock.
pub(crate) fn date(headers: &azure_core::http::headers::Headers) -> Option<Timestamp> {
    let text = headers.get_optional_str(&"date".into())?;
    azure_core::time::parse_rfc7231(text).ok().and_then(timestamp)
}

pub(crate) fn timestamp(time: azure_core::time::OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(time.unix_timestamp_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_is_read_as_the_host_reads_it() {
        let read = |text: &str| MessageEncoding::Base64.decode(text);
        assert_eq!(read("eyJhIjoxfQ=="), Ok(br#"{"a":1}"#.to_vec()));
        assert_eq!(read(" eyJh\r\nIjoxfQ== \t"), Ok(br#"{"a":1}"#.to_vec()));
        assert_eq!(read(""), Ok(Vec::new()));
        assert_eq!(read("eyJhIjoxfQ"), Err(UndecodableMessage), "padding is missing");
        assert_eq!(read("-_=="), Err(UndecodableMessage), "the alphabet of URLs");
        assert_eq!(read("plain text!"), Err(UndecodableMessage));
        assert_eq!(
            read("test"),
            Ok(vec![0xb5, 0xeb, 0x2d]),
            "text that happens to be base64"
        );
    }

    proptest! {
        #[test]
        fn every_body_comes_back(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = MessageEncoding::Base64.encode(&body).unwrap();
            prop_assert_eq!(MessageEncoding::Base64.decode(&text), Ok(body));
        }

        #[test]
        fn foreign_text_never_panics(text in "\\PC*") {
            let _ = MessageEncoding::Base64.decode(&text);
        }
    }
}
