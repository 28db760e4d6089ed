//! Jobs that another version of the app started.

use bytes::Bytes;
use serde_json::{Value, json};
use storage_access::{BlobHeaders, Condition};

use crate::{PLACE, Site, json};

async fn put(site: &Site, path: &str, content: &Value, metadata: &[(&str, &str)]) {
    let metadata = metadata
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let headers = BlobHeaders {
        metadata,
        ..BlobHeaders::default()
    };
    let document = site.storage.container(PLACE.container).document(path);
    let _ = document
        .put(Bytes::from(content.to_string()), Condition::IfAbsent, headers)
        .await
        .unwrap();
}

async fn read(site: &Site, path: &str) -> Value {
    let document = site.storage.container(PLACE.container).document(path);
    serde_json::from_slice(&document.get().await.unwrap().unwrap().bytes).unwrap()
}

#[tokio::test]
async fn a_job_of_the_format_before_is_resumed_and_keeps_its_format() {
    let site = Site::new();
    site.ledger().prepare().await.unwrap();
    let job = json!({
        "format": 1, "state": "starting", "epoch": 1, "published": 0, "kind": "split",
        "created": "2026-11-19T10:00:00Z", "input": "{\"texts\":2,\"words\":4}"
    });
    put(&site, "jobs/older", &job, &[("state", "starting")]).await;
    site.ledger().sweep().await.unwrap();
    site.deliver_all().await;
    let status = json(&site.about("status", "older").await);
    assert_eq!(status["runtimeStatus"], "Completed");
    let job = read(&site, "jobs/older").await;
    assert_eq!(
        (&job["format"], &job["state"], job.get("totals")),
        (&json!(1), &json!("finished"), None)
    );
}

#[tokio::test]
async fn a_newer_job_is_left_alone_and_its_message_comes_again_later() {
    let site = Site::new();
    site.ledger().prepare().await.unwrap();
    let newer = json!({ "format": 3, "state": "dreaming" });
    put(&site, "jobs/newer", &newer, &[("state", "dreaming")]).await;
    let message = json!({ "v": 1, "job": "newer", "unit": "000000-0123456789abcdef" });
    site.queue
        .send(message.to_string().as_bytes(), Default::default())
        .await
        .unwrap();
    site.ledger().sweep().await.unwrap();
    assert!(site.deliver_one().await);
    assert!(!site.deliver_one().await, "it is postponed");
    site.hands.advance(std::time::Duration::from_secs(61));
    assert!(site.deliver_one().await);
    assert_eq!(read(&site, "jobs/newer").await, newer);
    assert_eq!(
        json(&site.about("status", "newer").await)["customStatus"]["phase"],
        "newer"
    );
}
