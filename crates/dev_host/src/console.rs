//! What the developer reads in the terminal: one line per event, by app in colour, or JSON lines.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use determinism::Clock;
use jiff::tz::TimeZone;
use serde::Serialize;

/// Weight of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Detail for looking closer.
    Debug,
    /// What happens.
    Info,
    /// Something a developer should look at.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// The word shown, padded to five characters by the console.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text with colours.
    Coloured,
    /// Text.
    Plain,
    /// One JSON object per line.
    Json,
}

impl Style {
    /// The style for standard output: JSON when asked for; colours only on a terminal without `NO_COLOR`.
    pub fn for_stdout(json: bool, no_colour: bool) -> Self {
        match json {
            true => Self::Json,
            false if no_colour || !std::io::stdout().is_terminal() => Self::Plain,
            false => Self::Coloured,
        }
    }
}

/// The terminal. Clones write to the same place; a line is never torn.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    clock: Clock,
    zone: TimeZone,
    style: Style,
    apps: Mutex<Vec<String>>,
    out: Mutex<Box<dyn Write + Send>>,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    time: String,
    app: &'a str,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation: Option<&'a str>,
    text: &'a str,
}

/// The name under which the development host itself speaks.
pub const HOST: &str = "dev_host";
/// Bright, well separated on light and dark: cyan, green, magenta, yellow, blue, bright red.
const COLOURS: [&str; 6] = ["36", "32", "35", "33", "34", "91"];

impl Console {
    /// A console that writes to `out`. `zone` is the zone of the times shown.
    pub fn new(clock: Clock, zone: TimeZone, style: Style, out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Inner {
            clock,
            zone,
            style,
            apps: Mutex::default(),
            out: Mutex::new(out),
        }))
    }

    /// The style in use.
    pub fn style(&self) -> Style {
        self.0.style
    }

    /// One line of an app (or of [`HOST`]), optionally of an invocation.
    pub fn line(&self, app: &str, level: Level, invocation: Option<&str>, text: &str) {
        let now = self.0.clock.now();
        let line = match self.0.style {
            Style::Json => {
                let line = JsonLine {
                    time: now.to_string(),
                    app,
                    level,
                    invocation,
                    text,
                };
                serde_json::to_string(&line).unwrap_or_default()
            }
            style => {
                let time = now.to_zoned(self.0.zone.clone()).strftime("%H:%M:%S").to_string();
                let (colour, width) = self.lane(app);
                human(
                    style == Style::Coloured,
                    &time,
                    app,
                    width,
                    colour,
                    level,
                    invocation,
                    text,
                )
            }
        };
        self.write(&line);
    }

    /// A line of the development host.
    pub fn host(&self, level: Level, text: &str) {
        self.line(HOST, level, None, text);
    }

    /// Text that is only for people (the table at start); left out of JSON lines.
    pub fn block(&self, text: &str) {
        if self.0.style != Style::Json {
            self.write(text);
        }
    }

    /// Tells the console the names that will speak, so that columns line up from the first line.
    pub fn introduce(&self, apps: impl IntoIterator<Item = String>) {
        self.0.apps.lock().unwrap_or_else(PoisonError::into_inner).extend(apps);
    }

    fn lane(&self, app: &str) -> (&'static str, usize) {
        let mut apps = self.0.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if app != HOST && !apps.iter().any(|known| known == app) {
            apps.push(app.to_owned());
        }
        let width = apps
            .iter()
            .map(String::len)
            .chain([HOST.len()])
            .max()
            .unwrap_or_default();
        let colour = apps
            .iter()
            .position(|known| known == app)
            .map_or("90", |index| COLOURS[index % COLOURS.len()]);
        (colour, width)
    }

    fn write(&self, line: &str) {
        let mut out = self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed terminal must not end the apps' work: there is nobody left to tell.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

#[expect(clippy::too_many_arguments, reason = "the columns of one line")]
fn human(
    coloured: bool,
    time: &str,
    app: &str,
    width: usize,
    colour: &str,
    level: Level,
    invocation: Option<&str>,
    text: &str,
) -> String {
    let tag = invocation.map(|id| format!("[{}] ", tag(id))).unwrap_or_default();
    let text = printable(text);
    if !coloured {
        return format!("{time} {app:<width$} {:<5} {tag}{text}", level.word());
    }
    let level_colour = match level {
        Level::Debug => "90",
        Level::Info => "0",
        Level::Warn => "33",
        Level::Error => "31",
    };
    format!(
        "\x1b[90m{time}\x1b[0m \x1b[{colour}m{app:<width$}\x1b[0m \x1b[{level_colour}m{:<5}\x1b[0m \x1b[90m{tag}\x1b[0m{text}",
        level.word()
    )
}

/// The four characters by which an invocation is recognised in a line.
pub fn tag(invocation: &str) -> &str {
    invocation.get(..4).unwrap_or(invocation)
}

/// Control characters would let foreign text move the cursor or fake lines.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\t' { '·' } else { c })
        .collect()
}

/// Output to a buffer that a test can read.
#[cfg(test)]
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(style: Style) -> (Console, Captured) {
        let (clock, _) = Clock::manual("2026-11-20T14:02:07Z".parse().unwrap());
        let out = Captured::default();
        (Console::new(clock, TimeZone::UTC, style, Box::new(out.clone())), out)
    }

    #[test]
    fn a_line_has_time_app_level_invocation_and_text() {
        let (console, out) = console(Style::Plain);
        console.introduce(["scan_repos".to_owned()]);
        console.line("scan_repos", Level::Info, Some("3f2a9c11-0000"), "audited 214 packages");
        console.host(Level::Warn, "slow");
        assert_eq!(
            out.text(),
            "14:02:07 scan_repos INFO  [3f2a] audited 214 packages\n14:02:07 dev_host   WARN  slow\n"
        );
    }

    #[test]
    fn colours_appear_only_in_the_coloured_style() {
        let (plain, out) = console(Style::Plain);
        plain.line("a", Level::Error, None, "x");
        assert!(!out.text().contains('\x1b'));
        let (coloured, out) = console(Style::Coloured);
        coloured.line("a", Level::Error, None, "x");
        assert!(out.text().contains("\x1b[36ma"), "{:?}", out.text());
    }

    #[test]
    fn json_lines_carry_the_whole_invocation_id_and_skip_blocks() {
        let (console, out) = console(Style::Json);
        console.block("a table");
        console.line("a", Level::Info, Some("3f2a9c11"), "two\nlines");
        let line: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
        assert_eq!(line["invocation"], "3f2a9c11");
        assert_eq!(line["text"], "two\nlines");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn foreign_text_cannot_control_the_terminal() {
        let (console, out) = console(Style::Plain);
        console.line("a", Level::Info, None, "evil\x1b[2J\r\nfake");
        assert_eq!(out.text(), "14:02:07 a        INFO  evil·[2J··fake\n");
    }
}
