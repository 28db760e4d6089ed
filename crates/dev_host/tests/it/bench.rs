//! A workspace in a temporary folder, and the development host running in it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A running development host; killed when dropped.
pub(crate) struct DevHost {
    child: Child,
    lines: Receiver<Value>,
    seen: Vec<Value>,
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

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dev_host"));
        command.current_dir(self.folder.path()).args(arguments);
        command.args(["--json", "--port", "0", "--dashboard-port", "0", "--storage-port", "0"]);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
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
        let mut host = DevHost {
            child,
            lines,
            seen: Vec::new(),
            dashboard: String::new(),
            front: String::new(),
        };
        host.dashboard = address(&host.wait_for("dashboard: "));
        let row = host
            .seen
            .iter()
            .find_map(|line| line["text"].as_str()?.strip_prefix("feed http "))
            .unwrap();
        host.front = address(row);
        host.wait_for("all apps are ready");
        host
    }
}

impl DevHost {
    /// Waits for a line that contains `part` and gives its text.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        self.wait(1, part)
    }

    /// Waits until `count` lines since the start contain `part`.
    pub(crate) fn wait(&mut self, count: usize, part: &str) -> String {
        loop {
            let found: Vec<&str> = self
                .seen
                .iter()
                .filter_map(|line| line["text"].as_str())
                .filter(|text| text.contains(part))
                .collect();
            if found.len() >= count {
                return found[found.len() - 1].to_owned();
            }
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(line),
                Err(_) => panic!("no {count} lines with {part:?} among: {:#?}", self.seen),
            }
        }
    }

    /// SIGKILL: nothing of it can tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What Ctrl-C does; gives whether it ended well.
    pub(crate) fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
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

/// `127.0.0.1:<port>` of the first URL in a text.
fn address(text: &str) -> String {
    let url = &text[text.find("http://").unwrap() + "http://".len()..];
    let end = url.find(['/', ' ']).unwrap_or(url.len());
    url[..end].replace("localhost", "127.0.0.1")
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
