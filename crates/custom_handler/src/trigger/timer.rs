//! Timer triggers.

use std::convert::Infallible;

use functions_protocol::TimerInfo;

use super::sealed::Sealed;
use super::{Edge, Trigger};
use crate::declaration::Declaration;
use crate::failure::{Failure, log_retry};
use crate::reply::Reply;
use crate::schedule::Schedule;

/// Runs a function on a schedule. Any error is answered with a failure; the next occurrence is the next try.
#[derive(Debug)]
pub struct TimerTrigger {
    pub(crate) binding: &'static str,
    pub(crate) schedule: Schedule,
}

impl Sealed for TimerTrigger {}

impl Trigger for TimerTrigger {
    type Value = TimerInfo;
    type Known = Infallible;

    fn declare(&self, declaration: &mut Declaration) {
        declaration.timer_trigger(self.binding, &self.schedule);
    }

    async fn read(&self, at: &Edge<'_>) -> Result<TimerInfo, Failure> {
        Ok(at.invocation.timer(self.binding)?)
    }

    async fn settle(&self, failure: Failure, _at: &Edge<'_>) -> Reply {
        match failure {
            Failure::Retry(error) => Reply::failure(&log_retry(&*error)),
            Failure::Known(never) => match never {},
        }
    }
}
