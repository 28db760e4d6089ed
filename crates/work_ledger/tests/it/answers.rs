//! What callers of the generated HTTP functions get.

use serde_json::json;

use crate::{Site, json};

#[tokio::test]
async fn a_start_answers_with_addresses_that_carry_no_key() {
    let site = Site::new();
    let answer = site
        .start("?code=secret&id=first", json!({ "texts": 1, "words": 3 }))
        .await;
    assert_eq!(answer.status_code(), 202);
    let one = "http://localhost:7071/api/word_count/first";
    assert_eq!(
        json(&answer),
        json!({
            "id": "first",
            "statusQueryGetUri": one,
            "terminatePostUri": format!("{one}/terminate"),
            "retryPostUri": format!("{one}/retry"),
            "purgeHistoryDeleteUri": one,
        })
    );
    let headers: Vec<(&str, &str)> = answer.headers().collect();
    assert!(headers.contains(&("Location", one)), "{headers:?}");
    assert!(headers.contains(&("Retry-After", "10")), "{headers:?}");
}

#[tokio::test]
async fn a_second_start_with_the_same_id_is_the_same_job() {
    let site = Site::new();
    for _ in 0..2 {
        let answer = site.start("?id=first", json!({ "texts": 2, "words": 3 })).await;
        assert_eq!(answer.status_code(), 202);
    }
    site.deliver_all().await;
    site.start("?id=first", json!({ "texts": 9, "words": 9 })).await;
    let status = site.about("status", "first").await;
    assert_eq!(
        json(&status)["customStatus"]["totals"],
        json!({ "done": 3, "failed": 0 })
    );
}

#[tokio::test]
async fn a_status_is_accepted_until_the_end_and_then_complete() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 2, "words": 50 })).await;
    let status = site.about("status", "first").await;
    assert_eq!(status.status_code(), 202);
    assert!(status.headers().any(|header| header == ("Retry-After", "10")));
    let body = json(&status);
    assert_eq!(
        (&body["instanceId"], &body["runtimeStatus"]),
        (&json!("first"), &json!("Running"))
    );
    assert_eq!(
        (&body["output"], &body["customStatus"]["phase"]),
        (&json!(null), &json!("running"))
    );
    site.deliver_all().await;
    let status = site.about("status", "first").await;
    assert_eq!(status.status_code(), 200);
    let body = json(&status);
    assert_eq!(body["runtimeStatus"], "Completed");
    assert_eq!(body["createdTime"], "2026-11-20T10:00:00Z");
    let words: u64 = body["output"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(words, 100);
}

#[tokio::test]
async fn unknown_and_impossible_ids_are_told_apart() {
    let site = Site::new();
    site.ledger().prepare().await.unwrap();
    for function in ["status", "cancel", "retry", "remove"] {
        assert_eq!(site.about(function, "nobody").await.status_code(), 404, "{function}");
    }
    let answer = site.start("?id=a%20b", json!({ "texts": 1, "words": 1 })).await;
    assert_eq!(answer.status_code(), 400);
    assert!(answer.body().contains("1 to 100 characters"), "{}", answer.body());
}

#[tokio::test]
async fn a_job_that_runs_is_not_removed_and_one_that_ended_is_gone_at_once() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 1, "words": 1 })).await;
    assert_eq!(site.about("remove", "first").await.status_code(), 409);
    site.deliver_all().await;
    assert_eq!(site.about("remove", "first").await.status_code(), 200);
    assert_eq!(site.about("status", "first").await.status_code(), 404);
    assert_eq!(site.about("remove", "first").await.status_code(), 404);
    let again = site.start("?id=first", json!({ "texts": 1, "words": 1 })).await;
    assert_eq!(again.status_code(), 409, "{}", again.body());
}

#[tokio::test]
async fn a_cancelled_job_is_terminated_when_every_worker_must_have_looked() {
    let site = Site::new();
    site.start("?id=first", json!({ "texts": 2, "words": 1 })).await;
    assert_eq!(site.about("cancel", "first").await.status_code(), 202);
    let status = site.about("status", "first").await;
    assert_eq!(
        (status.status_code(), &json(&status)["customStatus"]["phase"]),
        (202, &json!("cancelling"))
    );
    site.ledger().sweep().await.unwrap();
    assert_eq!(site.about("status", "first").await.status_code(), 202);
    // Three budgets of a quarter of the function's time-out.
    site.hands.advance(std::time::Duration::from_secs(3 * 75 + 2));
    site.ledger().sweep().await.unwrap();
    let status = site.about("status", "first").await;
    assert_eq!(
        (status.status_code(), &json(&status)["runtimeStatus"]),
        (200, &json!("Terminated"))
    );
    assert_eq!(json(&status)["customStatus"]["reason"], "asked for");
}
