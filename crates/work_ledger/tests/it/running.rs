//! Jobs from start to end, and after it.

use std::time::Duration;

use serde_json::json;
use storage_emulator::Operation;
use work_ledger::JobId;

use crate::{PLACE, Site, json};

async fn paths(site: &Site) -> Vec<String> {
    let mut listing = site.storage.container(PLACE.container).list("", 5000).unwrap();
    let mut paths = Vec::new();
    while let Some(page) = listing.next_page().await.unwrap() {
        paths.extend(page.into_iter().map(|blob| blob.name));
    }
    paths
}

#[tokio::test]
async fn ranges_of_more_texts_than_a_unit_has_children_go_through_units_between() {
    let site = Site::new();
    site.start("?id=many", json!({ "texts": 250, "words": 1 })).await;
    site.deliver_all().await;
    let status = json(&site.about("status", "many").await);
    // One root, 84 ranges of at most three texts (the last has one and is a text itself), 250 texts.
    assert_eq!(
        status["customStatus"]["totals"],
        json!({ "done": 1 + 83 + 250, "failed": 0 })
    );
    let words: u64 = status["output"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(words, 250);
}

#[tokio::test]
async fn an_input_that_cannot_be_read_fails_its_unit_and_the_job_says_so() {
    let site = Site::new();
    site.start("?id=bad", json!({ "texts": "many" })).await;
    site.deliver_all().await;
    let status = json(&site.about("status", "bad").await);
    assert_eq!(status["runtimeStatus"], "Completed");
    assert_eq!(status["customStatus"]["totals"], json!({ "done": 0, "failed": 1 }));
}

#[tokio::test]
async fn a_removed_job_leaves_nothing_after_seven_days() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 3, "words": 1 })).await;
    site.deliver_all().await;
    site.about("remove", "first").await;
    site.ledger().sweep().await.unwrap();
    assert!(!paths(&site).await.is_empty());
    site.hands.advance(Duration::from_secs(7 * 24 * 3600 + 60));
    site.ledger().sweep().await.unwrap();
    assert_eq!(paths(&site).await, Vec::<String>::new());
    assert_eq!(
        site.start("?id=first", json!({ "texts": 1, "words": 1 }))
            .await
            .status_code(),
        202
    );
}

#[tokio::test]
async fn a_lost_message_is_sent_again_by_the_sweep() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 1, "words": 1 })).await;
    site.queue.clear().await.unwrap();
    site.ledger().sweep().await.unwrap();
    assert!(!site.deliver_one().await, "an open unit may still have its message");
    site.hands.advance(Duration::from_secs(601));
    site.ledger().sweep().await.unwrap();
    site.deliver_all().await;
    assert_eq!(site.about("status", "first").await.status_code(), 200);
}

#[tokio::test]
async fn what_an_attempt_wrote_before_it_died_is_removed_a_day_later() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 1, "words": 1 })).await;
    site.deliver_all().await;
    let container = site.storage.container(PLACE.container);
    let job = JobId::new("first").unwrap();
    let kept = paths(&site).await;
    let manifest = site.ledger().manifest(&job, 1).await.unwrap().unwrap();
    let unit = manifest.done[0].unit;
    let garbage = container.document(&format!("out/first/{unit}/0000-0"));
    let written = garbage
        .put("x".into(), storage_access::Condition::IfAbsent, Default::default())
        .await
        .unwrap();
    assert!(matches!(written, storage_access::Put::Stored(_)));
    site.ledger().clean().await.unwrap();
    assert_eq!(paths(&site).await.len(), kept.len() + 1);
    site.hands.advance(Duration::from_secs(24 * 3600 + 1));
    site.ledger().clean().await.unwrap();
    assert_eq!(paths(&site).await, kept);
}

#[tokio::test]
async fn units_without_a_job_are_removed_after_seven_days() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 1, "words": 1 })).await;
    site.deliver_all().await;
    let container = site.storage.container(PLACE.container);
    container
        .document("jobs/first")
        .delete(storage_access::Condition::Always)
        .await
        .unwrap();
    site.ledger().clean().await.unwrap();
    assert!(!paths(&site).await.is_empty());
    site.hands.advance(Duration::from_secs(7 * 24 * 3600 + 60));
    site.ledger().clean().await.unwrap();
    assert_eq!(paths(&site).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_unit_costs_what_the_documentation_says() {
    let site = Site::new();
    let requests = site.count_requests();
    let texts = 40_u64;
    site.start("?id=costs", json!({ "texts": texts, "words": 1 })).await;
    site.deliver_all().await;
    // The root is put and announced by the start; each text is a unit with one output, and the root has only children.
    let units = texts + 1;
    let puts_of_units = units + 2 * units + 1;
    let puts_of_outputs = texts + texts;
    let count = |operation, prefix| requests.count(operation, prefix);
    assert_eq!(count(Operation::PutBlob, "units/"), puts_of_units);
    assert_eq!(count(Operation::GetBlob, "units/"), units);
    // The manifest and the job's output come once.
    assert_eq!(count(Operation::PutBlob, "out/"), puts_of_outputs + 2);
    assert_eq!(count(Operation::PutMessage, ""), units + 1);
}

#[tokio::test]
async fn an_app_that_has_never_started_a_job_has_nothing_to_sweep_or_to_clean() {
    let site = Site::new();
    site.ledger().sweep().await.unwrap();
    site.ledger().clean().await.unwrap();
}
