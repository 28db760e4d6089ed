//! The static website on a port of its own, with the storage's public blobs on the same origin: the page's Content
//! Security Policy allows no other but Azure's.

use std::path::{Component, Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use storage_access::{Cause, Storage};

use crate::error_chain::chain;
use crate::storage::content_type;

/// What is served.
#[derive(Clone)]
pub struct Website {
    /// The folder of the site.
    pub folder: PathBuf,
    /// The storage without any right to it: its public blobs are answered under `/<container>/<blob>`.
    pub public: Option<Storage>,
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
        return with_type(bytes.into(), content_type(&file.to_string_lossy()), StatusCode::OK);
    }
    if let Some(storage) = &website.public
        && let Some(response) = public_blob(storage, decoded.trim_start_matches('/')).await
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

/// The public blob of this name; none when there is none, or none that a visitor may read.
async fn public_blob(storage: &Storage, path: &str) -> Option<Response> {
    let (container, blob) = path.split_once('/')?;
    match storage.container(container).document(blob).get().await {
        Ok(found) => Some(with_type(found?.bytes, content_type(blob), StatusCode::OK)),
        Err(error) if error.status().is_some_and(|status| status < 500) => None,
        // A name that cannot be one of a blob is no failure of the storage.
        Err(error) if matches!(error.cause(), Cause::Invalid { .. }) => None,
        Err(error) => Some((StatusCode::BAD_GATEWAY, chain(&error)).into_response()),
    }
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
}
