//! Whole answers: an answer of ours is one of the forms that the host takes for what it says.

use functions_protocol::{Answer, Message, MessageEncoding, Output};
use serde_json::{Value, json};

use crate::cases::{Case, Verdict, check_every_case};

/// The answer that means what the host concluded is the very answer that it got.
#[test]
fn every_captured_answer_of_a_form_that_is_sent() {
    check_every_case("answers", |case| {
        let content_type = &case.json["response"]["headers"][0];
        let is_plain = case.json["response"]["status"] == 200
            && case.json["response"]["headers"].as_array().map(Vec::len) == Some(1)
            && *content_type == json!(["Content-Type", Answer::CONTENT_TYPE]);
        let Some(received) = case.answer().filter(|_| is_plain && case.outcome() == "success") else {
            return Verdict::LeftOut;
        };
        let meant: Value = serde_json::from_slice(&meant_by(case).to_bytes()).unwrap();
        if meant == normal(received) {
            Verdict::Agrees
        } else {
            Verdict::LeftOut
        }
    });
}

fn meant_by(case: &Case) -> Answer {
    let mut answer = Answer::new();
    let messages: Vec<Message> = case
        .collected("msg")
        .into_iter()
        .map(|content| Message::Text(String::from_utf8(content).unwrap()))
        .collect();
    if !messages.is_empty() {
        answer = answer.output("msg", Output::queue(&messages, MessageEncoding::Base64).unwrap());
    }
    for line in case.json["concluded"]["logs"].as_array().into_iter().flatten() {
        answer = answer.log(line.as_str().unwrap().strip_prefix("Information: ").unwrap());
    }
    answer
}

/// Members that are absent and members that are null say the same; a lone text that the host leaves alone says the same
/// as a list of it (`outputs.json` has both forms).
fn normal(mut answer: Value) -> Value {
    let members = answer.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null() && *value != json!({}));
    if let Some(Value::String(text)) = answer.pointer("/Outputs/msg").cloned() {
        answer["Outputs"]["msg"] = json!([text]);
    }
    answer
}

#[test]
fn an_answer_without_content_is_an_empty_object() {
    assert_eq!(Answer::new().to_bytes(), b"{}");
}

#[test]
fn an_answer_holds_outputs_and_logs_in_the_order_in_which_they_were_added() {
    let output = |text: &str| Output::queue(&[text.into()], MessageEncoding::Base64).unwrap();
    let answer = Answer::new()
        .output("second", output("b"))
        .output("first", output("a"))
        .log("one\ntwo")
        .output("second", output("c"));
    assert_eq!(
        String::from_utf8(answer.to_bytes()).unwrap(),
        r#"{"Outputs":{"second":["c"],"first":["a"]},"Logs":["one\ntwo"]}"#
    );
}
