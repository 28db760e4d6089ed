//! Queue outputs against the captured calls.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use determinism::Rng;
use host_rules::machine::queue::{
    MessageEncoding, OutputEffect, QueueOutput, StorageAnswer, StorageCall, StorageFailure,
};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{cases, name, text};
use crate::queue_trace::at;

/// The messages that the captured .NET function handed over, as bytes.
fn messages(case: &Json) -> Vec<Vec<u8>> {
    let three = || ["one", "two", "three"].map(|text| text.as_bytes().to_vec()).to_vec();
    let given = case.pointer("/setup/value");
    let given_text = given.and_then(Json::as_str).unwrap_or_default();
    match text(case, "/setup/parameter") {
        "Many" => (0..5).map(|index| format!("m{index}").into_bytes()).collect(),
        parameter if parameter.starts_with("SyncCollector") => three(),
        "BadName" => vec![b"x".to_vec()],
        "OutParam" => vec![b"via out".to_vec()],
        "OutParamNull" | "OutParamBytesNull" => Vec::new(),
        "OutBytes" | "OutString" if given_text.contains(" x \"x\"") => {
            vec![vec![b'x'; given_text.split(' ').next().unwrap().parse().unwrap()]]
        }
        "OutBytes" | "OutBinaryData" => vec![STANDARD.decode(given_text).unwrap()],
        "OutString" => vec![given_text.as_bytes().to_vec()],
        other => panic!("{other} of {}", name(case)),
    }
}

/// The text as the trace shows it: control characters as XML references, long texts cut.
fn shown(wire: &str) -> String {
    let is_refused = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let escape = |c: char| {
        if is_refused(c) {
            format!("&#x{:x};", u32::from(c))
        } else {
            c.to_string()
        }
    };
    wire.chars().map(escape).collect()
}

fn same_text(ours: &str, theirs: &str) -> bool {
    match theirs
        .strip_suffix(" characters)")
        .and_then(|theirs| theirs.rsplit_once("... ("))
    {
        Some((start, length)) => ours.starts_with(start) && ours.chars().count().to_string() == length,
        None => ours == theirs,
    }
}

fn check(case: &Json) -> Result<(), String> {
    let encoding = match text(case, "/setup/messageEncoding") {
        "none" => MessageEncoding::None,
        _ => MessageEncoding::Base64,
    };
    let calls = ["PutMessage", "CreateQueue"].map(Json::from);
    let mut recorded: VecDeque<&Json> = case["trace"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| calls.contains(&entry["call"]))
        .collect();
    let succeeds = case
        .pointer("/concluded/result")
        .and_then(Json::as_str)
        .is_none_or(|result| result == "ok");
    // The function that throws after adding has sent its messages; that it throws is not the output's doing.
    let succeeds = succeeds || name(case).starts_with("five_then_throw");
    let queue = case.pointer("/setup/value/n").and_then(Json::as_str).unwrap_or("outq");
    let mut output = match QueueOutput::new(queue, &messages(case), encoding, Rng::seeded(7)) {
        Ok(output) => output,
        Err(_) => return equal("refused name", &(succeeds, recorded.len()), &(false, 0)),
    };
    let mut now: Timestamp = at(0);
    let mut effect = Some(output.start());
    loop {
        match effect {
            Some(OutputEffect::Call { id, call }) => {
                let entry = recorded.pop_front().ok_or_else(|| format!("extra call {call:?}"))?;
                compare(&call, entry)?;
                effect = output.answered(now, id, answer(&entry["details"]));
            }
            Some(OutputEffect::Sent) => {
                equal("calls left", &recorded.len(), &0)?;
                return equal("succeeds", &true, &succeeds);
            }
            Some(OutputEffect::Failed(_)) => {
                equal("calls left", &recorded.len(), &0)?;
                return equal("succeeds", &false, &succeeds);
            }
            None => {
                now = output.next_deadline().ok_or("nothing to wait for")?;
                effect = output.tick(now);
            }
        }
    }
}

fn compare(call: &StorageCall, entry: &Json) -> Result<(), String> {
    let details = &entry["details"];
    match call {
        StorageCall::PutMessage { queue, text } => {
            equal("call", &"PutMessage", &entry["call"].as_str().unwrap())?;
            equal("queue", &queue.as_str(), &details["queue"].as_str().unwrap())?;
            let (ours, theirs) = (shown(text), details["text"].as_str().unwrap());
            if same_text(&ours, theirs) {
                Ok(())
            } else {
                equal("text", &ours.as_str(), &theirs)
            }
        }
        StorageCall::CreateQueue { queue } => {
            equal("call", &"CreateQueue", &entry["call"].as_str().unwrap())?;
            equal("queue", &queue.as_str(), &details["queue"].as_str().unwrap())
        }
        other => Err(format!("unexpected {other:?}")),
    }
}

fn answer(details: &Json) -> StorageAnswer {
    let status = u16::try_from(details["status"].as_u64().unwrap()).unwrap();
    if (200..300).contains(&status) {
        return StorageAnswer::Done;
    }
    let code = details
        .get("code")
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned();
    StorageAnswer::Failed(StorageFailure::Status { status, code })
}

#[test]
fn outputs_are_sent_as_captured() {
    let file = "host/queue_output.json";
    all_agree(file, &cases(file), |case| name(case).to_owned(), check);
}
