//! `cargo dev demo`: everything at work on generated mirrors, without any network.

use super::{Machine, serve};
use crate::cli::StartOptions;
use crate::workspace::Workspace;

/// Starts the demo and runs until it is stopped.
///
/// # Errors
/// Something cannot be started; the text says what.
pub(super) async fn run(machine: &Machine, workspace: Workspace, options: StartOptions) -> Result<(), String> {
    serve(machine.setup(workspace, options)).await
}
