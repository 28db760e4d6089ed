//! What a mirror does with those who connect.

use std::time::Duration;

/// What a mirror does with those who connect over one address family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Serves the generation of so long ago; zero is up to date.
    Serve {
        /// How far it lags behind the authority.
        lag: Duration,
    },
    /// Serves what is up to date, after a pause before the answer.
    Slow(Duration),
    /// Refuses the connection.
    Refuse,
    /// Takes the connection and never says anything.
    Hang,
    /// Resets the connection as soon as it has read the request.
    Reset,
    /// Closes the connection as soon as it has read the request.
    Close,
    /// Answers with this status and nothing else.
    Status(u16),
    /// Turns everybody away (503) and asks to be left alone for so many seconds.
    Busy(u32),
    /// Answers 200 with a page that has nothing to do with packages, and no link.
    WrongContent,
    /// Announces more bytes than it sends.
    ShortBody,
    /// Sends a body that does not end.
    EndlessBody,
    /// Sends the body a byte at a time, with a pause after each.
    Drip(Duration),
    /// Redirects in a circle.
    RedirectLoop,
    /// Redirects to this address.
    RedirectTo(String),
    /// Sends these bytes in answer to anything, and closes.
    Raw(Vec<u8>),
    /// Sends these bytes before it is asked, and closes, as servers of other protocols do.
    Banner(Vec<u8>),
}

impl Behaviour {
    /// Serves what is up to date.
    pub const HEALTHY: Self = Self::Serve { lag: Duration::ZERO };

    /// Serves what was up to date so many days ago.
    pub const fn lagging_days(days: u64) -> Self {
        Self::Serve {
            lag: Duration::from_secs(days * 24 * 3600),
        }
    }
}
