//! The searches of the test command.

mod rules;
mod searches;
