//! The static website on a port of its own, with public blobs on the same origin.

use std::path::{Component, Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use storage_emulator::{DEVELOPMENT_ACCOUNT, Emulator, Endpoints, Service};

use crate::storage::content_type;

/// What is served.
#[derive(Clone)]
pub struct Website {
    /// The folder of the site.
    pub folder: PathBuf,
    /// The built-in storage, whose public blobs are answered under `/<container>/<blob>`.
    pub emulator: Option<Emulator>,
    /// Where blobs are read when storage is elsewhere.
    pub blob_endpoint: Option<String>,
}

/// Serves until the listener fails.
///
/// # Errors
/// The listener fails.
pub async fn serve(website: Website, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    axum::serve(listener, Router::new().fallback(answer).with_state(website)).await
}

async fn answer(State(website): State<Website>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = request.uri().path();
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let Some(file) = file_below(&website.folder, &decoded) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Ok(bytes) = tokio::fs::read(&file).await {
        let bytes = match (file.file_name().and_then(|name| name.to_str()), &website.emulator) {
            // Blobs of another account are not on this origin.
            (Some("config.json"), None) => pointed_at(bytes, website.blob_endpoint.as_deref()),
            _ => bytes,
        };
        return with_type(bytes.into(), content_type(&file.to_string_lossy()), StatusCode::OK);
    }
    if let Some(emulator) = &website.emulator
        && let Some(response) = public_blob(emulator, path).await
    {
        return response;
    }
    match tokio::fs::read(website.folder.join("404.html")).await {
        Ok(page) => with_type(page.into(), content_type("404.html"), StatusCode::NOT_FOUND),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file that a path names; none for a path that leaves the folder.
fn file_below(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut file = folder.to_path_buf();
    for part in Path::new(path.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) => file.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(if path.ends_with('/') || path.is_empty() {
        file.join("index.html")
    } else {
        file
    })
}

/// Asks the built-in storage without a key: only what is public is answered.
async fn public_blob(emulator: &Emulator, path: &str) -> Option<Response> {
    let address = format!(
        "{}{path}",
        Endpoints::in_process().of(Service::Blob, DEVELOPMENT_ACCOUNT)
    );
    let request = axum::http::Request::get(address).body(Bytes::new()).ok()?;
    let (head, body) = emulator.handle(request).await.into_parts();
    if head.status != StatusCode::OK {
        return None;
    }
    let kind = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    Some(with_type(
        body,
        kind.unwrap_or("application/octet-stream"),
        StatusCode::OK,
    ))
}

/// Relative data addresses in config.json become those of the account's public blobs.
fn pointed_at(bytes: Vec<u8>, endpoint: Option<&str>) -> Vec<u8> {
    let document = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes);
    let (Some(endpoint), Ok(mut document)) = (endpoint, document) else {
        return bytes;
    };
    for (name, value) in &mut document {
        if let (true, Some(address)) = (name.ends_with("Url"), value.as_str())
            && !address.contains("://")
        {
            *value = format!("{endpoint}/{}", address.trim_start_matches('/')).into();
        }
    }
    serde_json::to_vec_pretty(&document).unwrap_or(bytes)
}

fn with_type(bytes: Bytes, kind: &str, status: StatusCode) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_folder() {
        let below = |path| file_below(Path::new("/site"), path);
        assert_eq!(below("/").unwrap(), Path::new("/site/index.html"));
        assert_eq!(below("/styles/site.css").unwrap(), Path::new("/site/styles/site.css"));
        assert_eq!(below("/../secret"), None);
        assert_eq!(below("/a/../../secret"), None);
    }

    #[test]
    fn data_addresses_point_at_the_account_when_it_is_elsewhere() {
        let config = br#"{"statusUrl":"public/status.json","title":"T"}"#.to_vec();
        let pointed: serde_json::Value =
            serde_json::from_slice(&pointed_at(config.clone(), Some("https://a.b"))).unwrap();
        assert_eq!(pointed["statusUrl"], "https://a.b/public/status.json");
        assert_eq!(pointed["title"], "T");
        assert_eq!(pointed_at(config.clone(), None), config);
    }
}
