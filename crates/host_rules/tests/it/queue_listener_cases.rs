//! The queue listener against the captured traces.

use host_rules::dotnet::{parse_time_span, time_span_text};
use host_rules::machine::queue::{MessageEncoding, QueueOptions, QueueSettings};
use serde_json::Value as Json;

use crate::agreement::{all_agree, equal};
use crate::case::{cases, name};
use crate::queue_trace::Player;

const PROCESSORS: u32 = 2;

fn settings(case: &Json) -> Result<QueueSettings, String> {
    let given = case.pointer("/setup/settings").filter(|settings| settings.is_object());
    let member = |name: &str| given.and_then(|settings| settings.get(name));
    // The cases that stop the host name their batches of four in words only.
    let in_words = case["trace"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|entry| entry["details"]["numofmessages"] == 4);
    let in_words = |name: &str| match name {
        "batchSize" if in_words => Some(4),
        "newBatchThreshold" if in_words => Some(0),
        _ => None,
    };
    let number = |name: &str| {
        member(name)
            .and_then(Json::as_i64)
            .or_else(|| in_words(name).filter(|_| given.is_none()))
    };
    let span = |name: &str| member(name).and_then(Json::as_str).and_then(parse_time_span);
    let encoding = member("messageEncoding")
        .or_else(|| case.pointer("/setup/messageEncoding"))
        .and_then(Json::as_str);
    let options = QueueOptions {
        batch_size: number("batchSize"),
        new_batch_threshold: number("newBatchThreshold"),
        max_dequeue_count: number("maxDequeueCount"),
        visibility_timeout: span("visibilityTimeout"),
        max_polling_interval: span("maxPollingInterval"),
        message_encoding: encoding.map(|encoding| {
            if encoding == "none" {
                MessageEncoding::None
            } else {
                MessageEncoding::Base64
            }
        }),
    };
    let development = name(case).starts_with("development_environment");
    QueueSettings::new(&options, PROCESSORS, development).map_err(|error| error.to_string())
}

/// The settings as the extension prints them.
fn printed(settings: &QueueSettings) -> Json {
    serde_json::json!({
        "BatchSize": settings.batch_size,
        "NewBatchThreshold": settings.new_batch_threshold,
        "MaxPollingInterval": time_span_text(settings.max_polling_interval),
        "MaxDequeueCount": settings.max_dequeue_count,
        "VisibilityTimeout": time_span_text(settings.visibility_timeout),
        "MessageEncoding": if settings.message_encoding == MessageEncoding::Base64 { "Base64" } else { "None" },
    })
}

fn check(case: &Json) -> Result<(), String> {
    let starts = case
        .pointer("/concluded/host_starts")
        .and_then(Json::as_bool)
        .unwrap_or(true);
    let settings = match settings(case) {
        Ok(settings) => settings,
        Err(_) if !starts => return Ok(()),
        Err(error) => return Err(error),
    };
    equal("host starts", &starts, &true)?;
    let trace = case["trace"].as_array().unwrap();
    let shown = trace
        .iter()
        .find(|entry| entry["call"] == "options")
        .map(|entry| &entry["details"]["text"]);
    if let Some(theirs) = case.pointer("/concluded/effective").or(shown) {
        equal("settings", &printed(&settings), theirs)?;
    }
    if trace.is_empty() {
        return Ok(());
    }
    let limit = (settings.batch_size + settings.new_batch_threshold) as usize;
    let played = Player::new(case, settings).play();
    if !played.problems.is_empty() {
        return Err(played.problems.join("\n    "));
    }
    if played.most_in_flight > limit {
        return Err(format!("{} messages in flight", played.most_in_flight));
    }
    let calls = |call: &'static str| trace.iter().filter(move |entry| entry["call"] == call);
    equal(
        "unhandled exceptions",
        &played.host_stops,
        &calls("unhandled exception in listener").count(),
    )?;
    let mut ours = played.warnings;
    let mut theirs: Vec<String> = calls("log")
        .map(|entry| &entry["details"])
        .filter(|details| details["level"] == "Warning")
        // Warnings about text come from the trigger's binding, not from the listener.
        .filter(|details| matches!(details["cat"].as_str(), Some("QueueProcessor" | "QueueServiceClient")))
        .map(|details| details["msg"].as_str().unwrap().to_owned())
        .collect();
    ours.sort();
    theirs.sort();
    equal("warnings", &ours, &theirs)?;
    let stops = calls("host stop finished").chain(calls("drain mode finished")).count() > 0;
    if stops {
        equal("stopped", &played.stopped, &true)?;
    }
    check_waits(&played.waits, trace)
}

/// Both follow the formula with their own randomness of 0.8 to 1.2, so they differ by at most 1.2 / 0.8.
fn check_waits(ours: &[f64], trace: &[Json]) -> Result<(), String> {
    const FIXED_PART: f64 = 100.0;
    let theirs = trace.iter().filter_map(|entry| {
        let message = entry["details"].get("msg").and_then(Json::as_str)?;
        let (start, wait) = message.split_once("' will wait ")?;
        // Only one queue's waits can be told apart.
        start
            .starts_with("Function 'F")
            .then(|| wait.split_once(' ').unwrap().0.parse::<f64>().unwrap())
    });
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let (ours, theirs) = (ours - FIXED_PART, theirs - FIXED_PART);
        let fits = (ours - theirs).abs() < 2.0 || (0.66..1.51).contains(&(ours / theirs));
        if !fits {
            return Err(format!(
                "wait {index}: ours 100 + {ours} ms, captured 100 + {theirs} ms"
            ));
        }
    }
    Ok(())
}

#[test]
fn the_listener_does_what_the_captured_one_did() {
    let file = "host/queue_listener.json";
    all_agree(file, &cases(file), |case| name(case).to_owned(), check);
}
