use std::fmt::Write;

use repo_client::{Failure, Family, Wanted};
use service_fakes::mirrors::Behaviour;

use crate::stage::Stage;

async fn raw(answer: impl Into<Vec<u8>>) -> Result<u16, Failure> {
    let stage = Stage::behaving(Behaviour::Raw(answer.into())).await;
    stage.front_page().await.outcome.map(|answer| answer.status)
}

#[tokio::test]
async fn statuses_are_answers_and_not_failures() {
    for status in [200, 204, 403, 404, 500, 503] {
        let fetch = Stage::behaving(Behaviour::Status(status)).await.front_page().await;
        let answer = fetch.outcome.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0));
        assert!(answer.server_date().is_some());
    }
}

#[tokio::test]
async fn a_body_that_ends_early_is_short() {
    let fetch = Stage::behaving(Behaviour::ShortBody).await.front_page().await;
    assert_eq!(
        fetch.outcome.unwrap_err(),
        Failure::BodyShort {
            announced: Some(1000),
            received: 16
        }
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    assert_eq!(
        raw(chunked).await,
        Err(Failure::BodyShort {
            announced: None,
            received: 5
        })
    );
}

#[tokio::test]
async fn a_large_body_is_a_failure_or_cut_as_wanted() {
    let stage = Stage::behaving(Behaviour::EndlessBody).await;
    let whole = stage.get("/", Family::Ipv4, Wanted::Whole(100_000)).await;
    assert_eq!(whole.outcome.unwrap_err(), Failure::BodyTooLarge(100_000));
    let beginning = stage.get("/", Family::Ipv4, Wanted::Beginning(100_000)).await;
    assert_eq!(beginning.outcome.unwrap().body.len(), 100_000);
    assert_eq!(
        raw("HTTP/1.1 200 OK\r\nContent-Length: 4097\r\n\r\n").await,
        Err(Failure::BodyTooLarge(4096))
    );
}

#[tokio::test]
async fn redirects_are_followed_until_they_turn_in_a_circle() {
    let fetch = Stage::behaving(Behaviour::RedirectLoop).await.front_page().await;
    assert_eq!(fetch.outcome.unwrap_err(), Failure::RedirectLoop);
    assert_eq!(fetch.redirects, 1);

    let elsewhere = Stage::behaving(Behaviour::RedirectTo("ftp://mirror.example/".to_owned())).await;
    let refused = elsewhere.front_page().await.outcome.unwrap_err();
    assert_eq!(refused, Failure::RedirectRefused("it leads to no web address"));
}

#[tokio::test]
async fn hostile_heads_are_refused() {
    let mut many_headers = String::from("HTTP/1.1 200 OK\r\n");
    for number in 0..10_000 {
        let _ = write!(many_headers, "x-{number}: y\r\n");
    }
    for (case, head) in [
        ("nothing like HTTP", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        ("no status", b"HTTP/1.1 OK\r\n\r\n".to_vec()),
        (
            "a header without end",
            [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'y'; 200_000]].concat(),
        ),
        ("too many headers", many_headers.into_bytes()),
        (
            "a length that is no number",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n".to_vec(),
        ),
        ("bytes in a name", b"HTTP/1.1 200 OK\r\n\xff\xfe: 1\r\n\r\n".to_vec()),
        (
            "an encoding",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
    ] {
        let failure = raw(head).await.unwrap_err();
        assert!(matches!(failure, Failure::Protocol(_)), "{case}: {failure:?}");
    }
}

#[tokio::test]
async fn a_body_without_length_ends_with_the_connection() {
    assert_eq!(raw("HTTP/1.0 200 OK\r\n\r\nhello").await, Ok(200));
    assert_eq!(raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await, Ok(200));
}
