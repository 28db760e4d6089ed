#![doc = include_str!("../README.md")]

pub mod build;
pub mod cli;
pub mod console;
pub mod front;
pub mod handler_client;
pub mod journal;
pub mod settings;
pub mod supervisor;
pub mod topics;
pub mod workspace;
