//! Polite HTTP for looking at package repositories as their clients see them.
//!
//! A browser hides what an auditor wants to know. This client does the opposite of most: it uses the address family
//! that it is told to use, keeps every step's time apart, reads certificates also when they are refused, never repeats
//! a request on its own, and stops at limits on time, bytes and redirects. Every way to fail is a [`Failure`] of its
//! own. It is built on hyper and rustls directly, because higher clients choose addresses themselves, drop the
//! certificate of a failed handshake and join the causes of an error into one text.
//!
//! It is polite: it names itself, limits its requests per host and in all, and leaves a host alone that asks for it by
//! `Retry-After`.

mod address_map;
mod addresses;
mod certificate;
mod client;
mod connect;
mod exchange;
mod failure;
mod fetch;
mod politeness;
mod redirect;
mod settings;
mod trust;

pub use address_map::{AddressMap, AddressMapError};
pub use addresses::{Addresses, Family};
pub use certificate::CertificateFacts;
pub use client::RepoClient;
pub use failure::{Failure, NameFailure, Phase, TlsFault};
pub use fetch::{Answer, Fetch, Latency, Wanted};
pub use settings::{ClientSettings, TimeLimits};
pub use trust::{ExtraRoots, TrustError};
