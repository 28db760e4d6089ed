//! The HTTP front of an app: routes, keys, admin endpoints, landing page.

mod admin;
mod constraint;
mod keys;
mod landing;
mod route;
mod server;

pub use keys::{Access, Keys};
pub use route::{Route, RouteError, RouteValues};
pub use server::serve;
