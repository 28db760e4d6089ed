//! The journal on disk: numbered files of JSON lines, the oldest removed when there are too many.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use super::record::{Line, Record, VERSION};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A file that has grown to this size is followed by a new one.
    pub file_bytes: u64,
    /// Files kept.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 8 * 1024 * 1024,
            files: 8,
        }
    }
}

/// The files of one journal folder, open for appending.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    limits: Limits,
    number: u64,
    file: File,
    written: u64,
}

impl Files {
    /// Opens the folder (making it if needed) and goes on in a new file: the last line of a killed run may be torn.
    ///
    /// # Errors
    /// The folder or the file cannot be made.
    pub(super) fn open(folder: &Path, limits: Limits) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let number = numbers(folder)?.last().map_or(1, |last| last + 1);
        let file = create(folder, number)?;
        let files = Self {
            folder: folder.to_path_buf(),
            limits,
            number,
            file,
            written: 0,
        };
        files.remove_oldest()?;
        Ok(files)
    }

    /// Appends one record.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn append(&mut self, record: &Record) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(&Line {
            v: VERSION,
            record: record.clone(),
        })?;
        line.push(b'\n');
        if self.written > 0 && self.written + line.len() as u64 > self.limits.file_bytes {
            self.number += 1;
            self.file = create(&self.folder, self.number)?;
            self.written = 0;
            self.remove_oldest()?;
        }
        // One write for the whole line: a kill leaves it there or not, and at most one torn line at the end.
        self.file.write_all(&line)?;
        self.written += line.len() as u64;
        Ok(())
    }

    fn remove_oldest(&self) -> std::io::Result<()> {
        let numbers = numbers(&self.folder)?;
        for number in numbers.iter().rev().skip(self.limits.files.max(1)) {
            std::fs::remove_file(path(&self.folder, *number))?;
        }
        Ok(())
    }
}

/// The readable records of the newest files, oldest first: of as many files as hold `invocations` beginnings, for older ones
/// would be forgotten at once, and reading them all makes every start slow. Torn lines and unknown versions are passed over.
///
/// # Errors
/// A file cannot be read.
pub(super) fn read(folder: &Path, invocations: usize) -> std::io::Result<Vec<Record>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let (mut files, mut begun) = (Vec::new(), 0);
    for number in numbers(folder)?.into_iter().rev() {
        if begun >= invocations {
            break;
        }
        let records = read_file(&path(folder, number))?;
        begun += records
            .iter()
            .filter(|record| matches!(record, Record::Started(_)))
            .count();
        files.push(records);
    }
    Ok(files.into_iter().rev().flatten().collect())
}

fn read_file(path: &Path) -> std::io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        match serde_json::from_slice::<Line>(&line?) {
            Ok(line) if line.v == VERSION => records.push(line.record),
            _ => {}
        }
    }
    Ok(records)
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.jsonl"))
}

fn create(folder: &Path, number: u64) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path(folder, number))
}

fn numbers(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let (Some(number), Some("jsonl")) = (stem, path.extension().and_then(|extension| extension.to_str())) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Content;
    use crate::journal::record::{LogLine, Started, TriggerKind};

    fn log(text: &str) -> Record {
        let at = "2026-11-20T10:00:00Z".parse().unwrap();
        Record::Log(LogLine {
            id: "i".into(),
            at,
            level: "INFO".into(),
            text: text.into(),
        })
    }

    fn texts(folder: &Path) -> Vec<String> {
        let text = |record| match record {
            Record::Log(line) => line.text,
            _ => panic!("not a log line"),
        };
        read(folder, 1).unwrap().into_iter().map(text).collect()
    }

    fn started(id: &str) -> Record {
        Record::Started(Started {
            id: id.into(),
            app: "app".into(),
            function: "f".into(),
            trigger: TriggerKind::Queue,
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            attempt: 1,
            parent: None,
            message: None,
            payload: Content::default(),
            request: Content::default(),
        })
    }

    #[test]
    fn only_the_newest_files_with_enough_invocations_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["ab", "c", "d"] {
            let mut files = Files::open(folder.path(), Limits::default()).unwrap();
            for id in file.chars() {
                files.append(&started(&id.to_string())).unwrap();
            }
        }
        let read = |invocations| -> String {
            let id = |record| match record {
                Record::Started(started) => started.id,
                _ => panic!("not a beginning"),
            };
            read(folder.path(), invocations).unwrap().into_iter().map(id).collect()
        };
        assert_eq!([read(1), read(2), read(3), read(9)], ["d", "cd", "abcd", "abcd"]);
    }

    #[test]
    fn records_come_back_in_order_across_restarts() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            Files::open(folder.path(), Limits::default())
                .unwrap()
                .append(&log(text))
                .unwrap();
        }
        assert_eq!(texts(folder.path()), ["one", "two"]);
    }

    #[test]
    fn the_oldest_files_go_when_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits {
            file_bytes: 300,
            files: 3,
        };
        let mut files = Files::open(folder.path(), limits).unwrap();
        for n in 0..50 {
            files.append(&log(&format!("line {n}"))).unwrap();
        }
        let kept = texts(folder.path());
        assert_eq!(kept.last().unwrap(), "line 49");
        assert!(kept.len() < 12, "{kept:?}");
        let sizes: Vec<u64> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|e| e.unwrap().metadata().unwrap().len())
            .collect();
        assert!(sizes.len() <= 3 && sizes.iter().all(|size| *size <= 300), "{sizes:?}");
    }

    #[test]
    fn a_torn_last_line_and_an_unknown_version_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        Files::open(folder.path(), Limits::default())
            .unwrap()
            .append(&log("whole"))
            .unwrap();
        let file = path(folder.path(), 1);
        let mut text = std::fs::read_to_string(&file).unwrap();
        text.push_str("{\"v\":99,\"kind\":\"log\"}\n{\"v\":1,\"kind\":\"lo");
        std::fs::write(&file, text).unwrap();
        assert_eq!(texts(folder.path()), ["whole"]);
    }
}
