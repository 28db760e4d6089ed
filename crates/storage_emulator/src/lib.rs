#![doc = include_str!("../README.md")]

mod access_policies;
mod account;
mod answer;
mod auth;
mod blob;
mod call;
mod conditions;
mod cors;
mod emulator;
mod error;
mod faults;
mod head;
mod http_date;
mod listing;
mod metadata;
mod observer;
mod operation;
mod query;
mod queue;
mod server;
mod service_properties;
mod state;
mod store;
mod xml;

pub use account::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Endpoints};
pub use auth::BearerTokens;
pub use call::{ProcessLabel, Service};
pub use emulator::{BuildError, Disconnected, Emulator, EmulatorBuilder};
pub use faults::{Fault, FaultPlan, FaultRule, Moment, RequestFilter, RuleId};
pub use observer::{Observer, StorageEvent};
pub use operation::Operation;
pub use server::Listeners;
pub use store::FolderError;
