//! Where this host is kinder than Azure, or where an answer probably does not mean what it should.

use functions_protocol::function_json::AuthLevel;
use host_rules::dotnet::{Value, convert_from_base64};
use host_rules::function::DataType;
use host_rules::wire::{HandlerAnswer, read_answer};

use super::Event;
use crate::app::{Function, Trigger};
use crate::host::{Host, RunningApp};

/// Warns, once per function, of a caller without a key where Azure would refuse one.
pub(super) fn look_at_keys(host: &Host, app: &RunningApp, function: &Function, event: &Event) {
    if let (Event::Http(_), Trigger::Http { level, .. }, None) = (event, &function.trigger, &host.keys)
        && *level != AuthLevel::Anonymous
    {
        let text = "callers need a key, which is not asked for here; cargo dev --keys asks for it";
        host.warnings
            .once(&host.console, &app.app.name, &function.name, "keys", text);
    }
}

/// Looks at an answer and warns, once per function and subject.
pub(super) fn look(host: &Host, app: &RunningApp, function: &Function, answer: &HandlerAnswer) {
    let HandlerAnswer::Response(response) = answer else {
        return;
    };
    let warn = |subject, text: &str| {
        let text = host.redactor.redact(text);
        host.warnings
            .once(&host.console, &app.app.name, &function.name, subject, &text);
    };
    if !(200..300).contains(&response.status) {
        if mentions_logs(&response.body) {
            let text = "the Logs of an answer with another status than 2xx are lost; here they stand in the dashboard. Write \
                        them to standard output as well";
            warn("logs", text);
        }
        return;
    }
    let Ok(Some(result)) = read_answer(answer, &host.zone) else {
        return;
    };
    for (name, value) in result.outputs.iter().flatten() {
        let Some(binding) = function.rules.outputs().find(|binding| binding.name == *name) else {
            let text =
                format!("output {name:?} is ignored: function.json declares no output of that name (case counts)");
            warn("undeclared", &text);
            continue;
        };
        if let Value::String(text) = value
            && binding.data_type != Some(DataType::Binary)
            && !binding.is("http")
            && looks_accidental(text)
        {
            let text = format!(
                "the text {text:?} of output {name:?} is taken for base64 and decoded (here too). Send an array of strings, or \
                 base64 of the text"
            );
            warn("base64", &text);
        }
    }
}

fn mentions_logs(body: &[u8]) -> bool {
    let document: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let logs = document
        .as_ref()
        .and_then(|document| document.get("Logs"))
        .and_then(serde_json::Value::as_array);
    logs.is_some_and(|logs| !logs.is_empty())
}

/// Text that decodes as base64 although nobody meant it: words, numbers, the empty text. Real base64 of some length mixes
/// cases and digits or ends in `=`.
fn looks_accidental(text: &str) -> bool {
    if convert_from_base64(text).is_none() {
        return false;
    }
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let kinds = [
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
        has(u8::is_ascii_digit),
    ];
    let mixed = kinds.iter().filter(|kind| **kind).count() > 1;
    text.contains(' ') || !(mixed || text.contains(['=', '+', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_base64_are_told_from_base64() {
        for text in ["test", "abcd", "12345678", "status ok", ""] {
            assert!(looks_accidental(text), "{text:?}");
        }
        for text in ["hello", "aGVsbG8=", "eyJhIjoxfQ==", "SGVsbG8gV29ybGQh", "{\"a\":1}"] {
            assert!(!looks_accidental(text), "{text:?}");
        }
    }

    #[test]
    fn logs_are_found_in_failed_answers() {
        assert!(mentions_logs(br#"{"Logs":["x"]}"#));
        assert!(!mentions_logs(br#"{"Logs":[]}"#));
        assert!(!mentions_logs(b"oops"));
    }
}
