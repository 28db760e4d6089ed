//! Arbitrary bytes where an answer should be.

use std::time::Duration;

use determinism::Clock;
use proptest::prelude::*;
use repo_client::{ClientSettings, Failure, Family, RepoClient, Wanted};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

const MOST: usize = 4096;

/// What nearly is an answer finds more than noise does.
fn answers() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 302 Found\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 503\r\n",
        "HTTP/1.0 999 \r\n",
        "Location: /again\r\n",
        "Location: http://127.0.0.1:1/\r\n",
        "Location: ftp://x/\r\n",
        "Location: //[\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 18446744073709551615\r\n",
        "Content-Length: -1\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Encoding: gzip\r\n",
        "Retry-After: 99999999999999999999\r\n",
        "Date: Fri, 20 Nov 2026 12:00:00 GMT\r\n",
        "\r\n",
        "5\r\nhello\r\n",
        "ffffffffffffffff\r\n",
        "0\r\n\r\n",
        "hello",
    ]);
    let piece = prop_oneof![
        6 => line.prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop_oneof![
        3 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => prop::collection::vec(any::<u8>(), 0..400),
    ]
}

/// What the client makes of a server that says this to each request, and then closes or says no more; and how long it
/// takes by the client's clock.
async fn fetch(answer: Vec<u8>, closes: bool) -> (Result<usize, Failure>, Duration) {
    let (clock, hands) = Clock::manual("2026-11-20T12:00:00Z".parse().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let client = RepoClient::new(ClientSettings::default(), clock.clone());
    let addresses = client.resolve(&url).await.unwrap();
    let serve = async {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&answer).await;
            if !closes {
                open.push(stream);
            }
        }
    };
    let time = async {
        loop {
            tokio::task::yield_now().await;
            hands.advance(Duration::from_millis(5));
        }
    };
    let fetch = tokio::select! {
        biased;
        fetch = client.get(&url, &addresses, Family::Ipv4, Wanted::Whole(MOST)) => fetch,
        () = serve => unreachable!("it accepts for ever"),
        () = time => unreachable!("it never ends"),
    };
    (fetch.outcome.map(|answer| answer.body.len()), clock.monotonic())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_server_says_the_client_comes_to_an_end(answer in answers(), closes in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (outcome, took) = runtime.block_on(fetch(answer, closes));
        prop_assert!(took <= Duration::from_millis(10_100), "{took:?}: {outcome:?}");
        if let Ok(bytes) = outcome {
            prop_assert!(bytes <= MOST);
        }
    }
}
