use super::query::escape;

/// The current `System.Diagnostics.Activity` of the host, when tracing is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// `traceparent`, or the old hierarchical id for `Request-Id`.
    pub id: String,
    /// Whether `id` is a W3C id.
    pub is_w3c: bool,
    /// `tracestate`, if any.
    pub state: Option<String>,
    /// Baggage, newest first.
    pub baggage: Vec<(String, String)>,
}

/// The headers of an invocation request except `Host` and `Transfer-Encoding: chunked`, in wire order.
pub fn invocation_headers(
    host_version: &str,
    invocation_id: &str,
    activity: Option<&Activity>,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("X-Azure-Functions-HostVersion", host_version.to_owned()),
        ("X-Azure-Functions-InvocationId", invocation_id.to_owned()),
        ("User-Agent", format!("Azure-Functions-Host/{host_version}")),
    ];
    if let Some(activity) = activity {
        headers.push((
            if activity.is_w3c { "traceparent" } else { "Request-Id" },
            activity.id.clone(),
        ));
        headers.extend(activity.state.clone().map(|state| ("tracestate", state)));
        if !activity.baggage.is_empty() {
            let pairs: Vec<String> = activity
                .baggage
                .iter()
                .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
                .collect();
            headers.push(("Correlation-Context", pairs.join(", ")));
        }
    }
    headers.push(("Content-Type", "application/json; charset=utf-8".to_owned()));
    headers
}
