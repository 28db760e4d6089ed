//! What can happen next.

use crate::actor::Machine;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An idle worker takes the n-th message.
    Take { actor: usize, message: usize },
    /// An idle actor begins to do what its role says, for a job.
    Begin { actor: usize, job: usize, errand: Errand },
    /// An actor's command is carried out, in one of the ways in which it can be.
    Carry { actor: usize, way: u8, errs: bool },
    /// The command's answer is lost.
    Lose { actor: usize, applied: Applied },
    /// An actor dies before its command is carried out.
    Kill { actor: usize },
    /// A worker stands still for longer than anybody waits.
    Freeze { actor: usize },
    /// A frozen worker goes on.
    Wake { actor: usize },
    /// A message becomes visible although its worker lives.
    Expire { actor: usize },
    /// The queue doubles a message.
    Copy { message: usize },
    /// The host drops a message of the poison queue.
    Drop { message: usize },
    /// A late write is carried out.
    Arrive { late: usize },
    /// A job ends by itself: for scenarios that are about slots only.
    EndJob { job: usize },
    /// Seven days pass: nobody who was at work still is.
    Week,
}

/// What an actor that is no worker begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Errand {
    Sweep,
    Finish,
    Collect,
    Weekly,
    Start,
    Retry,
    /// A retry that was asked for before and whose answer never came.
    RetryAgain,
    Cancel,
    /// A person sees that the final unit has failed.
    CancelStuck,
    Hide,
    /// A rule broken on purpose: a failed unit is opened before the job is changed.
    OpenFirst,
}

/// What became of a write whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    Yes,
    No,
    Later,
}

impl Step {
    /// Whether somebody or something failed: a job must be able to end without any more of these.
    pub(crate) fn is_fault(self) -> bool {
        match self {
            Self::Lose { .. }
            | Self::Kill { .. }
            | Self::Freeze { .. }
            | Self::Expire { .. }
            | Self::Copy { .. }
            | Self::Drop { .. } => true,
            // People need not ask for anything.
            Self::Begin { errand, .. } => matches!(
                errand,
                Errand::Retry | Errand::RetryAgain | Errand::Start | Errand::Cancel | Errand::Hide | Errand::OpenFirst
            ),
            Self::Carry { errs, .. } => errs,
            Self::Take { .. } | Self::Wake { .. } | Self::Arrive { .. } | Self::EndJob { .. } | Self::Week => false,
        }
    }
}

/// Whether a machine is one whose writes may be doubted.
pub(crate) fn is_worker(machine: &Machine) -> bool {
    matches!(machine, Machine::Deliver(_))
}
