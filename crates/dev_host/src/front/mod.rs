//! The HTTP front of an app: routes, keys, admin endpoints, landing page.

mod admin;
mod keys;
mod landing;
mod server;

pub use keys::fresh_keys;
pub use server::serve;
