//! The explorer: the page at `/` where people try the graph.
//!
//! `scripts/explorer` builds it into a folder and this serves that folder, so that the program
//! needs no Node.js to be built, and a page built later is there at the next reload. Nothing here
//! is authenticated: the page is the same for everybody, and asks the graph with its user's token.

use std::path::{Path, PathBuf};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};
use tokio::fs;
use tower_http::services::ServeDir;

use super::headers;

/// Everything from here and nowhere else. The editor writes style elements; scripts have to be files.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     connect-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The names of assets carry a hash of what is in them.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// The page names the assets, so a browser asks for it each time.
const ASK_AGAIN: &str = "no-cache";
/// A page is small; a larger file is not ours.
const PAGE_BYTES_MAX: u64 = 64 * 1024;

const ABSENT: &str = include_str!("absent.html");
const ABSENT_STYLE: &str = include_str!("absent.css");

/// Serves the explorer in `folder` at `/`, or a page that says how to get it.
pub fn explorer_router(folder: &Path) -> Router {
    let assets = ServeDir::new(folder.join("assets"))
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let router = Router::new()
        .route("/", get(page).with_state(folder.join("index.html")))
        .nest_service(
            "/assets",
            Router::new()
                .fallback_service(assets)
                .layer(map_response(asset)),
        );
    headers::secured(router)
}

async fn page(State(file): State<PathBuf>) -> Response {
    match read(&file).await {
        Some(page) => html(page.into(), POLICY.to_owned()),
        None => absent(),
    }
}

/// The file, if it is there and as small as a page is.
async fn read(file: &Path) -> Option<Vec<u8>> {
    let size = fs::metadata(file).await.ok()?.len();
    if size > PAGE_BYTES_MAX {
        return None;
    }
    fs::read(file).await.ok()
}

/// What is there without the explorer: how to get it, and how to ask without it.
fn absent() -> Response {
    let hash = BASE64_STANDARD.encode(Sha256::digest(ABSENT_STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    html(ABSENT.replace("{style}", ABSENT_STYLE).into(), policy)
}

fn html(page: Body, policy: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, ASK_AGAIN.to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    (headers, page).into_response()
}

/// Workers run under the policy that they come with, so assets have the page's.
async fn asset(mut response: Response) -> Response {
    let served = [
        StatusCode::OK,
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
    ];
    let served = served.contains(&response.status());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    if served {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    }
    response
}
