//! Functions as the host loads them: function.json and its checks, settings, binding expressions, routes, keys.

mod definition;

pub(crate) use definition::RETURN;
pub use definition::{Binding, DataType, Direction, Function, FunctionError};
