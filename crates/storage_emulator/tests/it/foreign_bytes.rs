//! Whatever arrives, an answer comes: no panic, no endless work.

use bytes::Bytes;
use http::{Method, Request};
use proptest::prelude::*;
use storage_emulator::Emulator;

use crate::signing::AccountSas;
use crate::wire::Target;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn method() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("GET"),
        Just("PUT"),
        Just("POST"),
        Just("DELETE"),
        Just("HEAD"),
        Just("OPTIONS"),
        Just("PATCH")
    ]
}

fn parameter() -> impl Strategy<Value = (String, String)> {
    let names = [
        "comp",
        "restype",
        "marker",
        "maxresults",
        "prefix",
        "delimiter",
        "include",
        "blockid",
        "blocklisttype",
        "popreceipt",
        "visibilitytimeout",
        "messagettl",
        "numofmessages",
        "peekonly",
        "timeout",
        "snapshot",
    ];
    let values = prop_oneof![
        Just("list".to_owned()),
        Just("container".to_owned()),
        Just("service".to_owned()),
        Just("properties".to_owned()),
        Just("metadata".to_owned()),
        Just("acl".to_owned()),
        Just("lease".to_owned()),
        Just("block".to_owned()),
        Just("blocklist".to_owned()),
        Just("appendblock".to_owned()),
        Just("AAAA".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999999999999".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "\\PC{0,12}",
    ];
    (proptest::sample::select(names.to_vec()).prop_map(str::to_owned), values)
}

fn header() -> impl Strategy<Value = (&'static str, String)> {
    let names = [
        "x-ms-blob-type",
        "x-ms-lease-action",
        "x-ms-lease-duration",
        "x-ms-lease-id",
        "x-ms-lease-break-period",
        "x-ms-proposed-lease-id",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "range",
        "x-ms-range",
        "x-ms-range-get-content-md5",
        "x-ms-meta-a",
        "x-ms-copy-source",
        "content-md5",
        "x-ms-blob-content-md5",
        "origin",
        "access-control-request-method",
        "x-ms-blob-condition-appendpos",
        "x-ms-blob-condition-maxsize",
        "x-ms-access-tier",
        "x-ms-blob-public-access",
        "x-ms-version",
        "x-ms-client-request-id",
        "x-ms-delete-snapshots",
    ];
    let values = prop_oneof![
        Just("BlockBlob".to_owned()),
        Just("AppendBlob".to_owned()),
        Just("acquire".to_owned()),
        Just("break".to_owned()),
        Just("bytes=0-18446744073709551615".to_owned()),
        Just("18446744073709551615".to_owned()),
        Just("http://127.0.0.1:10000/devstoreaccount1/box/blob".to_owned()),
        Just("*".to_owned()),
        "[ -~]{0,40}",
    ];
    (proptest::sample::select(names.to_vec()), values)
}

fn xml_like() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("<QueueMessage>".to_owned()),
        Just("<MessageText>".to_owned()),
        Just("</MessageText>".to_owned()),
        Just("</QueueMessage>".to_owned()),
        Just("<BlockList><Latest>AAAA</Latest>".to_owned()),
        Just("</BlockList>".to_owned()),
        Just("<StorageServiceProperties><Cors><CorsRule>".to_owned()),
        Just("<SignedIdentifiers>".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("]]>".to_owned()),
        Just("<!DOCTYPE a [<!ENTITY b \"c\">]>".to_owned()),
        Just("&#x10FFFF;".to_owned()),
        Just("&b;".to_owned()),
        "\\PC{0,8}",
    ];
    prop_oneof![
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn any_request_gets_an_answer(
        blob in any::<bool>(),
        method in method(),
        path in prop_oneof![Just("/box".to_owned()), Just("/box/blob".to_owned()), Just("/work/messages".to_owned()), "/[ -~]{0,20}"],
        query in proptest::collection::vec(parameter(), 0..4),
        headers in proptest::collection::vec(header(), 0..4),
        body in xml_like(),
    ) {
        block_on(async {
            let target = Target::of(Emulator::builder().build().unwrap());
            let setup = target.blob(Method::PUT, "/box").query("restype", "container");
            setup.send().await.expect(201);
            target.put("/box/blob", "0123456789").await;
            target.queue(Method::PUT, "/work").send().await.expect(201);
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let mut call = if blob { target.blob(method, &path) } else { target.queue(method, &path) };
            for (name, value) in &query {
                call = call.query(name, value);
            }
            for (name, value) in &headers {
                call = call.header(name, value.trim());
            }
            // A signature in the query: requests with odd headers get past the door too.
            let sas = AccountSas::default().sign(storage_emulator::DEVELOPMENT_ACCOUNT, storage_emulator::DEVELOPMENT_KEY);
            let reply = call.sas(sas).body(body).send().await;
            prop_assert!((200..=501).contains(&reply.status), "{reply:?}");
            prop_assert_ne!(reply.status, 500);
            prop_assert!(reply.status < 400 || !reply.code().is_empty());
            Ok(())
        })?;
    }

    #[test]
    fn any_address_gets_an_answer(uri in "http://[a-z.]{1,12}(:10000|:10001|)/[!-~]{0,40}", authorization in "[ -~]{0,40}") {
        if let Ok(request) = Request::get(uri).header("authorization", authorization.trim()).body(Bytes::new()) {
            let emulator = Emulator::builder().build().unwrap();
            let response = block_on(emulator.handle(request));
            prop_assert!(response.status().is_client_error() || response.status() == 501, "{response:?}");
        }
    }
}
