//! The status_delivery function app.

use std::process::ExitCode;

use status_delivery::Deps;

#[tokio::main]
async fn main() -> ExitCode {
    custom_handler::run(status_delivery::functions(), Deps::connect).await
}
