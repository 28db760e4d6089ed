//! Builds the folder that the Functions tools read, and checks it as they would.

mod inspect;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apps::{self, App};
use crate::workspace::Workspace;
use crate::{Outcome, say};

/// What `cargo xtask stage` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The apps to stage
    #[arg(required_unless_present = "all")]
    apps: Vec<String>,
    /// Stage every app
    #[arg(long, conflicts_with = "apps")]
    all: bool,
    /// Then open the folder and start the binary as the Functions tools would
    #[arg(long)]
    check: bool,
    /// The cargo profile to build with
    #[arg(long, default_value = "release")]
    profile: String,
}

/// What `.funcignore` of a staged folder says: the folder holds what is published and one file that must not be.
const FUNCIGNORE: &str = "local.settings.json\n.funcignore\n";

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    let known: Vec<&str> = apps::all().iter().map(|app| app.name).collect();
    let names: Vec<&str> = if arguments.all {
        known.clone()
    } else {
        arguments.apps.iter().map(String::as_str).collect()
    };
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no app `{name}`; the apps are {}", known.join(", ")).into());
    }
    build(workspace, &names, &arguments.profile)?;
    for app in apps::all().iter().filter(|app| names.contains(&app.name)) {
        let staged = stage(workspace, app, &binary(workspace, app.name, &arguments.profile))?;
        say(&format!("staged {}", workspace.relative(&staged)));
        if arguments.check {
            let problems = inspect::check(&staged)?;
            if !problems.is_empty() {
                return Err(format!("{}:\n  {}", workspace.relative(&staged), problems.join("\n  ")).into());
            }
            say(&format!("  checked: {}", inspect::CHECKED));
        }
    }
    Ok(())
}

/// One cargo for all apps: a cargo each would wait for the others and build shared crates again.
fn build(workspace: &Workspace, names: &[&str], profile: &str) -> Outcome {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--profile", profile])
        .current_dir(workspace.root())
        .env_remove("CARGO_MANIFEST_DIR");
    for name in names {
        command.args(["--package", name, "--bin", name]);
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo build failed ({status})").into())
    }
}

fn binary(workspace: &Workspace, name: &str, profile: &str) -> PathBuf {
    let folder = if profile == "dev" { "debug" } else { profile };
    workspace.target().join(folder).join(name)
}

/// Assembles `target/func/<app>/` afresh from the app's committed files and the binary.
fn stage(workspace: &Workspace, app: &App, binary: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let (name, data_files) = (app.name, app.data_files());
    let app = workspace.app(name);
    let staged = workspace.target().join("func").join(name);
    if staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    fs::create_dir_all(&staged)?;
    fs::copy(app.join("host.json"), staged.join("host.json"))?;
    fs::copy(
        app.join("local.settings.example.json"),
        staged.join("local.settings.json"),
    )?;
    fs::write(staged.join(".funcignore"), FUNCIGNORE)?;
    for function in functions_of(&app)? {
        let folder = staged.join(&function);
        fs::create_dir(&folder)?;
        fs::copy(app.join(&function).join("function.json"), folder.join("function.json"))?;
    }
    for path in data_files {
        let target = staged.join(path);
        target.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::copy(app.join(path), target).map_err(|error| format!("cannot ship the data file {path}: {error}"))?;
    }
    let executable = staged.join(name);
    fs::copy(binary, &executable)?;
    set_executable(&executable)?;
    Ok(staged)
}

/// The folders that hold a function.json: what the host takes for functions.
fn functions_of(app: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(app)? {
        let entry = entry?;
        if entry.path().join("function.json").is_file()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(unix)]
fn set_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
