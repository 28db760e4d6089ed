//! The running ledger under faults.

mod crashes;
mod schedules;
