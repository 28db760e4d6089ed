//! The page at `/` of an app.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};

use crate::app::Trigger;
use crate::host::RunningApp;

/// The page; 204 when `AzureWebJobsDisableHomepage` is true, as in the host.
pub(super) fn page(app: &RunningApp) -> Response {
    let off = app
        .app
        .settings
        .get("AzureWebJobsDisableHomepage")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if off {
        return StatusCode::NO_CONTENT.into_response();
    }
    let prefix = app.app.host.extensions.http.route_prefix();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (app.app.name) }
            }
            body {
                h1 { (app.app.name) }
                p { "This function app is up and running." }
                ul {
                    @for function in &app.app.functions {
                        @if let Trigger::Http { template, methods, .. } = &function.trigger {
                            li { code { (methods.join(", ")) " /" (prefix) @if !prefix.is_empty() { "/" } (template.as_str()) } }
                        }
                    }
                }
            }
        }
    };
    Html(page.into_string()).into_response()
}
