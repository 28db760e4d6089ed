//! The app, some mirrors, and a clock that a test moves.

use std::time::Duration;

use custom_handler::testing::{Run, TestApp};
use custom_handler::{Clock, Settings};
use determinism::ManualClock;
use scan_mirrors::{Deps, functions};
use serde_json::Value;
use service_fakes::mirrors::FakeMirrors;

/// A connection that is never used: the host does what the app's bindings say.
const CONNECTION: &str =
    "DefaultEndpointsProtocol=https;AccountName=unused;AccountKey=dW51c2Vk;EndpointSuffix=core.windows.net";

/// An hour at which the newest generation of the fake mirrors is six hours old.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

pub(crate) fn noon() -> (Clock, ManualClock) {
    Clock::manual(NOON.parse().unwrap())
}

/// The app with settings that lead to the mirrors.
pub(crate) async fn app(mirrors: Option<&FakeMirrors>, clock: &Clock, more: &[(&str, &str)]) -> TestApp<Deps> {
    let own = [("pmcstatusprimary_CONNECTION", CONNECTION.to_owned())];
    let theirs = mirrors.map(|mirrors| {
        [
            ("AddressMap", mirrors.address_map_json()),
            ("ExtraTrustRoots", mirrors.trust_roots_pem()),
        ]
    });
    let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let settings: Settings = own
        .into_iter()
        .chain(theirs.into_iter().flatten())
        .chain(more)
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let deps = Deps::connect(&settings).await.unwrap();
    TestApp::new(functions(), deps).clock(clock.clone())
}

/// Lets the time pass until the run is over. A fake that waits and a limit that runs out are on the same clock, so
/// that the outcome does not depend on the machine.
pub(crate) async fn passing_time<T>(hands: &ManualClock, run: impl Future<Output = T>) -> T {
    let passing = async {
        loop {
            hands.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        outcome = run => outcome,
        () = passing => unreachable!("it never ends"),
    }
}

/// The one result that a check sent, without what differs from run to run: ports and measured times.
pub(crate) fn result(run: &Run) -> Value {
    assert_eq!(run.failure(), None);
    let texts = run.message_texts("results-queue");
    assert_eq!(texts.len(), 1, "{texts:?}");
    let mut message: Value = serde_json::from_str(&texts[0]).unwrap();
    for status in message["status"].as_object_mut().unwrap().values_mut() {
        status["time"] = Value::from("[time]");
        if let Some(families) = status["facts"]["families"].as_array_mut() {
            for latency in families
                .iter_mut()
                .filter_map(|family| family["latency_ms"].as_object_mut())
            {
                latency.values_mut().for_each(|value| *value = Value::from("[ms]"));
            }
        }
    }
    message
}

/// The codes of a result's findings.
pub(crate) fn codes(result: &Value) -> Vec<String> {
    let status = result["status"].as_object().unwrap().values().next().unwrap();
    status["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}
