//! Who may talk to the dashboard. Replay and run are remote execution: only this machine's browser, on the
//! dashboard's own pages, may press them.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No third party, no inline script or style, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses requests under a foreign name (DNS rebinding) and changes asked for by foreign pages; adds the security
/// headers to every answer.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match check(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => (StatusCode::FORBIDDEN, problem).into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: with it a browser sends `Origin: null` with the pages' own forms, which are then refused.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    local_caller(headers)?;
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads && !headers.contains_key(header::ORIGIN) {
        return Err("a change needs an Origin header of the dashboard's own pages\n");
    }
    Ok(())
}

/// Refuses requests under a foreign name and those of another origin's pages. Programs send no `Origin` and may pass.
///
/// # Errors
/// What is told to the caller.
pub fn local_caller(headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).ok_or("no Host header\n")?;
    if !is_local(host) {
        return Err("this address answers only as 127.0.0.1 or localhost\n");
    }
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        None => Ok(()),
        Some(Ok(origin)) if origin.strip_prefix("http://") == Some(host) => Ok(()),
        Some(_) => Err("requests from other pages are refused\n"),
    }
}

fn is_local(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: Method, pairs: &[(HeaderName, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        check(&method, &headers).is_ok()
    }

    #[test]
    fn reading_needs_a_local_name() {
        assert!(asked(Method::GET, &[(header::HOST, "127.0.0.1:7070")]));
        assert!(asked(Method::GET, &[(header::HOST, "localhost:7070")]));
        assert!(!asked(Method::GET, &[(header::HOST, "evil.example:7070")]));
        assert!(!asked(Method::GET, &[(header::HOST, "localhost.evil.example")]));
        assert!(!asked(Method::GET, &[]));
    }

    #[test]
    fn a_change_needs_the_dashboards_own_origin() {
        let host = (header::HOST, "127.0.0.1:7070");
        assert!(asked(
            Method::POST,
            &[host.clone(), (header::ORIGIN, "http://127.0.0.1:7070")]
        ));
        for origin in [
            "http://127.0.0.1:9999",
            "http://localhost:7070",
            "https://evil.example",
            "null",
        ] {
            assert!(
                !asked(Method::POST, &[host.clone(), (header::ORIGIN, origin)]),
                "{origin}"
            );
        }
        assert!(!asked(Method::POST, std::slice::from_ref(&host)));
        assert!(!asked(Method::GET, &[host, (header::ORIGIN, "https://evil.example")]));
    }
}
