//! Conditional headers: "Specifying conditional headers for Blob service operations".

use jiff::Timestamp;

use crate::call::Call;
use crate::error::{Code, ServiceError, ServiceResult};
use crate::http_date;
use crate::state::ETag;

/// The four conditions of a request.
#[derive(Debug, Default)]
pub(crate) struct Conditions<'a> {
    if_match: Option<&'a str>,
    if_none_match: Option<&'a str>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
}

impl<'a> Conditions<'a> {
    pub(crate) fn of(call: &'a Call) -> ServiceResult<Self> {
        Self::read(
            call,
            ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"],
        )
    }

    /// The conditions on the source of a copy.
    pub(crate) fn of_source(call: &'a Call) -> ServiceResult<Self> {
        Self::read(
            call,
            [
                "x-ms-source-if-match",
                "x-ms-source-if-none-match",
                "x-ms-source-if-modified-since",
                "x-ms-source-if-unmodified-since",
            ],
        )
    }

    fn read(call: &'a Call, names: [&'static str; 4]) -> ServiceResult<Self> {
        let date = |name: &'static str| match call.header(name) {
            None => Ok(None),
            Some(text) => http_date::parse(text)
                .map(Some)
                .ok_or_else(|| ServiceError::header(name, text)),
        };
        let text = |name| call.header(name).filter(|text| !text.is_empty());
        Ok(Self {
            if_match: text(names[0]),
            if_none_match: text(names[1]),
            if_modified_since: date(names[2])?,
            if_unmodified_since: date(names[3])?,
        })
    }

    /// For a read of something that does not exist: a condition may fail before that is said.
    pub(crate) fn check_missing(&self) -> ServiceResult<()> {
        match (self.if_match, self.if_none_match) {
            (Some(_), _) => Err(Code::ConditionNotMet.into()),
            (_, Some("*")) => Err(Code::UnsatisfiableCondition.into()),
            _ => Ok(()),
        }
    }

    /// For a read of something that exists. An unmet wish for news is "not modified", not a failure.
    pub(crate) fn check_read(&self, etag: ETag, modified: Timestamp) -> ServiceResult<()> {
        if self.if_none_match == Some("*") {
            return Err(Code::UnsatisfiableCondition.into());
        }
        let mismatch = self.if_match.is_some_and(|wanted| !etag.matches(wanted));
        if mismatch || self.if_unmodified_since.is_some_and(|since| is_newer(modified, since)) {
            return Err(Code::ConditionNotMet.into());
        }
        // With both, either one that sees news is enough.
        let same = self.if_none_match.map(|known| etag.matches(known));
        let old = self.if_modified_since.map(|since| !is_newer(modified, since));
        match (same, old) {
            (Some(true), None | Some(true)) | (None, Some(true)) => Err(ServiceError::not_modified()),
            _ => Ok(()),
        }
    }

    /// For a write; `current` is `None` when there is nothing yet. An ETag condition outweighs a date of its kind.
    pub(crate) fn check_write(&self, current: Option<(ETag, Timestamp)>) -> ServiceResult<()> {
        self.check_combination()?;
        let Some((etag, modified)) = current else {
            return if self.if_match.is_some() {
                Err(Code::ConditionNotMet.into())
            } else {
                Ok(())
            };
        };
        let met = match (self.if_none_match, self.if_match) {
            // Only creations mean something by it (see `must_create`); changes of what exists pass, as in the service.
            (Some("*"), _) => true,
            (Some(known), _) => !etag.matches(known),
            (None, Some(wanted)) => etag.matches(wanted),
            (None, None) => {
                self.if_modified_since.is_none_or(|since| is_newer(modified, since))
                    && self.if_unmodified_since.is_none_or(|since| !is_newer(modified, since))
            }
        };
        if met { Ok(()) } else { Err(Code::ConditionNotMet.into()) }
    }

    /// `If-None-Match: *`: nothing may be there yet.
    pub(crate) fn must_create(&self) -> bool {
        self.if_none_match == Some("*")
    }

    /// A write takes one ETag, and two conditions only if both are positive or both negative.
    fn check_combination(&self) -> ServiceResult<()> {
        let several = |tags: Option<&str>| tags.is_some_and(|tags| tags.contains(','));
        let positive = self.if_match.is_some() || self.if_unmodified_since.is_some();
        let negative = self.if_none_match.is_some() || self.if_modified_since.is_some();
        if several(self.if_match) || several(self.if_none_match) || (positive && negative) {
            return Err(Code::MultipleConditionHeadersNotSupported.into());
        }
        Ok(())
    }
}

fn is_newer(modified: Timestamp, since: Timestamp) -> bool {
    http_date::whole_seconds(modified) > since
}
