//! `cargo dev clean`.

use std::io;

use crate::console::{Console, Level};
use crate::start::Instance;
use crate::workspace::Workspace;

/// Removes everything that the development host keeps, unless one is running.
///
/// # Errors
/// One is running, or the folder cannot be removed.
pub(super) fn run(workspace: &Workspace, console: &Console) -> io::Result<()> {
    let state = workspace.state();
    if let Some(instance) = Instance::find(state) {
        return Err(io::Error::other(format!(
            "a development host is running ({}); stop it first",
            instance.dashboard
        )));
    }
    match std::fs::remove_dir_all(state) {
        Ok(()) => console.host(Level::Info, &format!("removed {}", state.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            console.host(
                Level::Info,
                &format!("nothing to remove: {} does not exist", state.display()),
            );
        }
        Err(error) => {
            return Err(io::Error::new(
                error.kind(),
                format!("cannot remove {}: {error}", state.display()),
            ));
        }
    }
    Ok(())
}
