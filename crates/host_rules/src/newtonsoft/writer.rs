use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

use crate::dotnet::{Value, double_text, single_text};

/// The value on one line, without blanks.
pub fn compact(value: &Value, zone: &TimeZone) -> String {
    let mut out = String::new();
    Writer {
        out: &mut out,
        zone,
        indent: None,
    }
    .write(value, 0);
    out
}

/// The value over several lines, two blanks per level.
pub fn indented(value: &Value, zone: &TimeZone) -> String {
    let mut out = String::new();
    Writer {
        out: &mut out,
        zone,
        indent: Some("  "),
    }
    .write(value, 0);
    out
}

struct Writer<'a> {
    out: &'a mut String,
    zone: &'a TimeZone,
    indent: Option<&'static str>,
}

impl Writer<'_> {
    fn write(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Boolean(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Integer(number) => self.out.push_str(&number.to_string()),
            Value::BigInteger(digits) => self.out.push_str(digits),
            Value::Decimal(digits) => self.number(digits),
            Value::Double(number) => self.number(&double_text(*number)),
            Value::Single(number) => self.number(&single_text(*number)),
            Value::String(text) => quote(self.out, text),
            Value::Bytes(bytes) => quote(self.out, &STANDARD.encode(bytes)),
            Value::DateTime(moment) => quote(self.out, &moment.iso_text(self.zone)),
            Value::DateTimeOffset(moment) => quote(self.out, &moment.iso_text()),
            Value::Array(items) => {
                self.sequence(('[', ']'), items.iter().map(|item| (None, item)), level);
            }
            Value::Object(members) => {
                self.sequence(
                    ('{', '}'),
                    members.iter().map(|(name, item)| (Some(name.as_str()), item)),
                    level,
                );
            }
        }
    }

    /// A number keeps its decimal point: `1` becomes `1.0`; what is no number becomes a string.
    fn number(&mut self, text: &str) {
        if matches!(text, "NaN" | "Infinity" | "-Infinity") {
            return quote(self.out, text);
        }
        self.out.push_str(text);
        if !text.contains(['.', 'E']) {
            self.out.push_str(".0");
        }
    }

    fn sequence<'v>(
        &mut self,
        brackets: (char, char),
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
        level: usize,
    ) {
        self.out.push(brackets.0);
        let mut any = false;
        for (name, item) in items {
            if any {
                self.out.push(',');
            }
            any = true;
            self.new_line(level + 1);
            if let Some(name) = name {
                quote(self.out, name);
                self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
            }
            self.write(item, level + 1);
        }
        if any {
            self.new_line(level);
        }
        self.out.push(brackets.1);
    }

    fn new_line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            for _ in 0..level {
                self.out.push_str(indent);
            }
        }
    }
}

/// Newtonsoft's default escaping: control characters, quotes, backslashes and the line separators U+0085, U+2028, U+2029.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{0}'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
