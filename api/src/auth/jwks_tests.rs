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

// An RSA key of 2048 bits and one on P-256, made for these tests and used nowhere else.
const RSA_PRIVATE: &[u8] = include_bytes!("test_keys/rsa.der");
const RSA_MODULUS: &str = concat!(
    "p3vyam5PkK4GTMjDDYM3V0UCZDDpjexFhaee0WE-P3byQ_uKgvOIvf9eHDggxJ7ndXvjCyoM9zUpsKSD",
    "sQUOyrjEIlO7x_RzVfABdqEf7GN-1xVch6JG_G1B6qt28eqF1OTdqjxS7zsZ2fWd3i2nRXIlLb07aYFN",
    "kh8Py8vL9L4GRycSQvE6GGoFEsaj6rJDPTcuGllUeNzbNj__S9NX2sU3apyRp_dgYFrjteSM9Vvni9e5",
    "Wo-51wpgq8Fz4zNU3iEDyjMjTt1ovzoyjo35xMv7aFsIq1odNZzNxxxX1xGo9NLis-dk3w-Z9mWYJ2K5",
    "IYztLEznLKkDMsplSqGBXw",
);
const EC_PRIVATE: &[u8] = include_bytes!("test_keys/ec.der");
const EC_PUBLIC: [&str; 2] = [
    "_hES2DMT71qnjIRcPufYB3I9AKA6QBvdSNw4mhkRZmo",
    "7-oj5rqLl3kudyglXAFZDA74h3CSIvUEb4AgxqWkeek",
];

fn key(id: &str) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": id, "use": "sig" })
}

fn token(key_id: &str, typ: &str) -> String {
    let private = EncodingKey::from_ed_der(&PRIVATE);
    signed(key_id, typ, jsonwebtoken::Algorithm::EdDSA, &private)
}

fn signed(
    key_id: &str,
    typ: &str,
    algorithm: jsonwebtoken::Algorithm,
    private: &EncodingKey,
) -> String {
    let header = json!({ "alg": algorithm, "typ": typ, "kid": key_id });
    let claims = json!({
        "iss": "https://id.example", "aud": "entrepot", "sub": "ann", "azp": "web",
        "iat": NOW, "exp": NOW + 60, "tenant": "acme", "roles": ["finance"],
    });
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let signature = sign(message.as_bytes(), private, algorithm).unwrap();
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

static FILES: AtomicUsize = AtomicUsize::new(0);

/// A set with a key of each kind, in a file, and a token signed by each.
fn of_each_kind() -> (JwksSource, [(Algorithm, String); 3]) {
    use jsonwebtoken::Algorithm::{ES256, EdDSA, RS256};
    let keys = json!({ "keys": [
        { "kty": "RSA", "n": RSA_MODULUS, "e": "AQAB", "kid": "rsa" },
        { "kty": "EC", "crv": "P-256", "x": EC_PUBLIC[0], "y": EC_PUBLIC[1], "kid": "ec" },
        key("ed"),
    ] });
    let file = FILES.fetch_add(1, Ordering::SeqCst);
    let name = format!("entrepot-jwks-{}-{file}.json", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, keys.to_string()).unwrap();
    let (rsa, ec) = (
        EncodingKey::from_rsa_der(RSA_PRIVATE),
        EncodingKey::from_ec_der(EC_PRIVATE),
    );
    let ed = EncodingKey::from_ed_der(&PRIVATE);
    let tokens = [
        (Algorithm::Rs256, signed("rsa", "at+jwt", RS256, &rsa)),
        (Algorithm::Es256, signed("ec", "at+jwt", ES256, &ec)),
        (Algorithm::EdDsa, signed("ed", "at+jwt", EdDSA, &ed)),
    ];
    (JwksSource::File(path), tokens)
}

#[tokio::test]
async fn each_algorithm_verifies_its_own_tokens_and_no_others() {
    let (source, tokens) = of_each_kind();
    for (algorithm, _) in &tokens {
        let verifier = verifier(source.clone(), *algorithm);
        for (signed_by, token) in &tokens {
            let passed = check(&verifier, token).await;
            assert_eq!(passed.is_ok(), algorithm == signed_by, "{passed:?}");
            // One letter of the claims changed.
            let (head, rest) = token.split_once('.').unwrap();
            let (claims, signature) = rest.split_once('.').unwrap();
            let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
            let forged = URL_SAFE_NO_PAD.encode(claims.replace("acme", "acne"));
            assert!(
                check(&verifier, &format!("{head}.{forged}.{signature}"))
                    .await
                    .is_err()
            );
        }
    }
}

#[tokio::test]
async fn a_public_key_is_no_secret_to_sign_with() {
    let (source, _) = of_each_kind();
    let [x, y] = EC_PUBLIC.map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let publics = [
        URL_SAFE_NO_PAD.decode(RSA_MODULUS).unwrap(),
        RSA_MODULUS.into(),
        [&[4], x.as_slice(), y.as_slice()].concat(),
        URL_SAFE_NO_PAD.decode(PUBLIC).unwrap(),
        PUBLIC.into(),
    ];
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let verifier = verifier(source.clone(), algorithm);
        for public in &publics {
            for key_id in ["rsa", "ec", "ed"] {
                let secret = EncodingKey::from_secret(public);
                let forged = signed(key_id, "at+jwt", jsonwebtoken::Algorithm::HS256, &secret);
                let refused = check(&verifier, &forged).await.unwrap_err();
                assert_eq!(refused.code(), "UNAUTHENTICATED");
            }
        }
    }
}

#[tokio::test]
async fn a_provider_that_does_not_type_its_tokens_is_believed_if_configured_so() {
    let (source, _) = of_each_kind();
    let mut issuer =
        IssuerConfig::production("https://id.example", "entrepot", Algorithm::EdDsa, source);
    issuer.typed = false;
    let verifier = Verifier::new(vec![issuer]).unwrap();
    for typ in ["JWT", "at+jwt"] {
        assert_eq!(
            check(&verifier, &token("ed", typ)).await,
            Ok("web".to_owned())
        );
    }
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
