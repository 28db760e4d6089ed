//! Entity tags.

use std::fmt;

/// The version of a blob. Two are equal exactly when the blob is the same.
///
/// The service writes it with quotes in headers and without in listings; here it always has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    pub(crate) fn normalized(text: &str) -> Self {
        if text.ends_with('"') {
            Self(text.to_owned())
        } else {
            Self(format!("\"{text}\""))
        }
    }

    /// The tag as it stands in a header, with quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_azure(&self) -> azure_core::http::Etag {
        azure_core::http::Etag::from(self.0.as_str())
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ETag;

    #[test]
    fn the_form_of_a_listing_equals_the_form_of_a_header() {
        assert_eq!(ETag::normalized("0x8D"), ETag::normalized("\"0x8D\""));
        assert_eq!(ETag::normalized("W/\"1\"").as_str(), "W/\"1\"");
    }
}
