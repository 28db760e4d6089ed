//! Functions as the host loads them: function.json and its checks, settings, binding expressions, routes, keys.

mod definition;
mod expression;
mod keys;
mod route;
mod settings;

pub(crate) use definition::RETURN;
pub use definition::{Binding, DataType, Direction, Function, FunctionError};
pub use expression::{BindingExpression, Circumstances, ExpressionError, MissingValue};
pub use keys::{Access, AuthLevel, Keys, authorize, given_key};
pub use route::{RouteError, RouteTemplate};
pub use settings::{MissingSetting, is_disabled, resolve_settings};
