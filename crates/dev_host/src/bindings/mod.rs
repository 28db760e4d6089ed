//! Reads inputs and writes outputs of an invocation.

mod expression;
mod input;
mod output;

pub use expression::{ExpressionError, Names, resolve};
pub use input::{InputError, read_inputs};
pub use output::{OutputError, write_outputs};
