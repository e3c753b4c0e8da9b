use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

use super::http::{Answer, send};
use crate::http::explorer_router;

/// A folder of its own, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("explorer-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("dist/assets/deep")).unwrap();
        fs::write(path.join("secret.txt"), "secret").unwrap();
        Self(path)
    }

    fn dist(&self) -> PathBuf {
        self.0.join("dist")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dist().join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

async fn ask(folder: &Path, request: axum::http::request::Builder) -> Answer {
    send(
        explorer_router(folder),
        request.body(Body::empty()).unwrap(),
    )
    .await
}

#[tokio::test]
async fn without_a_bundle_the_page_says_how_to_get_it_and_a_reload_shows_it() {
    let folder = Folder::new("reload");
    let absent = ask(&folder.dist(), Request::get("/")).await;
    assert_eq!(absent.status, StatusCode::OK);
    assert!(absent.text.contains("scripts/explorer"), "{}", absent.text);
    assert!(!absent.text.contains("{style}") && !absent.text.contains("<script"));
    folder.write("index.html", "<!doctype html>the explorer");
    let there = ask(&folder.dist(), Request::get("/")).await;
    assert_eq!(there.text, "<!doctype html>the explorer");
    for answer in [absent, there] {
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(!policy.contains("http"), "{policy}");
    }
}

#[tokio::test]
async fn assets_have_their_type_stay_for_ever_and_come_compressed() {
    let folder = Folder::new("assets");
    folder.write("assets/page-1a2b.js", "let a = 1;");
    folder.write("assets/page-1a2b.js.br", "compressed");
    let path = "/assets/page-1a2b.js";
    let plain = ask(&folder.dist(), Request::get(path)).await;
    assert_eq!(
        (plain.status, plain.text.as_str()),
        (StatusCode::OK, "let a = 1;")
    );
    assert_eq!(plain.headers[header::CONTENT_TYPE], "text/javascript");
    assert_eq!(
        plain.headers[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(plain.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let brotli = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br");
    let brotli = ask(&folder.dist(), brotli).await;
    assert_eq!(brotli.text, "compressed");
    assert_eq!(brotli.headers[header::CONTENT_ENCODING], "br");
    assert_eq!(brotli.headers[header::CONTENT_TYPE], "text/javascript");
}

#[tokio::test]
async fn nothing_outside_of_the_assets_is_served() {
    let folder = Folder::new("outside");
    folder.write("index.html", "the explorer");
    folder.write("package.json", "{}");
    for path in [
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/deep",
        "/assets/deep/",
        "/assets/",
        "/assets",
        "/package.json",
        "/index.html",
        "/none",
    ] {
        let answer = ask(&folder.dist(), Request::get(path)).await;
        assert!(
            answer.status.is_client_error() || answer.status.is_redirection(),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text.contains("secret"), "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[tokio::test]
async fn only_get_and_head_are_answered_and_a_page_is_small() {
    let folder = Folder::new("methods");
    folder.write("index.html", "the explorer");
    folder.write("assets/a.js", "let a = 1;");
    for path in ["/", "/assets/a.js"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let request = Request::builder().method(method).uri(path);
            let answer = ask(&folder.dist(), request).await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
        }
        let head = ask(&folder.dist(), Request::head(path)).await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    }
    folder.write("index.html", &"x".repeat(65 * 1024));
    let answer = ask(&folder.dist(), Request::get("/")).await;
    assert!(answer.text.contains("scripts/explorer"));
}
