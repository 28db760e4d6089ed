//! Values of output bindings: what the app means is what the host binds.

use functions_protocol::{Message, MessageEncoding, Output, OutputError};
use serde_json::Value;

use crate::cases::{Case, Verdict, check_every_case};
use crate::host_model;
use crate::requests::reads_what_the_host_held;

#[test]
fn every_captured_value() {
    check_every_case("outputs", delivers_what_was_bound);
}

#[test]
fn culture_and_zone_of_the_host_do_not_matter() {
    check_every_case("culture_and_zone", |case| match case.sent_body() {
        Some(_) => reads_what_the_host_held(case),
        None => delivers_what_was_bound(case),
    });
}

/// Checks a case with one output `out` in three ways: the model agrees with the host; what the host bound can be bound by
/// an answer of ours; and the text that the captured answer held is bound as it is when it is the text that we mean.
fn delivers_what_was_bound(case: &Case) -> Verdict {
    let name = &case.name;
    let answer = case.answer().unwrap();
    let value = &answer["Outputs"]["out"];
    if name.ends_with("_to_queue") {
        let bound = case.collected("out");
        if let Some(modelled) = host_model::messages(value) {
            assert_eq!((case.outcome(), &modelled), ("success", &bound), "{name}: the model");
        }
        assert_delivers_messages(name, &bound);
        if let Value::String(text) = value {
            assert_delivers_messages(name, &[text.clone().into_bytes()]);
        }
    } else if name.ends_with("_to_blob") {
        let bound = case.written("out");
        if let Some(modelled) = host_model::blob(value) {
            assert_eq!(
                (case.outcome(), Some(&modelled)),
                ("success", bound.as_ref()),
                "{name}: the model"
            );
        }
        if let Some(content) = bound {
            assert_delivers_blob(name, &content);
        }
        if let Value::String(text) = value {
            assert_delivers_blob(name, text.as_bytes());
        }
    } else {
        return Verdict::LeftOut;
    }
    Verdict::Agrees
}

/// The answer of ours that means these messages, held against the model. Refused are only the two kinds of messages for
/// which the host has no form.
pub(crate) fn assert_delivers_messages(context: &str, contents: &[Vec<u8>]) {
    let messages: Vec<Message> = contents
        .iter()
        .map(|content| match String::from_utf8(content.clone()) {
            Ok(text) => Message::Text(text),
            Err(_) => Message::Bytes(content.clone()),
        })
        .collect();
    match Output::queue(&messages, MessageEncoding::Base64) {
        Ok(output) => {
            let sent = serde_json::from_str(output.json().get()).unwrap();
            assert_eq!(
                host_model::messages(&sent).as_deref(),
                Some(contents),
                "{context}: {sent}"
            );
        }
        Err(OutputError::BinaryAmongMany { index }) => {
            assert!(
                contents.len() > 1 && String::from_utf8(contents[index].clone()).is_err(),
                "{context}"
            );
        }
        Err(OutputError::TimestampAmongMany { index }) => {
            let text = std::str::from_utf8(&contents[index]).unwrap();
            assert!(
                contents.len() > 1 && (text.contains('T') || text.starts_with("/Date(")),
                "{context}: {text}"
            );
        }
        Err(error) => panic!("{context}: {error}"),
    }
}

pub(crate) fn assert_delivers_blob(context: &str, content: &[u8]) {
    let delivered = |output: Output| {
        let sent: Value = serde_json::from_str(output.json().get()).unwrap();
        host_model::blob(&sent).unwrap_or_else(|| panic!("{context}: {sent}"))
    };
    assert_eq!(delivered(Output::blob_bytes(content)), content, "{context}");
    if let Ok(text) = std::str::from_utf8(content) {
        assert_eq!(delivered(Output::blob_text(text)), content, "{context}");
    }
}

#[test]
fn text_goes_as_text_and_only_what_would_be_misread_goes_as_base64() {
    let queue = |messages: &[Message]| {
        Output::queue(messages, MessageEncoding::Base64).map(|output| output.json().get().to_owned())
    };
    assert_eq!(queue(&["{\"a\":1}".into()]).unwrap(), r#"["{\"a\":1}"]"#);
    assert_eq!(
        queue(&["2026-11-20T10:00:00Z".into()]).unwrap(),
        r#""MjAyNi0xMS0yMFQxMDowMDowMFo=""#
    );
    assert_eq!(queue(&[vec![0xff].into()]).unwrap(), r#""/w==""#);
    assert_eq!(queue(&[]).unwrap(), "[]");
    assert_eq!(
        queue(&["a".into(), "/Date(0)/".into()]),
        Err(OutputError::TimestampAmongMany { index: 1 })
    );
    assert_eq!(
        queue(&["a".into(), vec![0xff].into()]),
        Err(OutputError::BinaryAmongMany { index: 1 })
    );
    assert_eq!(Output::blob_text("[1, 2]").json().get(), r#""[1, 2]""#);
    assert_eq!(Output::blob_text("test").json().get(), r#""dGVzdA==""#);
    assert_eq!(Output::blob_text("").json().get(), r#""""#);
}
