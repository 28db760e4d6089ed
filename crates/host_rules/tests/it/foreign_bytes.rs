//! Foreign bytes never panic, hang or grow without bound.

use host_rules::function::{BindingExpression, Function, RouteTemplate, resolve_settings};
use host_rules::machine::timer::TimerStatus;
use host_rules::newtonsoft::{Reader, compact};
use host_rules::schedule::Schedule;
use host_rules::wire::{HandlerAnswer, HandlerResponse, HttpCall, conclude, http_trigger};
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Text with a taste for what the readers care about.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("\""),
        Just("'"),
        Just(":"),
        Just(","),
        Just("\\u12"),
        Just("\\"),
        Just("/*"),
        Just("*/"),
        Just("//"),
        Just("-"),
        Just("1e"),
        Just("0x"),
        Just("NaN"),
        Just("*"),
        Just("/5"),
        Just(" "),
        Just("\0"),
        Just("ü"),
        Just("%"),
        Just("%2F"),
        Just("=&"),
        Just("2026-11-20T10:00:00+02:00"),
        Just("Outputs"),
        Just("9999-12-31T23:59:59Z"),
        Just("0001-01-01T00:00:00+23:59"),
        Just("?"),
        Just("int"),
        Just("(1,2)"),
        Just("é😀"),
    ];
    let words = prop::collection::vec(prop_oneof![pieces.prop_map(str::to_owned), "\\PC{0,4}"], 0..40);
    words.prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn readers_take_any_text(text in text()) {
        let zone = TimeZone::UTC;
        let _ = Schedule::parse(&text);
        let _ = TimerStatus::parse(&text, &zone);
        let _ = BindingExpression::parse(&text);
        let _ = RouteTemplate::parse(&text).map(|template| template.matches(&text));
        let _ = resolve_settings(&text, |_| None);
        let _ = Function::parse("f", &text);
        let mut call = HttpCall::new("POST", &text);
        call.headers.push(("Content-Length".to_owned(), text.len().to_string()));
        call.body = text.clone().into_bytes();
        let _ = http_trigger(&call, &zone);
    }

    #[test]
    fn what_was_read_can_be_written_and_read_again(text in text()) {
        let zone = TimeZone::UTC;
        if let Ok(value) = Reader::new(&text, &zone).read_document() {
            let written = compact(&value, &zone);
            let again = Reader::new(&written, &zone).read_document();
            prop_assert_eq!(again.map(|again| compact(&again, &zone)), Ok(written));
        }
    }

    #[test]
    fn any_answer_has_a_conclusion(body in prop::collection::vec(any::<u8>(), 0..200), text in text(), status in 100_u16..600) {
        let document = r#"{"bindings":[{"type":"httpTrigger","name":"req"},{"type":"http","name":"res","direction":"out"},
            {"type":"queue","name":"out","direction":"out"},{"type":"blob","name":"b","direction":"out"}]}"#;
        let function = Function::parse("f", document).unwrap();
        let bodies = [body, text.clone().into_bytes(), format!(r#"{{"Outputs":{{"res":{text},"out":{text}}}}}"#).into_bytes()];
        for body in bodies {
            let content_type = Some("application/json".to_owned());
            let response = HandlerResponse { status, reason: String::new(), content_type, body };
            let _ = conclude(&function, &HandlerAnswer::Response(response), &TimeZone::UTC);
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = "[".repeat(1_000_000);
    assert!(Reader::new(&deep, &TimeZone::UTC).read_document().is_err());
}
