use http::Method;

use crate::wire::{Reply, Target};

async fn set_rules(target: &Target, rules: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><StorageServiceProperties><Cors>{rules}</Cors></StorageServiceProperties>"
    );
    let call = target
        .queue(Method::PUT, "/")
        .query("restype", "service")
        .query("comp", "properties");
    call.body(body).send().await
}

const RULE: &str = "<CorsRule><AllowedOrigins>http://site.test</AllowedOrigins><AllowedMethods>GET,PUT</AllowedMethods>\
    <AllowedHeaders>x-ms-*,accept</AllowedHeaders><ExposedHeaders>x-ms-request-id</ExposedHeaders>\
    <MaxAgeInSeconds>60</MaxAgeInSeconds></CorsRule>";

pub(super) async fn rules_are_stored_and_answered(target: &Target) {
    set_rules(target, RULE).await.expect(202);
    let get = || {
        target
            .queue(Method::GET, "/")
            .query("restype", "service")
            .query("comp", "properties")
    };
    let stored = get().header("origin", "http://site.test").send().await.expect(200);
    assert_eq!(
        (stored.one("AllowedOrigins"), stored.one("MaxAgeInSeconds")),
        ("http://site.test".into(), "60".into())
    );
    assert_eq!(stored.header("access-control-allow-origin"), "http://site.test");
    assert!(
        stored
            .header("access-control-expose-headers")
            .contains("x-ms-request-id")
    );
    let stranger = get().header("origin", "http://other.test").send().await.expect(200);
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    if !target.is_azurite {
        set_rules(target, &RULE.repeat(6))
            .await
            .refused(400, "InvalidXmlDocument");
        set_rules(target, "<CorsRule></CorsRule>")
            .await
            .refused(400, "InvalidXmlNodeValue");
    }
}

pub(super) async fn preflights(target: &Target) {
    set_rules(target, RULE).await.expect(202);
    let ask = |origin: &'static str, method: &'static str, headers: &'static str| {
        let call = target
            .queue(Method::OPTIONS, "/some-queue/messages")
            .anonymous()
            .header("origin", origin);
        call.header("access-control-request-method", method)
            .header("access-control-request-headers", headers)
            .send()
    };
    let allowed = ask("http://site.test", "PUT", "x-ms-version,accept").await.expect(200);
    assert_eq!(allowed.header("access-control-allow-origin"), "http://site.test");
    assert_eq!(
        (
            allowed.header("access-control-allow-methods"),
            allowed.header("access-control-max-age")
        ),
        ("PUT", "60")
    );
    ask("http://site.test", "DELETE", "")
        .await
        .refused(403, "CorsPreflightFailure");
    ask("http://other.test", "PUT", "")
        .await
        .refused(403, "CorsPreflightFailure");
    ask("http://site.test", "PUT", "authorization")
        .await
        .refused(403, "CorsPreflightFailure");
}
