//! Headers that every response carries.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    middleware::map_response,
    response::Response,
};

const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    // Browsers heed it over TLS only.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Adds the headers to every response of `router`, its 404 included. A `cache-control` that a
/// handler set stays; without one, nothing may be stored.
pub fn secured(router: Router) -> Router {
    router.layer(map_response(add))
}

async fn add(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
