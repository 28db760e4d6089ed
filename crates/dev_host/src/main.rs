//! The `cargo dev` command.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    dev_host::command::run(dev_host::cli::Cli::parse()).await
}
