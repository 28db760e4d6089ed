//! What changed, for everybody who shows it: a small broadcast that never waits for a slow listener.

use tokio::sync::broadcast;

/// A part of the development host's state that a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// An app started, stopped or failed.
    Apps,
    /// An invocation began, ended or logged.
    Invocations,
    /// A message was put, taken or removed.
    Queues,
    /// A timer's next run moved.
    Timers,
}

impl Topic {
    /// The name in the event stream.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apps => "apps",
            Self::Invocations => "invocations",
            Self::Queues => "queues",
            Self::Timers => "timers",
        }
    }
}

/// Announces changes. Clones announce to the same listeners.
#[derive(Clone, Debug)]
pub struct Topics(broadcast::Sender<Topic>);

impl Default for Topics {
    fn default() -> Self {
        // A listener that falls this far behind gets "something changed" instead of each change; that is all it needs.
        Self(broadcast::Sender::new(256))
    }
}

impl Topics {
    /// Announces a change.
    pub fn changed(&self, topic: Topic) {
        // Without listeners there is nobody to tell.
        let _ = self.0.send(topic);
    }

    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Topic> {
        self.0.subscribe()
    }
}
