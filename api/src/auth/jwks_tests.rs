use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, crypto::sign};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::auth::{IssuerConfig, Verifier};

const NOW: i64 = 1_800_000_000;

// An Ed25519 pair made for these tests and used nowhere else (RFC 8037, appendix A).
const PRIVATE: [u8; 48] = {
    let mut der = [0; 48];
    let prefix = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let seed = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
        0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae,
        0x7f, 0x60,
    ];
    let mut at = 0;
    while at < 48 {
        der[at] = if at < 16 { prefix[at] } else { seed[at - 16] };
        at += 1;
    }
    der
};
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn key(id: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": id, "use": "sig" })
}

fn token(key_id: &str, typ: &str) -> String {
    let header = json!({ "alg": "EdDSA", "typ": typ, "kid": key_id });
    let claims = json!({
        "iss": "https://id.example", "aud": "entrepot", "sub": "ann", "azp": "web",
        "iat": NOW, "exp": NOW + 60, "tenant": "acme", "roles": ["finance"],
    });
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let private = EncodingKey::from_ed_der(&PRIVATE);
    let signature = sign(message.as_bytes(), &private, jsonwebtoken::Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

/// Answers every request with `body`, and counts them.
async fn serve(body: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let fetches = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetches);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (format!("http://{address}/keys"), fetches)
}

fn verifier(source: JwksSource, algorithm: Algorithm) -> Verifier {
    let issuer = IssuerConfig::production("https://id.example", "entrepot", algorithm, source);
    Verifier::new(vec![issuer]).unwrap()
}

async fn check(verifier: &Verifier, token: &str) -> Result<String, AuthError> {
    let now = Timestamp::from_second(NOW).unwrap();
    verifier
        .verify_at(token, None, now)
        .await
        .map(|requester| requester.client().to_owned())
}

#[tokio::test]
async fn keys_are_fetched_once_and_a_flood_of_unknown_ids_fetches_no_more() {
    let (url, fetches) = serve(json!({ "keys": [key("k1")] }).to_string()).await;
    let verifier = verifier(JwksSource::Url(url), Algorithm::EdDsa);
    assert_eq!(
        check(&verifier, &token("k1", "at+jwt")).await,
        Ok("web".to_owned())
    );
    for flood in 0..100 {
        let unknown = token(&format!("x{flood}"), "at+jwt");
        assert_eq!(
            check(&verifier, &unknown).await.unwrap_err().code(),
            "UNAUTHENTICATED"
        );
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn only_access_tokens_of_the_issuers_algorithm_pass() {
    let (url, _) = serve(json!({ "keys": [key("k1")] }).to_string()).await;
    let source = JwksSource::Url(url);
    let eddsa = verifier(source.clone(), Algorithm::EdDsa);
    assert!(
        check(&eddsa, &token("k1", "application/at+jwt"))
            .await
            .is_ok()
    );
    assert!(check(&eddsa, &token("k1", "JWT")).await.is_err());
    let rsa = verifier(source, Algorithm::Rs256);
    assert!(check(&rsa, &token("k1", "at+jwt")).await.is_err());
}

#[tokio::test]
async fn a_set_that_is_too_large_or_unusable_gives_no_keys() {
    let filler = "x".repeat(usize::try_from(SET_BYTES_MAX).unwrap());
    let large = json!({ "keys": [key("k1")], "filler": filler }).to_string();
    let secret = json!({ "keys": [{ "kty": "oct", "k": "AA", "kid": "k1" }] }).to_string();
    for body in [large, secret, "{".to_owned()] {
        let (url, _) = serve(body).await;
        let verifier = verifier(JwksSource::Url(url), Algorithm::EdDsa);
        let refused = check(&verifier, &token("k1", "at+jwt")).await;
        assert_eq!(refused, Err(AuthError::KeysUnavailable));
    }
}

#[tokio::test]
async fn the_last_good_set_outlives_a_file_that_went_bad() {
    let path = std::env::temp_dir().join(format!("entrepot-jwks-{}.json", std::process::id()));
    std::fs::write(&path, json!({ "keys": [key("k1")] }).to_string()).unwrap();
    let set = KeySet::new(Algorithm::EdDsa, JwksSource::File(path.clone()));
    assert!(set.key(Some("k1")).await.is_ok());
    std::fs::remove_file(&path).unwrap();
    tokio::time::pause();
    tokio::time::advance(REFRESH_INTERVAL * 2).await;
    assert!(set.key(Some("k2")).await.is_err());
    assert!(set.key(Some("k1")).await.is_ok());
}
