//! A job that has ended is hidden; it is removed when no process and no request can touch it any more.

use super::{Command, Machine, Read, Reply, StoredJob, Verdict, When, Written, unexpected};
use crate::job::JobState;

/// Changes lost before the caller is told to try again.
const ATTEMPTS: u8 = 5;

/// Hides a job that has ended: for readers it is gone from then on. [`super::Purge`] removes it, counting from here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hide {
    attempts: u8,
}

impl Hide {
    /// For the job that the machine's commands concern.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<E> Machine<E> for Hide {
    fn begin(&mut self) -> Command<E> {
        Command::ReadJob
    }

    fn resume(&mut self, reply: Reply<E>) -> Command<E> {
        match reply {
            Reply::Job(Some(Read {
                value: StoredJob::Known(job),
                etag,
                ..
            })) => match job.state {
                JobState::Finished | JobState::Cancelled => {
                    let hidden = Box::new(job.in_state(JobState::Deleting));
                    Command::WriteJob(hidden, When::Unchanged(etag))
                }
                // For a caller a hidden job is none; a repeated request is told so.
                JobState::Deleting => Command::End(if self.attempts == 0 {
                    Verdict::Refused
                } else {
                    Verdict::Done
                }),
                _ => Command::End(Verdict::Busy),
            },
            Reply::Job(_) => Command::End(Verdict::Refused),
            Reply::Write(Written::Stored(_)) => Command::End(Verdict::Done),
            Reply::Write(_) => {
                self.attempts += 1;
                if self.attempts < ATTEMPTS {
                    Command::ReadJob
                } else {
                    Command::End(Verdict::Unknown)
                }
            }
            other => unexpected(&other),
        }
    }
}
