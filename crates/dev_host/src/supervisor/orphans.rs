//! Handlers that outlived a killed development host: remembered in a file, ended at the next start.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process_group};

/// The file that lists the handler processes now running. One line each: process id and start mark.
#[derive(Clone, Debug)]
pub struct Roster {
    path: PathBuf,
}

impl Roster {
    /// The roster in the state folder.
    pub fn at(state: &Path) -> Self {
        Self {
            path: state.join("handlers.pids"),
        }
    }

    /// Ends every handler that the file still lists and that is still the same process, and clears the file.
    /// Gives how many were ended.
    ///
    /// # Errors
    /// The file cannot be read or cleared.
    pub fn end_orphans(&self) -> std::io::Result<usize> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut ended = 0;
        for line in text.lines() {
            let Some((pid, mark)) = line.split_once(' ') else {
                continue;
            };
            let Ok(pid) = pid.parse::<u32>() else { continue };
            // A process id is used again sooner or later; only the same start time is the same process.
            if start_mark(pid).as_deref() == Some(mark) && end_group(pid) {
                ended += 1;
            }
        }
        std::fs::remove_file(&self.path)?;
        Ok(ended)
    }

    /// Writes down a handler that was just started.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&self, pid: u32) -> std::io::Result<()> {
        use std::io::Write;
        let Some(mark) = start_mark(pid) else { return Ok(()) };
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{pid} {mark}\n").as_bytes())
    }

    /// Forgets all: every handler has ended.
    pub fn clear(&self) {
        // Nothing is lost when it stays: the start marks no longer match anything.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Kills the process group that `pid` leads, as the host kills its handler. False when there is none.
pub(super) fn end_group(pid: u32) -> bool {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    group.is_some_and(|group| kill_process_group(group, Signal::KILL).is_ok())
}

/// Something about a process that differs for the next process with its id: when it started.
fn start_mark(pid: u32) -> Option<String> {
    if let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The name in brackets may hold spaces; the start time is the 20th field after it.
        return Some(stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned());
    }
    let ps = std::process::Command::new("ps")
        .args(["-o", "lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let mark = String::from_utf8(ps.stdout)
        .ok()?
        .trim()
        .replace(char::is_whitespace, "_");
    (!mark.is_empty()).then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::os::unix::process::ExitStatusExt;

    fn sleeper() -> std::process::Child {
        std::process::Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_handler_left_over_is_ended_and_the_list_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let roster = Roster::at(folder.path());
        let mut child = sleeper();
        roster.add(child.id()).unwrap();
        assert_eq!(roster.end_orphans().unwrap(), 1);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert_eq!(roster.end_orphans().unwrap(), 0);
    }

    #[test]
    fn another_process_with_the_same_id_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = sleeper();
        std::fs::write(folder.path().join("handlers.pids"), format!("{} 12\n", child.id())).unwrap();
        assert_eq!(Roster::at(folder.path()).end_orphans().unwrap(), 0);
        assert!(child.try_wait().unwrap().is_none());
        assert!(end_group(child.id()));
        child.wait().unwrap();
    }
}
