use jiff::tz::TimeZone;

use super::date;
use crate::dotnet::Value;

/// Whether text that looks like an ISO timestamp becomes a date while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateParsing {
    /// The default of every reader of the host.
    DateTime,
    /// Text stays text.
    Off,
}

/// Why a text is no JSON even for Newtonsoft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct SyntaxError {
    /// What the reader met.
    pub message: String,
    /// Where, in bytes from the start.
    pub offset: usize,
}

/// Reads values from a text one after the other, with `JsonTextReader`'s tolerance.
///
/// Accepted beyond JSON: comments, single quotes, bare member names, trailing commas, `NaN` and infinities, hexadecimal and
/// octal integers, raw line breaks in strings, NUL between tokens, anything after the first value. `new Date(...)` is refused.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    dates: DateParsing,
    zone: &'a TimeZone,
    maximum_depth: usize,
}

impl<'a> Reader<'a> {
    /// The nesting that Newtonsoft allows unless told otherwise.
    pub const DEFAULT_DEPTH: usize = 64;

    /// A reader from the start of a text. `zone` is the host's: timestamps with an offset are moved to it.
    pub fn new(text: &'a str, zone: &'a TimeZone) -> Self {
        Self {
            text,
            at: 0,
            dates: DateParsing::DateTime,
            zone,
            maximum_depth: Self::DEFAULT_DEPTH,
        }
    }

    /// Allows this many nested arrays and objects (the recursion of this reader is as deep, so keep it in the hundreds).
    #[must_use]
    pub fn with_maximum_depth(self, maximum_depth: usize) -> Self {
        Self { maximum_depth, ..self }
    }

    /// Reads text as `dates` says.
    #[must_use]
    pub fn with_dates(self, dates: DateParsing) -> Self {
        Self { dates, ..self }
    }

    /// The whole text as one value: what `JToken.Parse` does. Only comments and blanks may follow.
    pub fn read_document(mut self) -> Result<Value, SyntaxError> {
        let value = self
            .read_first()?
            .ok_or_else(|| self.error("Error reading JSON: no value"))?;
        self.skip_blanks_and_comments()?;
        if self.at < self.text.len() {
            return Err(self.error("Additional text encountered after finished reading JSON content"));
        }
        Ok(value)
    }

    /// The first value of the text, whatever follows; `None` when there is nothing but blanks and comments.
    pub fn read_first(&mut self) -> Result<Option<Value>, SyntaxError> {
        self.skip_blanks_and_comments()?;
        if self.at >= self.text.len() {
            Ok(None)
        } else {
            self.value(0).map(Some)
        }
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            offset: self.at,
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The text that was read since a position.
    pub(crate) fn text_since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// Reads with text left alone, then as before.
    pub(crate) fn without_dates<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let dates = std::mem::replace(&mut self.dates, DateParsing::Off);
        let value = read(self);
        self.dates = dates;
        value
    }

    fn advance(&mut self, character: char) {
        self.at += character.len_utf8();
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_blanks(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace() || *c == '\0') {
            self.advance(c);
        }
    }

    pub(crate) fn skip_blanks_and_comments(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.skip_blanks();
            if self.eat("/*") {
                let Some(length) = self.text[self.at..].find("*/") else {
                    return Err(self.error("Unexpected end while parsing comment"));
                };
                self.at += length + 2;
            } else if self.eat("//") {
                self.at += self.text[self.at..]
                    .find(['\r', '\n'])
                    .unwrap_or(self.text.len() - self.at);
            } else {
                return Ok(());
            }
        }
    }

    pub(crate) fn value(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let Some(first) = self.peek() else {
            return Err(self.error("Unexpected end when reading JSON"));
        };
        match first {
            '"' | '\'' => {
                let text = self.string(first)?;
                if self.dates == DateParsing::DateTime
                    && let Some(moment) = date::sniff(&text, self.zone)
                {
                    return Ok(Value::DateTime(moment));
                }
                Ok(Value::String(text))
            }
            '{' => self.object(depth + 1),
            '[' => self.array(depth + 1),
            't' => self.word("true", Value::Boolean(true)),
            'f' => self.word("false", Value::Boolean(false)),
            'n' => self.word("null", Value::Null),
            'u' => self.word("undefined", Value::Null),
            'N' => self.word("NaN", Value::Double(f64::NAN)),
            'I' => self.word("Infinity", Value::Double(f64::INFINITY)),
            '-' if self.text[self.at..].starts_with("-I") => self.word("-Infinity", Value::Double(f64::NEG_INFINITY)),
            '-' | '.' | '0'..='9' => self.number(),
            other => Err(self.error(format!("Unexpected character encountered while parsing value: {other}"))),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, SyntaxError> {
        if self.eat(word) && self.at_separator() {
            return Ok(value);
        }
        Err(self.error("Error parsing a literal value"))
    }

    /// Whether a word or number ends here.
    fn at_separator(&self) -> bool {
        self.peek()
            .is_none_or(|c| matches!(c, '}' | ']' | ',' | ')' | '/' | '\0') || c.is_whitespace())
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '-' | '+' | '.' | 'x' | 'X');
        let literal = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let invalid = self.error(format!("Input string '{literal}' is not a valid number"));
        self.at += literal.len();
        if !self.at_separator() {
            return Err(self.error("Unexpected character encountered while parsing number"));
        }
        parse_number(literal).ok_or(invalid)
    }

    fn enter(&self, depth: usize) -> Result<(), SyntaxError> {
        if depth > self.maximum_depth {
            return Err(self.error(format!(
                "The reader's MaxDepth of {} has been exceeded",
                self.maximum_depth
            )));
        }
        Ok(())
    }

    pub(crate) fn object(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut members: Vec<(String, Value)> = Vec::new();
        self.members(depth, |reader, name| {
            let value = reader.value(depth)?;
            // A repeated name replaces the value and keeps its first place.
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => members.push((name, value)),
            }
            Ok(())
        })?;
        Ok(Value::Object(members))
    }

    /// Walks an object; `member` must read the value that follows each name.
    pub(crate) fn members(
        &mut self,
        depth: usize,
        mut member: impl FnMut(&mut Self, String) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        self.enter(depth)?;
        self.advance('{');
        loop {
            self.skip_blanks_and_comments()?;
            if self.eat("}") {
                return Ok(());
            }
            let name = self.member_name()?;
            self.skip_blanks();
            if !self.eat(":") {
                return Err(self.error("Invalid character after parsing property name. Expected ':'"));
            }
            self.skip_blanks_and_comments()?;
            member(self, name)?;
            self.skip_blanks_and_comments()?;
            if !self.eat(",") && self.peek() != Some('}') {
                return Err(self.after_value());
            }
        }
    }

    fn member_name(&mut self) -> Result<String, SyntaxError> {
        match self.peek() {
            None => Err(self.error("Unexpected end when reading JSON")),
            Some(quote @ ('"' | '\'')) => self.string(quote),
            Some(first) if is_identifier(first) => {
                let rest = &self.text[self.at..];
                let name = &rest[..rest.find(|c| !is_identifier(c)).unwrap_or(rest.len())];
                self.at += name.len();
                Ok(name.to_owned())
            }
            Some(other) => Err(self.error(format!("Invalid property identifier character: {other}"))),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let mut items = Vec::new();
        self.items(depth, |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    /// Walks an array; `item` must read one element. A comma with nothing before it counts as an undefined element there,
    /// which is refused here.
    pub(crate) fn items(
        &mut self,
        depth: usize,
        mut item: impl FnMut(&mut Self) -> Result<(), SyntaxError>,
    ) -> Result<(), SyntaxError> {
        self.enter(depth)?;
        self.advance('[');
        loop {
            self.skip_blanks_and_comments()?;
            if self.eat("]") {
                return Ok(());
            }
            item(self)?;
            self.skip_blanks_and_comments()?;
            if !self.eat(",") && self.peek() != Some(']') {
                return Err(self.after_value());
            }
        }
    }

    fn after_value(&self) -> SyntaxError {
        match self.peek() {
            None => self.error("Unexpected end when reading JSON"),
            Some(c) => self.error(format!(
                "After parsing a value an unexpected character was encountered: {c}"
            )),
        }
    }

    pub(crate) fn string(&mut self, quote: char) -> Result<String, SyntaxError> {
        self.advance(quote);
        let mut text = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(self.error(format!("Unterminated string. Expected delimiter: {quote}")));
            };
            self.advance(character);
            match character {
                '\\' => self.escape(&mut text)?,
                end if end == quote => return Ok(text),
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), SyntaxError> {
        let Some(character) = self.peek() else {
            return Err(self.error("Unterminated string"));
        };
        self.advance(character);
        text.push(match character {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '\\' | '"' | '\'' | '/' => character,
            'u' => {
                let unit = self.code_unit()?;
                return self.code_point(unit, text);
            }
            other => return Err(self.error(format!("Bad JSON escape sequence: \\{other}"))),
        });
        Ok(())
    }

    /// Half of a pair that stands alone becomes U+FFFD.
    fn code_point(&mut self, mut unit: u16, text: &mut String) -> Result<(), SyntaxError> {
        while (0xd800..0xdc00).contains(&unit) {
            if !self.eat("\\u") {
                text.push(char::REPLACEMENT_CHARACTER);
                return Ok(());
            }
            let next = self.code_unit()?;
            match char::decode_utf16([unit, next]).next() {
                Some(Ok(character)) => {
                    text.push(character);
                    return Ok(());
                }
                _ => text.push(char::REPLACEMENT_CHARACTER),
            }
            unit = next;
        }
        text.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u16, SyntaxError> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.error("Invalid Unicode escape sequence"))?;
        self.at += 4;
        Ok(unit)
    }
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

fn parse_number(literal: &str) -> Option<Value> {
    let other_base =
        literal.len() > 1 && literal.starts_with('0') && !matches!(literal.as_bytes()[1], b'.' | b'e' | b'E');
    if other_base {
        let hexadecimal = literal.strip_prefix("0x").or_else(|| literal.strip_prefix("0X"));
        let parsed = match hexadecimal {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => u64::from_str_radix(literal, 8),
        };
        // Convert.ToInt64 with a base reads two's complement.
        return parsed.ok().map(|bits| Value::Integer(bits.cast_signed()));
    }
    let magnitude = literal.strip_prefix('-').unwrap_or(literal);
    if !magnitude.is_empty() && magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
        const LONGEST_INTEGER: usize = 380;
        return (literal.len() <= LONGEST_INTEGER).then(|| Value::integer(literal));
    }
    // Rust's own parser also knows "inf" and "nan"; letters other than the exponent cannot be part of a number here.
    if literal
        .bytes()
        .any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'))
    {
        return None;
    }
    literal.parse().ok().map(Value::Double)
}
