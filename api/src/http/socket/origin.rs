//! Which pages may open a socket. A browser sends cookies and opens sockets across origins
//! without asking; it always tells the origin, and scripts cannot forge that.

use axum::http::{HeaderMap, Uri, header};

/// Whether the header `origin` is absent (no browser), names this host, or is allowed by name.
pub(super) fn allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let named = |it: &String| it.trim_end_matches('/').eq_ignore_ascii_case(origin);
    if allowed.iter().any(named) {
        return true;
    }
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = uri.authority().filter(|_| uri.scheme().is_some());
    authority.is_some_and(|it| host.is_some_and(|host| host.eq_ignore_ascii_case(it.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_and_named_origins_pass() {
        let named = ["https://shop.example".to_owned()];
        for (origin, passes) in [
            (None, true),
            (Some("http://api.example:8080"), true),
            (Some("https://shop.example"), true),
            (Some("https://shop.example.evil.example"), false),
            (Some("http://api.example"), false),
            (Some("api.example:8080"), false),
            (Some("null"), false),
            (Some("https://evil.example"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "api.example:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(allowed(&headers, &named), passes, "{origin:?}");
        }
    }
}
