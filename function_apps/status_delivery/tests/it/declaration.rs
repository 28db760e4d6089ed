//! The declaration: committed files, settings, start.

use custom_handler::{RunError, Settings};
use status_delivery::{Deps, functions};

use crate::world::World;

#[test]
fn the_committed_files_are_those_of_the_declaration() {
    custom_handler::testing::assert_manifest(&functions(), env!("CARGO_MANIFEST_DIR"));
}

async fn start(settings: &[(&str, &str)]) -> Vec<String> {
    let settings = Settings::from_iter(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    match custom_handler::serve(functions(), settings, Deps::connect).await {
        Err(RunError::Settings(problems)) => problems.problems().iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everything_that_is_missing_or_wrong_is_said_at_once() {
    let problems = start(&[
        ("ResultsQueueName", "other-queue"),
        ("JsonContainerName", "status-state"),
    ])
    .await;
    let text = problems.join("\n");
    for expected in [
        "FUNCTIONS_CUSTOMHANDLER_PORT: missing",
        "JsonContainerName: unusable: status-state holds the private state",
        "ResultsQueueName: unusable: it must be results-queue, the trigger's queue",
        "pmcstatusprimary_CONNECTION: missing",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert_eq!(
        problems
            .iter()
            .filter(|problem| problem.starts_with("pmcstatus"))
            .count(),
        1,
        "{text}"
    );
}

#[tokio::test]
async fn a_wrong_connection_is_named_without_its_secret() {
    let settings = [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0"),
        ("pmcstatusprimary_CONNECTION", "AccountName=acme;AccountKey=hunter2!"),
    ];
    let problems = start(&settings).await.join("\n");
    assert!(
        problems.contains("AccountKey is not base64") && !problems.contains("hunter2"),
        "{problems}"
    );
}

#[tokio::test]
async fn an_instance_without_anything_to_do_asks_nothing_of_storage() {
    let (world, _) = World::still().await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&asked);
    world.emulator.observe(move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let _app = world.instance("app");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}
