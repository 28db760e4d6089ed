//! The captured cases of the Functions host, replayed against its rules, and seeded simulations.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::print_stdout,
    reason = "the numbers of cases used and listed are shown with --nocapture"
)]

mod agreement;
mod answer_cases;
mod binding_rule_cases;
mod case;
mod culture_cases;
mod foreign_bytes;
mod not_met;
mod queue_listener_cases;
mod queue_output_cases;
mod queue_trace;
mod readiness_cases;
mod request_cases;
mod schedule_cases;
mod simulation;
mod timer_cases;
