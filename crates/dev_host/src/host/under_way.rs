//! How many invocations are under way, for the stop, which gives all of them the same moment.

use tokio::sync::watch;

/// Counts invocations from their beginning to their end.
#[derive(Debug)]
pub struct UnderWay(watch::Sender<usize>);

/// One invocation under way; over when dropped.
#[derive(Debug)]
pub struct Begun(watch::Sender<usize>);

impl Default for UnderWay {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl UnderWay {
    /// An invocation begins.
    pub fn begin(&self) -> Begun {
        self.0.send_modify(|count| *count += 1);
        Begun(self.0.clone())
    }

    /// Waits for a moment in which none is under way.
    pub async fn none(&self) {
        // The sender lives in this struct.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn none_is_under_way_when_the_last_has_ended() {
        let under_way = UnderWay::default();
        let (first, second) = (under_way.begin(), under_way.begin());
        drop(first);
        assert_eq!(under_way.none().now_or_never(), None);
        drop(second);
        assert_eq!(under_way.none().now_or_never(), Some(()));
    }
}
