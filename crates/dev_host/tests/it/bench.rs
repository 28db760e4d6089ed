//! A workspace in a temporary folder, and the development host running in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::lines::Lines;

/// JSON lines, and no port that something else may have.
pub(crate) const ANY_PORTS: [&str; 7] = ["--json", "--port", "0", "--dashboard-port", "0", "--storage-port", "0"];

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A running development host; killed when dropped.
pub(crate) struct DevHost {
    child: Child,
    lines: Lines,
    pub(crate) dashboard: String,
    pub(crate) front: String,
}

impl Bench {
    /// A workspace with the example app `work_app`. One message at a time, three tries.
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let app = bench.app();
        let binding = |kind: &str, name: &str, direction: &str, more: Value| {
            let mut binding = json!({"type": kind, "name": name, "direction": direction});
            binding
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            binding
        };
        let queue = |name: &str, to: &str| binding("queue", name, "out", json!({"queueName": to}));
        for (function, bindings) in [
            (
                "tick",
                vec![
                    binding("timerTrigger", "timer", "in", json!({"schedule": "%TickSchedule%"})),
                    queue("msg", "work"),
                ],
            ),
            (
                "feed",
                vec![
                    binding(
                        "httpTrigger",
                        "req",
                        "in",
                        json!({"methods": ["post"], "route": "feed/{count:int?}"}),
                    ),
                    binding("http", "res", "out", json!({})),
                    queue("msg", "work"),
                ],
            ),
            (
                "copy",
                vec![
                    binding(
                        "httpTrigger",
                        "req",
                        "in",
                        json!({"methods": ["post"], "route": "copy/{name}"}),
                    ),
                    binding(
                        "blob",
                        "before",
                        "in",
                        json!({"path": "box/{name}.txt", "dataType": "string"}),
                    ),
                    binding("blob", "after", "out", json!({"path": "copies/{name}.txt"})),
                    binding("http", "res", "out", json!({})),
                ],
            ),
            (
                "work",
                vec![
                    binding("queueTrigger", "msg", "in", json!({"queueName": "work"})),
                    queue("poison", "work-poison"),
                    queue("result", "results"),
                ],
            ),
        ] {
            std::fs::create_dir_all(app.join(function)).unwrap();
            write(
                &app.join(function).join("function.json"),
                &json!({ "bindings": bindings }),
            );
        }
        let host = json!({
            "version": "2.0",
            "customHandler": {"description": {"defaultExecutablePath": example_app()}},
            "extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0, "maxDequeueCount": 3, "maxPollingInterval": "00:00:00.2000000"}},
        });
        write(&app.join("host.json"), &host);
        bench.settings(&[]);
        bench
    }

    pub(crate) fn app(&self) -> PathBuf {
        self.folder.path().join("function_apps/work_app")
    }

    /// Writes the app's settings; timers run once a year unless set otherwise.
    pub(crate) fn settings(&self, more: &[(&str, &str)]) {
        let folder = self.folder.path().to_str().unwrap();
        let mut values = json!({"Folder": folder, "TickSchedule": "0 0 0 1 1 *"});
        for (name, value) in more {
            values[*name] = json!(value);
        }
        write(
            &self.app().join("local.settings.json"),
            &json!({ "IsEncrypted": false, "Values": values }),
        );
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The messages that the queue function has finished, each once, sorted.
    pub(crate) fn done(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file("done.txt")).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// The workspace.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Changes a document of the app.
    pub(crate) fn edit(&self, document: &str, change: impl FnOnce(&mut Value)) {
        let path = self.app().join(document);
        let mut value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        write(&path, &value);
    }

    /// Gives the workspace a site of one page and its data's address.
    pub(crate) fn website(&self) {
        let folder = self.file("website");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), "the page").unwrap();
        std::fs::write(folder.join("404.html"), "no such page").unwrap();
        std::fs::write(folder.join("config.json"), r#"{"statusUrl":"public/status.json"}"#).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dev_host"));
        command.current_dir(self.folder.path()).args(arguments);
        command.args(ANY_PORTS);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command and presses Ctrl-C as soon as it prints a line that contains `part`. Gives all that it printed.
    pub(crate) fn run_until(&self, arguments: &[&str], part: &str) -> String {
        let mut child = self.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.contains(part) {
                interrupt(&child);
            }
            text.push_str(&line);
            text.push('\n');
        }
        assert_eq!(child.wait().unwrap().code(), Some(1), "{text}");
        text
    }

    /// Starts the development host and waits until all apps are ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> DevHost {
        let mut child = self.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let Ok(line) = line else { return };
                let line = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not a JSON line: {line}"));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut lines = Lines::new(lines);
        let started = lines.started();
        DevHost {
            child,
            lines,
            dashboard: started.dashboard,
            front: started.front,
        }
    }
}

impl DevHost {
    /// Waits for a line that contains `part` and gives its text.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        self.lines.wait(1, part)
    }

    /// Waits until `count` lines since the start contain `part`.
    pub(crate) fn wait(&mut self, count: usize, part: &str) -> String {
        self.lines.wait(count, part)
    }

    /// Whether a line that was read so far contains `part`.
    pub(crate) fn has_said(&self, part: &str) -> bool {
        self.lines.have(part)
    }

    /// What Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        interrupt(&self.child);
    }

    /// SIGKILL: nothing of it can tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What Ctrl-C does; gives whether it ended well.
    pub(crate) fn stop(self) -> bool {
        self.interrupt();
        self.ended_well()
    }

    /// Waits for its end.
    pub(crate) fn ended_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for DevHost {
    fn drop(&mut self) {
        // Ends the handlers as well, which a kill would leave to the next start.
        let pid = self.child.id().to_string();
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-INT", &pid]).status();
            let _ = self.child.wait();
        }
    }
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

fn write(path: &Path, document: &Value) {
    std::fs::write(path, document.to_string()).unwrap();
}

/// Built by cargo beside the tests.
fn example_app() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().unwrap().parent().unwrap().join("examples/work_app");
    assert!(
        path.is_file(),
        "{} is missing: run all tests of the package, which builds examples",
        path.display()
    );
    path
}
