//! The two meanings of a failed handler: try again, or never again.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use crate::trigger::{PoisonPlace, Trigger};

/// An error of any kind, as handlers and clients give it.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A message that no retry will make usable.
///
/// It goes to the poison place of its trigger with the reason, and counts as handled. It compiles as the error of a
/// handler only where such a place exists (a queue); everywhere else an unusable input is an ordinary error.
///
/// It does not implement [`Error`] on purpose: every `Error` is retried, and the compiler tells the two apart by that.
#[derive(Debug)]
pub struct Permanent {
    reason: String,
}

impl Permanent {
    /// The reason is shown to whoever looks into the poison queue: say what is wrong with the message.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// The reason that the poison envelope carries.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl<E: Error + ?Sized> From<&E> for Permanent {
    fn from(error: &E) -> Self {
        Self::new(chain(error))
    }
}

/// Turns the error of a `Result` into [`Permanent`].
pub trait PermanentExt<T> {
    /// No retry will help: the message goes to the poison place with this error as its reason.
    ///
    /// # Errors
    /// The error of `self`, with the whole chain of its sources as the reason.
    fn permanent(self) -> Result<T, Permanent>;
}

impl<T, E: Error> PermanentExt<T> for Result<T, E> {
    fn permanent(self) -> Result<T, Permanent> {
        self.map_err(|error| Permanent::from(&error))
    }
}

/// The error of a handler that calls things with different error types: `?` takes any [`Error`] (retried), and the
/// `Known` kind of its trigger: see [`QueueFailure`] and [`HttpFailure`](crate::HttpFailure).
///
/// A handler with an error type of its own does not need it.
#[derive(Debug)]
pub enum Failure<Known = Infallible> {
    /// The trigger's own rules decide about another try.
    Retry(BoxError),
    /// What the trigger treats in a way of its own.
    Known(Known),
}

/// The error of a queue handler that has both kinds: `?` on any error means retry, `?` on [`Permanent`] means poison.
pub type QueueFailure = Failure<Permanent>;

impl<Known, E: Error + Send + Sync + 'static> From<E> for Failure<Known> {
    fn from(error: E) -> Self {
        Self::Retry(Box::new(error))
    }
}

impl From<Permanent> for Failure<Permanent> {
    fn from(permanent: Permanent) -> Self {
        Self::Known(permanent)
    }
}

/// What may stand as the error of a handler whose trigger is `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a handler with the trigger `{T}`",
    label = "this error has no meaning for `{T}`",
    note = "any `std::error::Error` can: it is answered by the trigger's retry rules",
    note = "`Permanent` and `QueueFailure` need a queue trigger: only a queue has a poison place",
    note = "`Problem` and `HttpFailure` need an HTTP trigger"
)]
pub trait HandlerError<T: Trigger> {
    #[doc(hidden)]
    fn into_failure(self) -> Failure<T::Known>;
}

impl<T: Trigger, E: Error + Send + Sync + 'static> HandlerError<T> for E {
    fn into_failure(self) -> Failure<T::Known> {
        Failure::Retry(Box::new(self))
    }
}

impl<T: Trigger> HandlerError<T> for Failure<Infallible> {
    fn into_failure(self) -> Failure<T::Known> {
        match self {
            Self::Retry(error) => Failure::Retry(error),
            Self::Known(never) => match never {},
        }
    }
}

impl<T: PoisonPlace> HandlerError<T> for Permanent {
    fn into_failure(self) -> Failure<Permanent> {
        Failure::Known(self)
    }
}

impl<T: PoisonPlace> HandlerError<T> for Failure<Permanent> {
    fn into_failure(self) -> Failure<Permanent> {
        self
    }
}

/// An error and its sources in one line: `outer: middle: root`.
pub fn chain<E: Error + ?Sized>(error: &E) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Writes a failure that the trigger's rules will retry into the log: the one place where its chain of causes appears.
pub(crate) fn log_retry(error: &(dyn Error + Send + Sync + 'static)) -> String {
    let reason = chain(error);
    // The panic hook has written about a panic already, with its place in the source.
    if error.is::<crate::call::Panicked>() {
        tracing::debug!("failed: {reason}");
    } else {
        tracing::error!("failed: {reason}");
    }
    reason
}

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading the list")]
    struct Outer(#[source] std::num::ParseIntError);

    fn mixed(text: &str) -> Result<i32, QueueFailure> {
        let number: i32 = text.parse().permanent()?;
        if number == 0 {
            return Err(std::io::Error::other("no answer").into());
        }
        Ok(number)
    }

    #[test]
    fn question_marks_choose_the_meaning_by_type() {
        assert!(matches!(mixed("1"), Ok(1)));
        assert!(matches!(mixed("0"), Err(Failure::Retry(_))));
        assert!(matches!(mixed("x"), Err(Failure::Known(permanent)) if permanent.reason().contains("invalid digit")));
    }

    #[test]
    fn a_chain_names_every_source_once() {
        let error = Outer("x".parse::<i32>().unwrap_err());
        assert_eq!(chain(&error), "reading the list: invalid digit found in string");
        assert_eq!(
            Permanent::from(&error).reason(),
            "reading the list: invalid digit found in string"
        );
    }
}
