#![doc = include_str!("../README.md")]

mod authority;
mod check_mirror;
mod functions;
mod generate_mirror;
mod observe;
mod seen;
mod settings;
mod status;

pub use functions::functions;
pub use settings::Deps;
