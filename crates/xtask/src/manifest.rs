//! `cargo xtask manifest`: the apps' declarations and their committed files say the same.

use std::fs;

use custom_handler::SharedHost;

use crate::workspace::Workspace;
use crate::{Outcome, apps, say};

/// Writes what differs.
pub(crate) fn write(workspace: &Workspace) -> Outcome {
    let shared = shared_host(workspace)?;
    for app in apps::all() {
        for path in app.manifest(&shared)?.write(&workspace.app(app.name))? {
            say(&format!("wrote function_apps/{}/{path}", app.name));
        }
    }
    Ok(())
}

/// Fails with what differs, is missing or is left over.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let shared = shared_host(workspace)?;
    let mut differences = 0;
    for app in apps::all() {
        for difference in app.manifest(&shared)?.check(&workspace.app(app.name))? {
            say(&format!("function_apps/{}/{difference}", app.name));
            differences += 1;
        }
    }
    match differences {
        0 => Ok(()),
        _ => Err("generated files are not what the declarations say; run `cargo xtask manifest`".into()),
    }
}

fn shared_host(workspace: &Workspace) -> Result<SharedHost, Box<dyn std::error::Error>> {
    Ok(SharedHost::parse(&fs::read_to_string(workspace.path("host.json"))?)?)
}
