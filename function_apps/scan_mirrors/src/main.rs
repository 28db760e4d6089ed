//! The scan_mirrors function app.

use std::process::ExitCode;

use scan_mirrors::Deps;

#[tokio::main]
async fn main() -> ExitCode {
    custom_handler::run(scan_mirrors::functions(), Deps::connect).await
}
