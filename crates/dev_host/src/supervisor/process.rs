//! One handler process: started in a group of its own, its lines read, its end explained.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::orphans::end_group;

/// How a handler is started.
#[derive(Clone, Debug)]
pub struct Executable {
    /// The program.
    pub program: PathBuf,
    /// Its arguments, from host.json.
    pub arguments: Vec<OsString>,
    /// Where it runs.
    pub folder: PathBuf,
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: Information in Azure.
    Out,
    /// Standard error: Error in Azure, or Warning when the line contains "warn".
    Error,
}

/// A running handler. Dropping it kills its whole process group.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid: u32,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    readers: Vec<JoinHandle<()>>,
}

/// The executable cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {}", .program.display())]
pub struct StartError {
    program: PathBuf,
    source: std::io::Error,
}

/// Lines kept to explain an exit.
const LAST_LINES: usize = 8;
/// A line longer than this is passed on in pieces: foreign output must not fill memory.
const LONGEST_LINE: u64 = 64 * 1024;

impl Process {
    /// Starts the handler with exactly these variables and passes on every line that it prints.
    ///
    /// # Errors
    /// The executable cannot be started.
    pub fn start(
        executable: &Executable,
        environment: &BTreeMap<String, String>,
        on_line: impl Fn(Stream, &str) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError {
            program: executable.program.clone(),
            source,
        };
        let mut command = Command::new(&executable.program);
        command.args(&executable.arguments).current_dir(&executable.folder);
        command.env_clear().envs(environment);
        // A group of its own: Ctrl-C in the terminal reaches the development host alone, which then ends the handlers
        // in order, and a kill reaches the handler's children too.
        command.process_group(0).kill_on_drop(true);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let pid = child
            .id()
            .ok_or_else(|| failed(std::io::Error::other("it ended at once")))?;
        let on_line = Arc::new(on_line);
        let last_lines = Arc::new(Mutex::new(VecDeque::with_capacity(LAST_LINES)));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read(stdout, Stream::Out, on_line.clone(), last_lines.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(read(stderr, Stream::Error, on_line, last_lines.clone()));
        }
        Ok(Self {
            child,
            pid,
            last_lines,
            readers,
        })
    }

    /// The process id, which is also the id of its group.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the end and for the last lines.
    ///
    /// # Errors
    /// The operating system cannot tell.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        // A grandchild may hold the pipe open; it goes down with the group.
        end_group(self.pid);
        for reader in self.readers.drain(..) {
            // A reader only ends early when it panicked; its lines are lost, the exit is not.
            let _ = reader.await;
        }
        Ok(status)
    }

    /// The last lines that it printed.
    pub fn last_lines(&self) -> Vec<String> {
        self.last_lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }

    /// Kills the group and waits for the end.
    pub async fn kill(&mut self) {
        end_group(self.pid);
        // An error means that it is gone already.
        let _ = self.wait().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After wait() the id may belong to another process.
        if self.child.id().is_some() {
            end_group(self.pid);
        }
    }
}

fn read(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    stream: Stream,
    on_line: Arc<impl Fn(Stream, &str) + Send + Sync + 'static>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut pipe).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                continue;
            }
            {
                let mut last = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
                if last.len() == LAST_LINES {
                    last.pop_front();
                }
                last.push_back(text.to_owned());
            }
            on_line(stream, text);
        }
    })
}

/// How a process ended, in words.
pub fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(64), _) => "exited with code 64 (bad or missing settings)".to_owned(),
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// The path of a handler's executable, as the host finds it: below the app root if it is there, otherwise as written.
pub fn locate(app_root: &Path, written: &str) -> PathBuf {
    let below = app_root.join(written);
    if below.is_file() { below } else { PathBuf::from(written) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn shell(script: &str) -> Executable {
        Executable {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            folder: std::env::temp_dir(),
        }
    }

    #[tokio::test]
    async fn lines_of_both_streams_arrive_before_the_end_does() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = lines.clone();
        let mut process = Process::start(
            &shell("echo out; echo err >&2; exit 3"),
            &BTreeMap::new(),
            move |stream, line| {
                seen.lock().unwrap().push((stream, line.to_owned()));
            },
        )
        .unwrap();
        let status = process.wait().await.unwrap();
        assert_eq!(describe(status), "exited with code 3");
        let lines = lines.lock().unwrap();
        assert!(lines.contains(&(Stream::Out, "out".into())) && lines.contains(&(Stream::Error, "err".into())));
        assert_eq!(process.last_lines().len(), 2);
    }

    #[tokio::test]
    async fn the_environment_is_exactly_what_was_given() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = lines.clone();
        let environment = [("ONLY".to_owned(), "this".to_owned())].into();
        let mut process = Process::start(
            &Executable {
                program: "/usr/bin/env".into(),
                arguments: vec![],
                folder: std::env::temp_dir(),
            },
            &environment,
            move |_, line| seen.lock().unwrap().push(line.to_owned()),
        )
        .unwrap();
        process.wait().await.unwrap();
        assert_eq!(*lines.lock().unwrap(), ["ONLY=this"]);
    }

    #[tokio::test]
    async fn a_kill_reaches_the_children_of_the_handler() {
        let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
        // `exec` keeps the shell's id: the line names the child that sleeps.
        let script = "/bin/sh -c 'echo $$; exec sleep 600' & wait";
        let environment = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into();
        let mut process = Process::start(&shell(script), &environment, move |_, line| {
            sender.send(line.to_owned()).unwrap();
        })
        .unwrap();
        let child: i32 = lines.recv().await.unwrap().parse().unwrap();
        let child = rustix::process::Pid::from_raw(child).unwrap();
        assert!(rustix::process::test_kill_process(child).is_ok());
        // A zombie until the system's first process has collected it, but it runs no more.
        let runs = || {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero()));
            let state = status.ok().and_then(|text| text.rsplit(") ").next()?.chars().next());
            !matches!(state, None | Some('Z' | 'X'))
        };
        let ended = async {
            process.kill().await;
            while runs() {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        assert!(determinism::Clock::system().timeout(limit, ended).await.is_ok());
    }

    #[tokio::test]
    async fn a_missing_executable_is_named() {
        let executable = Executable {
            program: "/nowhere/handler".into(),
            arguments: vec![],
            folder: "/".into(),
        };
        let error = Process::start(&executable, &BTreeMap::new(), |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "cannot start /nowhere/handler");
    }
}
