//! The HTTP front of an app: routes, keys, admin endpoints, landing page.

mod constraint;
mod route;

pub use route::{Route, RouteError};
