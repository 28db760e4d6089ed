//! What a handler's line says about itself: level, invocation, text.

use serde::Deserialize;

use super::Stream;
use crate::console::Level;

/// A line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerLine {
    /// Its level.
    pub level: Level,
    /// The invocation that it names: a whole id, or the beginning of one.
    pub invocation: Option<String>,
    /// What is left to show.
    pub text: String,
    /// Whether it has a form of the SDK.
    pub structured: bool,
}

#[derive(Deserialize)]
struct JsonLine {
    level: String,
    message: String,
    invocation: Option<String>,
    #[serde(default)]
    fields: serde_json::Map<String, serde_json::Value>,
}

impl HandlerLine {
    /// Reads the forms that the SDK prints (text and JSON). Any other line keeps its text; its level is the one that
    /// Azure gives it: Information for standard output; for standard error Error, or Warning if it contains "warn".
    pub fn parse(stream: Stream, line: &str) -> Self {
        let structured = match line.starts_with('{') {
            true => from_json(line),
            false => from_text(line),
        };
        structured.unwrap_or_else(|| Self {
            level: match stream {
                Stream::Out => Level::Info,
                Stream::Error if line.to_ascii_lowercase().contains("warn") => Level::Warn,
                Stream::Error => Level::Error,
            },
            invocation: None,
            text: line.to_owned(),
            structured: false,
        })
    }
}

fn from_json(line: &str) -> Option<HandlerLine> {
    let line: JsonLine = serde_json::from_str(line).ok()?;
    let mut text = line.message;
    for (name, value) in &line.fields {
        match value {
            serde_json::Value::String(value) => text.push_str(&format!(" {name}={value}")),
            value => text.push_str(&format!(" {name}={value}")),
        }
    }
    Some(HandlerLine {
        level: level(&line.level)?,
        invocation: line.invocation,
        text,
        structured: true,
    })
}

/// `14:02:07.123  INFO function 3f2a9c11 text`, the invocation's part only inside one.
fn from_text(line: &str) -> Option<HandlerLine> {
    let (time, rest) = line.split_once(' ')?;
    let is_time = time.len() == 12
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    if !is_time {
        return None;
    }
    let (word, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    let level = level(word)?;
    let rest = rest.trim_start();
    let tagged = rest.split_once(' ').and_then(|(_function, rest)| {
        let (id, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_id = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| (id.to_owned(), text.to_owned()))
    });
    let (invocation, text) = match tagged {
        Some((id, text)) => (Some(id), text),
        None => (None, rest.to_owned()),
    };
    Some(HandlerLine {
        level,
        invocation,
        text,
        structured: true,
    })
}

fn level(word: &str) -> Option<Level> {
    Some(match word {
        "ERROR" => Level::Error,
        "WARN" => Level::Warn,
        "INFO" => Level::Info,
        "DEBUG" | "TRACE" => Level::Debug,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (Level, Option<String>, String) {
        let line = HandlerLine::parse(Stream::Out, line);
        (line.level, line.invocation, line.text)
    }

    #[test]
    fn the_forms_of_the_sdk_are_taken_apart() {
        assert_eq!(
            parse("14:02:07.123  WARN check_mirror 3f2a9c11 no answer mirror=x"),
            (Level::Warn, Some("3f2a9c11".into()), "no answer mirror=x".into())
        );
        assert_eq!(
            parse("14:02:07.123 INFO  listening on 127.0.0.1:4567"),
            (Level::Info, None, "listening on 127.0.0.1:4567".into())
        );
        assert_eq!(
            parse(r#"{"level":"ERROR","message":"bad","invocation":"3f2a9c11-1","fields":{"n":3,"s":"x"}}"#),
            (Level::Error, Some("3f2a9c11-1".into()), "bad n=3 s=x".into())
        );
    }

    #[test]
    fn other_lines_get_the_level_that_azure_gives_them() {
        assert_eq!(parse("hello"), (Level::Info, None, "hello".into()));
        assert_eq!(parse("{not json"), (Level::Info, None, "{not json".into()));
        let level = |text| HandlerLine::parse(Stream::Error, text).level;
        assert_eq!([level("oh no"), level("a Warning")], [Level::Error, Level::Warn]);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_shown(line in ".{0,80}") {
            let _ = HandlerLine::parse(Stream::Out, &line);
        }
    }
}
