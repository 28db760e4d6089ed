//! "In Azure this would …": said once per function and subject.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::console::{Console, Level};

/// Remembers what has been said.
#[derive(Debug, Default)]
pub struct Warnings(Mutex<HashSet<(String, &'static str)>>);

impl Warnings {
    /// Says it unless this function has been told about this subject. Gives whether it was said.
    pub fn once(&self, console: &Console, app: &str, function: &str, subject: &'static str, text: &str) -> bool {
        let key = (format!("{app}/{function}"), subject);
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        if fresh {
            console.line(app, Level::Warn, None, &format!("{function}: in Azure {text}"));
        }
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Captured, Style};
    use determinism::Clock;

    #[test]
    fn each_function_is_told_once_per_subject() {
        let (clock, _) = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let out = Captured::default();
        let console = Console::new(clock, jiff::tz::TimeZone::UTC, Style::Plain, Box::new(out.clone()));
        let warnings = Warnings::default();
        for function in ["f", "f", "g"] {
            warnings.once(&console, "app", function, "logs", "the logs would be lost");
        }
        assert_eq!(out.text().lines().count(), 2);
        assert!(out.text().contains("f: in Azure the logs would be lost"));
    }
}
