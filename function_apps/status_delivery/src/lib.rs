#![doc = include_str!("../README.md")]

mod delivered;
mod desk;
mod drain;
mod error;
mod functions;
mod published;
mod settings;
mod stored;

pub use functions::{DRAIN_TIME, functions};
pub use settings::Deps;
