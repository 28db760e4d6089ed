use std::time::Duration;

use package_repos::mirror::MirrorRequest;
use service_fakes::mirrors::{Behaviour, FakeMirrors, Plan};

use crate::stage::{app, noon, result};

#[tokio::test]
async fn a_message_that_is_no_request_is_put_aside_with_its_reason() {
    let (clock, _) = noon();
    let app = app(None, &clock, &[]).await;
    for (text, reason) in [
        ("", "url is no URL"),
        ("not a url", "url has white space"),
        ("ftp://a.example/", "neither http nor https"),
        (
            r#"{"url": "http://a.example/", "suites": ["../x"]}"#,
            "suites[0] is no path below the mirror",
        ),
        ("[1]", "url is no URL"),
    ] {
        let run = app.queue_text("check_mirror", text).run().await;
        assert_eq!(run.failure(), None, "{text}");
        let poison = run.poison().unwrap();
        assert!(poison.reason.contains(reason), "{text}: {}", poison.reason);
        assert_eq!(run.message_texts("results-queue"), [""; 0]);
    }
}

/// A request says what to check and not what was found, so a second delivery is only another look.
#[tokio::test]
async fn a_request_delivered_twice_gives_the_same_result_twice() {
    let (clock, _) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    mirrors.add("a.example", &Plan::both(Behaviour::HEALTHY)).await.unwrap();
    let app = app(Some(&mirrors), &clock, &[]).await;
    let request = MirrorRequest::bare("http://a.example/").unwrap();
    let first = app.queue("check_mirror", &request).run().await;
    let second = app.queue("check_mirror", &request).attempt(2).run().await;
    assert_eq!(result(&first), result(&second));
}

#[tokio::test]
async fn a_request_that_waited_too_long_is_skipped() {
    let (clock, hands) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    mirrors.add("a.example", &Plan::both(Behaviour::HEALTHY)).await.unwrap();
    let app = app(Some(&mirrors), &clock, &[("RequestMaxAgeSeconds", "360")]).await;
    let request = MirrorRequest::bare("http://a.example/").unwrap();
    let waiting = app.queue("check_mirror", &request);
    let body = waiting.body();
    hands.advance(Duration::from_secs(360));
    assert_eq!(waiting.run().await.message_texts("results-queue").len(), 1);
    hands.advance(Duration::from_secs(1));
    let reply = app.invoke_raw("check_mirror", body).await;
    assert!(reply.is_success());
    assert!(
        !String::from_utf8_lossy(&reply.body).contains("status_type"),
        "{reply:?}"
    );
}

#[tokio::test]
async fn one_mirror_that_asks_to_be_left_alone_is_not_asked_again_before() {
    let (clock, hands) = noon();
    let mut mirrors = FakeMirrors::new(&clock).await.unwrap();
    mirrors
        .add(
            "a.example",
            &Plan {
                ipv6: None,
                ..Plan::both(Behaviour::Busy(600))
            },
        )
        .await
        .unwrap();
    let app = app(Some(&mirrors), &clock, &[]).await;
    let request = MirrorRequest::bare("http://a.example/").unwrap();
    let message = async || {
        let result = result(&app.queue("check_mirror", &request).run().await);
        result["status"]["http://a.example/"]["errors"][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(message().await, "MIRROR-BUSY: the server answered 503");
    hands.advance(Duration::from_secs(180));
    assert_eq!(
        message().await,
        "MIRROR-BUSY: the mirror asked to be left alone until 2026-11-20T12:10:00Z; nothing was sent"
    );
}
