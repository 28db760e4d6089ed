//! One whole result for each way in which a mirror can be.

use custom_handler::Payload;
use insta::assert_json_snapshot;
use package_repos::mirror::MirrorRequest;
use scan_status::StatusMessage;
use serde_json::{Value, json};
use service_fakes::mirrors::{Behaviour, FakeMirrors, Plan, Transport, Validity};
use std::time::Duration;

use crate::stage::{app, codes, noon, passing_time, result};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The result of checking one mirror that copies a healthy archive.
async fn check_as(plan: Plan, entry: Value) -> Value {
    let (clock, hands) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    if !mirrors.has_ipv6() {
        // The snapshots show both families; every CI machine and nearly every other has them.
        return Value::Null;
    }
    mirrors
        .add("archive.example", &Plan::both(Behaviour::HEALTHY))
        .await
        .unwrap();
    mirrors
        .add("down.example", &Plan::both(Behaviour::Status(500)))
        .await
        .unwrap();
    mirrors.add("a.example", &plan).await.unwrap();
    let app = app(Some(&mirrors), &clock, &[]).await;
    let request = MirrorRequest::decode(&entry.to_string()).unwrap();
    result(&passing_time(&hands, app.queue("check_mirror", &request).run()).await)
}

async fn check(plan: Plan) -> Value {
    let scheme = if plan.transport == Transport::Plain {
        "http"
    } else {
        "https"
    };
    check_as(plan, json!(format!("{scheme}://a.example/"))).await
}

async fn check_suite(plan: Plan) -> Value {
    let authority = "http://archive.example/debian";
    check_as(
        plan,
        json!({"url": "http://a.example/debian", "suites": ["stable"], "authority": authority}),
    )
    .await
}

#[tokio::test]
async fn healthy_with_suites_repos_and_authority() {
    let entry = json!({
        "url": "https://a.example/pub", "suites": ["stable", "stable-updates"], "repos": ["fedora/43"],
        "authority": "http://archive.example/pub/",
    });
    let plan = Plan::both(Behaviour::HEALTHY).over(Transport::Tls(Validity::Ends(60 * DAY)));
    assert_json_snapshot!(check_as(plan, entry).await);
}

#[tokio::test]
async fn healthy_front_page() {
    assert_json_snapshot!(check(Plan::both(Behaviour::HEALTHY)).await);
}

#[tokio::test]
async fn lagging() {
    assert_json_snapshot!(check_suite(Plan::both(Behaviour::lagging_days(3))).await);
}

#[tokio::test]
async fn generations_by_family() {
    let half_a_day = Behaviour::Serve { lag: DAY / 2 };
    assert_json_snapshot!(check_suite(Plan::split(Behaviour::HEALTHY, half_a_day)).await);
}

#[tokio::test]
async fn ipv6_broken() {
    assert_json_snapshot!(check_suite(Plan::split(Behaviour::HEALTHY, Behaviour::Reset)).await);
}

#[tokio::test]
async fn refusing() {
    assert_json_snapshot!(check(Plan::both(Behaviour::Refuse)).await);
}

#[tokio::test]
async fn hanging() {
    assert_json_snapshot!(check(Plan::both(Behaviour::Hang)).await);
}

#[tokio::test]
async fn expired_certificate() {
    assert_json_snapshot!(check(Plan::both(Behaviour::HEALTHY).over(Transport::Tls(Validity::Ended(DAY)))).await);
}

#[tokio::test]
async fn hostile_page_instead_of_a_release() {
    let page = "HTTP/1.1 200 OK\r\n\r\n<script>alert(1)</script>\n\u{1b}[31m";
    assert_json_snapshot!(check_suite(Plan::both(Behaviour::Raw(page.into()))).await);
}

/// The other faults by their codes: what else is in a result is the same as above.
#[tokio::test]
async fn every_fault_has_its_code() {
    let front_page = [
        (Behaviour::Slow(Duration::from_secs(6)), "MIRROR-SLOW"),
        (Behaviour::Slow(Duration::from_secs(20)), "MIRROR-TIMEOUT"),
        (Behaviour::Drip(Duration::from_secs(1)), "MIRROR-TIMEOUT"),
        (Behaviour::Close, "MIRROR-RESET"),
        (Behaviour::Status(403), "MIRROR-HTTP-STATUS"),
        (Behaviour::Status(500), "MIRROR-HTTP-STATUS"),
        (Behaviour::Status(429), "MIRROR-BUSY"),
        (Behaviour::Busy(60), "MIRROR-BUSY"),
        (Behaviour::WrongContent, "MIRROR-NO-CONTENT"),
        (Behaviour::EndlessBody, "MIRROR-NO-CONTENT"),
        (Behaviour::ShortBody, "BODY-SHORT"),
        (Behaviour::RedirectLoop, "REDIRECT-LOOP"),
        (Behaviour::RedirectTo("file:///etc/passwd".into()), "REDIRECT-REFUSED"),
        (
            Behaviour::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n".to_vec()),
            "MIRROR-PROTOCOL",
        ),
    ];
    let suite = [
        (Behaviour::EndlessBody, "BODY-TOO-LARGE"),
        (Behaviour::WrongContent, "MIRROR-NOT-RELEASE"),
        (Behaviour::Serve { lag: 30 * DAY }, "RELEASE-EXPIRED"),
        (Behaviour::Status(404), "MIRROR-HTTP-STATUS"),
    ];
    for (behaviour, code) in front_page {
        let result = check(Plan::both(behaviour.clone())).await;
        assert!(
            result.is_null() || codes(&result) == [code],
            "{behaviour:?}: {result:#}"
        );
    }
    for (behaviour, code) in suite {
        let result = check_suite(Plan::both(behaviour.clone())).await;
        assert!(
            result.is_null() || codes(&result)[0] == code,
            "{behaviour:?}: {result:#}"
        );
    }
    for (transport, code) in [
        (Transport::Tls(Validity::Ends(3 * DAY)), "TLS-EXPIRING"),
        (Transport::Untrusted, "TLS-UNTRUSTED"),
        (Transport::WrongName, "TLS-WRONG-NAME"),
    ] {
        let result = check(Plan::both(Behaviour::HEALTHY).over(transport)).await;
        assert!(
            result.is_null() || codes(&result) == [code],
            "{transport:?}: {result:#}"
        );
    }
    let repo = json!({"url": "http://a.example/fedora", "repos": [""]});
    let result = check_as(Plan::both(Behaviour::WrongContent), repo).await;
    assert!(
        result.is_null() || codes(&result) == ["MIRROR-NOT-REPOMD"],
        "{result:#}"
    );
}

#[tokio::test]
async fn a_mirror_that_cannot_be_connected_to_is_not_asked_for_every_file() {
    let entry = json!({"url": "http://a.example/", "suites": ["a", "b", "c", "d", "e", "f"]});
    let result = check_as(Plan::both(Behaviour::Hang), entry).await;
    let files = &result["status"]["http://a.example/"]["facts"]["families"][0]["files"];
    assert!(result.is_null() || files.as_array().unwrap().len() == 1, "{result:#}");
}

#[tokio::test]
async fn an_authority_that_fails_is_a_notice() {
    let entry = json!({"url": "http://a.example/x", "repos": ["y"], "authority": "http://down.example/"});
    let result = check_as(Plan::both(Behaviour::HEALTHY), entry).await;
    if !result.is_null() {
        let status = &result["status"]["http://a.example/x"];
        assert_eq!(status["running"], true);
        let message = "y/repodata/repomd.xml: the authority answered 500";
        assert_eq!(
            status["findings"],
            json!([{"code": "AUTHORITY-UNKNOWN", "severity": "notice", "message": message}])
        );
        assert_eq!(status["facts"].get("lag_seconds"), None);
    }
}

/// Each result can be read by the app that gets it.
#[tokio::test]
async fn results_are_what_the_delivery_app_reads() {
    for behaviour in [Behaviour::HEALTHY, Behaviour::Refuse, Behaviour::WrongContent] {
        let result = check(Plan::both(behaviour)).await;
        if !result.is_null() {
            let text = result.to_string().replace("[time]", "2026-11-20 12:00:00.123");
            let read = StatusMessage::decode(&text).unwrap();
            assert!(matches!(read, StatusMessage::Mirrors(mirrors) if mirrors.contains_key("http://a.example/")));
        }
    }
}
