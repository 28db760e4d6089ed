//! What fits into a queue message, held against what storage took and refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_protocol::names::is_storage_name;
use functions_protocol::{Message, MessageEncoding, Output};

use crate::cases::{Case, Verdict, check_every_case};

#[test]
fn messages_and_names_are_refused_exactly_when_storage_refuses_them() {
    check_every_case("queue_output", |case| {
        let setup = &case.json["setup"];
        if let Some(name) = setup["value"]["n"]
            .as_str()
            .filter(|name| name.bytes().all(|byte| !byte.is_ascii_uppercase()))
        {
            assert!(
                !is_storage_name(name) && case.json["concluded"]["result"] != "ok",
                "{}",
                case.name
            );
            return Verdict::Agrees;
        }
        let encoding = match setup["messageEncoding"].as_str().unwrap() {
            "base64" => MessageEncoding::Base64,
            _ => MessageEncoding::None,
        };
        let (Some(value), true, "exists") = (
            setup["value"].as_str(),
            setup["fault"].is_null(),
            setup["queue"].as_str().unwrap_or_default(),
        ) else {
            return Verdict::LeftOut;
        };
        let message = match setup["parameter"].as_str().unwrap() {
            "OutString" => Message::Text(expanded(value)),
            "OutBytes" if value.contains(" x ") => Message::Bytes(expanded(value).into_bytes()),
            "OutBytes" => Message::Bytes(STANDARD.decode(value).unwrap()),
            _ => return Verdict::LeftOut,
        };
        let output = Output::queue(std::slice::from_ref(&message), encoding);
        assert_eq!(
            output.is_ok(),
            case.json["concluded"]["result"] == "ok",
            "{}: {output:?}",
            case.name
        );
        if output.is_ok() {
            assert_stored(case, &message, encoding);
        }
        Verdict::Agrees
    });
}

fn assert_stored(case: &Case, message: &Message, encoding: MessageEncoding) {
    let content = match message {
        Message::Text(text) => text.as_bytes(),
        Message::Bytes(bytes) => bytes,
    };
    let expected = match encoding {
        MessageEncoding::Base64 => STANDARD.encode(content),
        MessageEncoding::None => String::from_utf8(content.to_vec()).unwrap(),
    };
    let stored = case.json["concluded"]["stored"][0]["text"].as_str().unwrap();
    match stored.split_once("... (") {
        Some((start, length)) => {
            assert!(expected.starts_with(start), "{}", case.name);
            assert_eq!(length, format!("{} characters)", expected.len()), "{}", case.name);
        }
        None => assert_eq!(stored, expected, "{}", case.name),
    }
}

/// `49152 x "x"` stands for that many letters.
fn expanded(value: &str) -> String {
    match value.split_once(" x \"") {
        Some((count, letter)) => letter.trim_end_matches('"').repeat(count.parse().unwrap()),
        None => value.to_owned(),
    }
}
