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

    /// For a read of something that exists. An unmet wish for news is "not modified", not a failure.
    pub(crate) fn check_read(&self, etag: ETag, modified: Timestamp) -> ServiceResult<()> {
        if self.if_none_match == Some("*") {
            return Err(Code::UnsatisfiableCondition.into());
        }
        if self.is_outdated(etag, modified) {
            return Err(Code::ConditionNotMet.into());
        }
        if self.is_known(etag, modified) {
            return Err(ServiceError::not_modified());
        }
        Ok(())
    }

    /// For a write; `current` is `None` when there is nothing yet, and `exists` what "must not exist" answers.
    pub(crate) fn check_write(&self, current: Option<(ETag, Timestamp)>, exists: Code) -> ServiceResult<()> {
        match current {
            None if self.if_match.is_some() => Err(Code::ConditionNotMet.into()),
            None => Ok(()),
            Some(_) if self.if_none_match == Some("*") => Err(exists.into()),
            Some((etag, modified)) if self.is_outdated(etag, modified) || self.is_known(etag, modified) => {
                Err(Code::ConditionNotMet.into())
            }
            Some(_) => Ok(()),
        }
    }

    fn is_outdated(&self, etag: ETag, modified: Timestamp) -> bool {
        self.if_match.is_some_and(|wanted| !etag.matches(wanted))
            || self
                .if_unmodified_since
                .is_some_and(|since| http_date::whole_seconds(modified) > since)
    }

    /// RFC 9110: If-Modified-Since counts only without If-None-Match.
    fn is_known(&self, etag: ETag, modified: Timestamp) -> bool {
        match self.if_none_match {
            Some(known) => etag.matches(known),
            None => self
                .if_modified_since
                .is_some_and(|since| http_date::whole_seconds(modified) <= since),
        }
    }
}
