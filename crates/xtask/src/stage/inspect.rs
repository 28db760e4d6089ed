//! Reads a staged folder as `func start`, `func azure functionapp publish` and the host read it.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, iter};

use determinism::Clock;
use serde_json::Value;

/// What [`check`] looks at, in a sentence.
pub(super) const CHECKED: &str =
    "host.json, functions, executable bit, settings, .funcignore; the handler answers GET /";

/// Everything that is wrong with the folder.
pub(super) fn check(staged: &Path) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let host = read_json(&staged.join("host.json"), &mut problems);
    if host["version"] != "2.0" {
        problems.push("host.json: version must be \"2.0\", else the host does not start".to_owned());
    }
    // Publishing sets the execute bit on the file that is named exactly like this, so `./name` would lose it.
    let executable = host["customHandler"]["description"]["defaultExecutablePath"]
        .as_str()
        .unwrap_or_default();
    if executable.is_empty() || executable.contains(['/', '\\']) {
        problems.push(format!(
            "host.json: defaultExecutablePath `{executable}` must be a file name in this folder"
        ));
    }
    check_executable(&staged.join(executable), &mut problems);
    let functions = check_functions(staged, &mut problems)?;
    let settings = check_settings(staged, &functions, &mut problems);
    check_ignored(staged, executable, &mut problems)?;
    if problems.is_empty() {
        problems.extend(start(&staged.join(executable), staged, &settings)?);
    }
    Ok(problems)
}

fn read_json(path: &Path, problems: &mut Vec<String>) -> Value {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match fs::read_to_string(path).map(|text| serde_json::from_str(&text)) {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => problems.push(format!("{name}: {error}")),
        Err(error) => problems.push(format!("{name}: {error}")),
    }
    Value::Null
}

const SYMBOLS: &[u8] = b".symtab\0";

fn check_executable(path: &Path, problems: &mut Vec<String>) {
    match fs::read(path) {
        Ok(bytes) if cfg!(target_os = "linux") && !bytes.starts_with(b"\x7fELF") => {
            problems.push(format!("{} is no ELF executable", path.display()));
        }
        // The section of the symbol table has this name; a stripped binary has none.
        Ok(bytes) if bytes.windows(SYMBOLS.len()).any(|window| window == SYMBOLS) => {
            problems.push(format!("{} is not stripped: publish a release build", path.display()));
        }
        Ok(_) => {}
        Err(error) => problems.push(format!("{}: {error}", path.display())),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777);
        if mode.is_ok_and(|mode| mode != 0o755) {
            problems.push(format!("{} must have mode 755: a zip keeps the mode", path.display()));
        }
    }
}

/// The functions' documents by name, each checked for what keeps the host from indexing it.
fn check_functions(staged: &Path, problems: &mut Vec<String>) -> io::Result<BTreeMap<String, Value>> {
    let mut functions = BTreeMap::new();
    for entry in fs::read_dir(staged)? {
        let folder = entry?.path();
        // A folder without function.json is data, as it is to the host.
        if !folder.join("function.json").is_file() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = read_json(&folder.join("function.json"), problems);
        let bindings = document["bindings"].as_array().cloned().unwrap_or_default();
        let is_trigger = |binding: &&Value| binding["type"].as_str().is_some_and(|kind| kind.ends_with("Trigger"));
        let triggers = bindings.iter().filter(is_trigger).count();
        if triggers != 1 {
            problems.push(format!("{name}/function.json: has {triggers} triggers, must have one"));
        }
        functions.insert(name, document);
    }
    if functions.is_empty() {
        problems.push("no function: the host does not even start the handler".to_owned());
    }
    Ok(functions)
}

/// The settings of local.settings.json, which must define all that the functions name.
fn check_settings(
    staged: &Path,
    functions: &BTreeMap<String, Value>,
    problems: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let document = read_json(&staged.join("local.settings.json"), problems);
    let mut settings = BTreeMap::new();
    for (name, value) in document["Values"].as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) => _ = settings.insert(name.clone(), text.to_owned()),
            None => problems.push(format!("local.settings.json: {name} must be a string")),
        }
    }
    if settings.get("FUNCTIONS_WORKER_RUNTIME").map(String::as_str) != Some("custom") {
        problems.push("local.settings.json: FUNCTIONS_WORKER_RUNTIME must be `custom`".to_owned());
    }
    for (function, document) in functions {
        for setting in settings_named_in(document) {
            // A connection may also be the prefix of identity-based settings.
            let prefix = format!("{setting}__");
            if !settings
                .keys()
                .any(|name| *name == setting || name.starts_with(&prefix))
            {
                problems.push(format!(
                    "{function}/function.json: local.settings.json has no `{setting}`"
                ));
            }
        }
    }
    settings
}

/// Connections and `%NAME%` expressions of a function.
fn settings_named_in(document: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let bindings = document["bindings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object);
    for (key, value) in bindings.flatten() {
        let Some(text) = value.as_str() else { continue };
        if key == "connection" {
            names.push(text.to_owned());
        }
        // Every second piece between percent signs is a name.
        names.extend(
            text.split('%')
                .skip(1)
                .step_by(2)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
        );
    }
    names
}

fn check_ignored(staged: &Path, executable: &str, problems: &mut Vec<String>) -> io::Result<()> {
    let ignored = fs::read_to_string(staged.join(".funcignore"))?;
    let ignores = |name: &str| ignored.lines().any(|line| line == name);
    if !ignores("local.settings.json") {
        problems.push(".funcignore: must keep local.settings.json from being published".to_owned());
    }
    if ignores(executable) || ignores("host.json") {
        problems.push(".funcignore: keeps back what the host needs".to_owned());
    }
    Ok(())
}

/// Starts the handler as `func start` does and asks `GET /`.
fn start(executable: &Path, folder: &Path, settings: &BTreeMap<String, String>) -> io::Result<Option<String>> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let child = Command::new(executable)
        .current_dir(folder)
        .envs(settings)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .stdout(Stdio::null())
        .spawn()?;
    let mut child = Killed(child);
    let clock = Clock::system();
    let answers = iter::repeat_with(|| ping((Ipv4Addr::LOCALHOST, port).into()))
        .take_while(|_| clock.monotonic() < Duration::from_secs(30))
        .find(|answer| {
            std::thread::yield_now();
            answer.is_ok() || !matches!(child.0.try_wait(), Ok(None))
        });
    Ok(match answers {
        Some(Ok(answer)) if answer.starts_with("HTTP/1.1 ") => None,
        Some(Ok(answer)) => Some(format!("the handler answers GET / with {answer:?}")),
        _ => Some(format!(
            "the handler does not answer on port {port}: {:?}",
            child.0.try_wait()
        )),
    })
}

fn ping(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "host.json",
            r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"app"}}}"#,
        );
        write(
            "local.settings.json",
            r#"{"Values":{"FUNCTIONS_WORKER_RUNTIME":"custom","S__queueServiceUri":"x"}}"#,
        );
        write(".funcignore", "local.settings.json\n");
        write("app", "no executable");
        fs::create_dir(folder.path().join("check")).unwrap();
        let function = r#"{"bindings":[{"type":"queueTrigger","connection":"S","queueName":"%QUEUE%"}]}"#;
        write("check/function.json", function);
        folder
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let folder = staged();
        fs::write(folder.path().join(".funcignore"), "app\n").unwrap();
        let problems = check(folder.path()).unwrap().join("\n");
        for expected in [
            "no ELF executable",
            "mode 755",
            "has no `QUEUE`",
            "from being published",
            "the host needs",
        ] {
            assert!(problems.contains(expected), "{expected} is not in:\n{problems}");
        }
        assert!(
            !problems.contains("has no `S`"),
            "an identity-based connection is a prefix:\n{problems}"
        );
    }

    #[test]
    fn a_folder_without_functions_is_refused() {
        let folder = staged();
        fs::remove_dir_all(folder.path().join("check")).unwrap();
        assert!(
            check(folder.path())
                .unwrap()
                .iter()
                .any(|problem| problem.starts_with("no function"))
        );
    }
}
