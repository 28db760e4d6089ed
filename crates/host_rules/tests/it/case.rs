//! Reads the captured cases.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use host_rules::dotnet::{DateTime, DateTimeKind, DateTimeOffset, Value};
use host_rules::function::Function;
use host_rules::newtonsoft::{DateParsing, Reader};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions_protocol/fixtures")
}

/// The names of the files in a folder of fixtures, without `.json`.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(fixtures().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect()
}

/// A file of cases, by its path below the fixtures folder.
pub(crate) fn cases(file: &str) -> Vec<Json> {
    let path = fixtures().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn text<'a>(case: &'a Json, pointer: &str) -> &'a str {
    case.pointer(pointer)
        .and_then(Json::as_str)
        .unwrap_or_else(|| panic!("no text at {pointer} in {case}"))
}

pub(crate) fn name(case: &Json) -> &str {
    text(case, "/name")
}

pub(crate) fn zone(case: &Json) -> TimeZone {
    case.get("zone")
        .and_then(Json::as_str)
        .map_or(TimeZone::UTC, |name| TimeZone::get(name).unwrap())
}

pub(crate) fn function(case: &Json) -> Function {
    let document = case.pointer("/function").unwrap();
    Function::read(text(document, "/name"), &document.to_string()).unwrap()
}

/// A .NET value as the cases describe it.
pub(crate) fn value(described: &Json, zone: &TimeZone) -> Value {
    let kind = text(described, "/type");
    let given = described.get("value");
    match kind {
        "null" => Value::Null,
        "string" => Value::from(given.unwrap().as_str().unwrap()),
        "byte[]" | "stream of bytes" => Value::Bytes(STANDARD.decode(text(described, "/base64")).unwrap()),
        "DateTime" => date_time(text(described, "/value"), text(described, "/kind")),
        "DateTimeOffset" => {
            let (wall, offset) = split_offset(text(described, "/value"));
            Value::DateTimeOffset(DateTimeOffset {
                wall,
                offset: offset.unwrap(),
            })
        }
        "Double" | "Single" => {
            let given = given.unwrap();
            let number = given.as_f64().unwrap_or_else(|| match given.as_str().unwrap() {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                other => panic!("{other}"),
            });
            if kind == "Single" {
                Value::Single(given.to_string().parse().unwrap())
            } else {
                Value::Double(number)
            }
        }
        "Decimal" => Value::Decimal(text(described, "/json").to_owned()),
        "Boolean" => Value::Boolean(given.unwrap().as_bool().unwrap()),
        _ => {
            let document = match (given, described.get("json")) {
                (Some(given), _) => given.to_string(),
                (_, Some(json)) => json.as_str().unwrap().to_owned(),
                _ => panic!("no value in {described}"),
            };
            Reader::new(&document, zone)
                .with_dates(DateParsing::Off)
                .read_document()
                .unwrap()
        }
    }
}

fn split_offset(text: &str) -> (jiff::civil::DateTime, Option<jiff::tz::Offset>) {
    let digits = text.trim_end_matches('Z');
    let sign = digits
        .char_indices()
        .skip(19)
        .find(|(_, c)| matches!(c, '+' | '-'))
        .map(|(index, _)| index);
    let (wall, offset) = digits.split_at(sign.unwrap_or(digits.len()));
    let offset = sign.map(|_| {
        let minutes: i32 = offset[1..3].parse::<i32>().unwrap() * 60 + offset[4..6].parse::<i32>().unwrap();
        let seconds = minutes * 60;
        jiff::tz::Offset::from_seconds(if offset.starts_with('-') { -seconds } else { seconds }).unwrap()
    });
    (wall.parse().unwrap(), offset)
}

fn date_time(text: &str, kind: &str) -> Value {
    let (wall, _) = split_offset(text);
    let kind = match kind {
        "Utc" => DateTimeKind::Utc,
        "Local" => DateTimeKind::Local,
        _ => DateTimeKind::Unspecified,
    };
    Value::DateTime(DateTime { wall, kind })
}

/// A JSON document in which numbers keep their text and members stand in order of their names.
pub(crate) fn canonical(document: &str) -> String {
    let parsed = Reader::new(document, &TimeZone::UTC)
        .with_dates(DateParsing::Off)
        .with_maximum_depth(400)
        .read_document()
        .unwrap_or_else(|error| panic!("{error}: {document}"));
    let mut out = String::new();
    write(&mut out, &parsed);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            out.push('{');
            for (name, value) in members {
                out.push_str(&format!("{name:?}:"));
                write(out, value);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write(out, item);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&host_rules::newtonsoft::compact(scalar, &TimeZone::UTC)),
    }
}
