//! Reads inputs and writes outputs of an invocation.

mod expression;
mod input;
mod output;

pub use expression::{NameError, Names};
pub use input::{InputError, read_inputs};
pub use output::{OutputError, write_outputs};
