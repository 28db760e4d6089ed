//! Storage for the apps: the emulator or another account, its seeds, and who holds which message.

pub mod calls;
mod connections;
mod leases;
mod seed;
mod service;

pub use connections::{Connections, Use};
pub use leases::{Held, Leases};
pub use seed::{Seed, SeedError, content_type};
pub use service::{StorageChoice, StorageError, StorageService};
