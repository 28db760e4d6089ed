#![doc = include_str!("../README.md")]

pub mod app;
pub mod bindings;
pub mod build;
pub mod by_hand;
pub mod cli;
pub mod command;
pub mod console;
pub mod dashboard;
mod error_chain;
pub mod front;
pub mod handler_client;
pub mod host;
pub mod invoke;
pub mod journal;
pub mod queues;
pub mod settings;
pub mod start;
pub mod storage;
pub mod supervisor;
pub mod topics;
pub mod triggers;
pub mod website;
pub mod workspace;
