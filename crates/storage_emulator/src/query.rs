//! Query parameters, decoded.

use percent_encoding::percent_decode_str;

use crate::error::{ServiceError, ServiceResult};

/// The parameters in the order sent. Names are compared without regard to case, as the service does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Splits and decodes. A plus sign stays a plus sign: storage clients encode a space as `%20`, and pop receipts and
    /// signatures hold plus signs that some clients send bare.
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name).to_ascii_lowercase(), decode(value))
        });
        Self(pairs.collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, or the empty text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A whole number within bounds, if the parameter is given.
    pub(crate) fn number(&self, name: &str, low: i64, high: i64) -> ServiceResult<Option<i64>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number: i64 = text.trim().parse().map_err(|_| ServiceError::query(name, text))?;
        if (low..=high).contains(&number) {
            Ok(Some(number))
        } else {
            Err(ServiceError::query_range(name, number, low, high))
        }
    }

    /// Whether the comma-separated parameter holds `word`.
    pub(crate) fn includes(&self, name: &str, word: &str) -> bool {
        self.0
            .iter()
            .filter(|(given, _)| given == name)
            .any(|(_, value)| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    }
}
