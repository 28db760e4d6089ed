//! Arbitrary bytes and values: nothing panics, and what is encoded is decoded again.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use functions_protocol::poison::{self, Body, Envelope};
use functions_protocol::{FunctionJson, HostJson, Invocation, MessageEncoding, TimeSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::outputs::{assert_delivers_blob, assert_delivers_messages};

/// What the host makes of a value it holds: text and scalars are encoded once, then the document is.
fn as_sent(value: &Value) -> Value {
    match value {
        Value::Object(_) => value.clone(),
        other => Value::String(other.to_string()),
    }
}

/// Text near what the host reinterprets.
fn sly_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[A-Za-z0-9+/=\\s]{0,24}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(\\.[0-9]{1,7})?(Z|z|[+-][0-9]{2}:?[0-9]{2})?.{0,3}",
        "/Date\\([0-9+-]{0,14}\\)/?",
        "[\\[{ ]{1,3}[a-z0-9:,\" ]{0,12}[\\]} ]{1,3}",
        "null|true|\"[a-z\\\\]{0,3}\"?",
    ]
}

/// JSON from its tokens, most of it broken.
fn json_like() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\"Data\""),
        Just("\"Metadata\""),
        Just("\"req\""),
        Just("\"bindings\""),
        Just("\"extensions\""),
        Just("\"\\ud800\""),
        Just("\"version\":\"2.0\""),
        Just("null"),
        Just("1e400"),
        Just("//"),
        Just("/*"),
        Just("\\"),
        Just("\""),
        Just("é"),
    ];
    proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn requests_of_arbitrary_bytes_do_no_harm(body in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        json_like().prop_map(String::into_bytes),
    ]) {
        if let Ok(invocation) = Invocation::parse(&body) {
            use_up(&invocation);
        }
    }

    #[test]
    fn requests_of_arbitrary_values_do_no_harm(value in any_json(), metadata in any_json()) {
        let body = json!({"Data": {"req": value}, "Metadata": {"Id": metadata, "sys": metadata, "RetryContext": metadata}}).to_string();
        use_up(&Invocation::parse(body.as_bytes()).unwrap());
    }

    #[test]
    fn documents_of_arbitrary_text_do_no_harm(text in prop_oneof![any::<String>(), json_like()]) {
        let _ = FunctionJson::read(&text);
        let _ = HostJson::read_with_settings(&text, [("AzureFunctionsJobHost__extensions__queues__batchSize", "1")]);
        let _ = text.parse::<TimeSpan>();
        let _ = Envelope::decode(&text);
    }

    #[test]
    fn text_that_the_host_sends_is_read(text in sly_text()) {
        let held = Value::String(text.clone());
        let body = json!({"Data": {"msg": as_sent(&held)}, "Metadata": {"key": as_sent(&held)}}).to_string();
        let invocation = Invocation::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(invocation.text("msg").unwrap(), text.clone());
        prop_assert_eq!(invocation.optional_text("msg").unwrap(), Some(text.clone()));
        prop_assert_eq!(invocation.metadata().text("KEY").unwrap(), text);
    }

    #[test]
    fn bytes_that_the_host_sends_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let body = json!({"Data": {"msg": STANDARD.encode(&bytes)}, "Metadata": {}}).to_string();
        let invocation = Invocation::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(invocation.bytes("msg").unwrap(), bytes);
    }

    #[test]
    fn messages_arrive_as_they_are(texts in proptest::collection::vec(sly_text(), 0..4)) {
        assert_delivers_messages("text", &texts.into_iter().map(String::into_bytes).collect::<Vec<_>>());
    }

    #[test]
    fn binary_messages_arrive_as_they_are(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        assert_delivers_messages("bytes", &[bytes]);
    }

    #[test]
    fn blobs_arrive_as_they_are(
        content in prop_oneof![sly_text().prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..64)],
    ) {
        assert_delivers_blob("blob", &content);
    }

    #[test]
    fn an_envelope_gives_back_what_was_put_in(
        reason in any::<String>(),
        id in any::<Option<String>>(),
        body in prop_oneof![
            any::<String>().prop_map(Body::Text),
            proptest::collection::vec(any::<u8>(), 0..64).prop_map(Body::Bytes),
        ],
    ) {
        let envelope = Envelope { reason, id, body };
        let text = envelope.encode(MessageEncoding::Base64).unwrap();
        prop_assert_eq!(Envelope::decode(&text), Some(envelope.clone()));
        let bytes = match envelope.body {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
        };
        prop_assert_eq!(poison::unwrap_bytes(text.into_bytes()), bytes);
    }

    #[test]
    fn a_message_that_is_no_envelope_stays_as_it_is(text in sly_text()) {
        prop_assert_eq!(poison::unwrap_text(text.clone()), text);
    }

    #[test]
    fn durations_are_read_as_they_are_printed(seconds in 0u64..900_000_000_000, ticks in 0u32..10_000_000) {
        let span = TimeSpan::new(std::time::Duration::new(seconds, ticks * 100));
        prop_assert_eq!(span.to_string().parse::<TimeSpan>(), Ok(span));
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        sly_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(
                prop_oneof![
                    Just("Url".to_owned()),
                    Just("Method".to_owned()),
                    Just("Query".to_owned()),
                    Just("Headers".to_owned()),
                    Just("Body".to_owned()),
                    Just("Identities".to_owned()),
                    Just("ScheduleStatus".to_owned()),
                    any::<String>(),
                ],
                inner,
                0..5,
            )
            .prop_map(Value::from_iter),
        ]
    })
}

fn use_up(invocation: &Invocation<'_>) {
    let names: Vec<String> = invocation
        .inputs()
        .map(str::to_owned)
        .chain(["absent".to_owned()])
        .collect();
    for name in &names {
        let _ = invocation.text(name);
        let _ = invocation.bytes(name);
        let _ = invocation.optional_text(name);
        let _ = invocation.optional_bytes(name);
        let _ = invocation.timer(name);
        let _ = invocation.payload::<String>(name);
        if let Ok(request) = invocation.http_request(name) {
            let _ = (request.query_values("x"), request.text(), format!("{request:?}"));
        }
    }
    let metadata = invocation.metadata();
    let _ = (
        metadata.system(),
        metadata.retry(),
        metadata.queue(),
        format!("{invocation:?}"),
    );
}
