use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, crypto::sign};
use serde_json::{Value, json};

use super::*;
use crate::auth::{EMBEDDED_ISSUER, IssueRequest, issue_embedded};

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(vec![IssuerConfig::embedded(SECRET, "entrepot")]).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": EMBEDDED_ISSUER, "aud": "entrepot", "sub": "ann", "client_id": "shop-app",
        "iat": NOW, "exp": NOW + 600, "tenant": "acme", "roles": ["commerce", "unheard-of"],
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn signed(header: &Value, claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(&header.to_string()), encode(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn token(claims: &Value) -> String {
    signed(&json!({ "alg": "HS256" }), &claims.to_string())
}

async fn verify(token: &str, tenant: Option<&str>) -> Result<Requester, AuthError> {
    verifier().verify_at(token, tenant, now()).await
}

async fn code(claims: &Value) -> Option<&'static str> {
    verify(&token(claims), None)
        .await
        .err()
        .map(|error| error.code())
}

#[tokio::test]
async fn a_sound_token_names_its_bearer() {
    let requester = verify(&token(&claims()), None).await.unwrap();
    assert_eq!(requester.tenant(), Some("acme"));
    assert_eq!(
        (requester.subject(), requester.client()),
        ("ann", "shop-app")
    );
    assert_eq!(
        requester.roles().iter().collect::<Vec<_>>(),
        [Role::Commerce]
    );
    assert_eq!(requester.expires_at(), NOW + 600);
    assert!(!requester.platform());
}

#[tokio::test]
async fn a_token_that_was_verified_is_verified_for_its_time_its_tenant_and_its_key() {
    let verifier = verifier();
    let mut claims = with("nbf", json!(NOW + 10));
    claims["tenants"] = json!(["acme", "other"]);
    let token = token(&claims);
    let at = |seconds| Timestamp::from_second(NOW + seconds).unwrap();
    let first = verifier.verify_at(&token, None, at(100)).await.unwrap();
    let sent = Sent::new(&token, None);
    assert!(verifier.verified.find(&sent, NOW + 100).is_some());
    for seconds in [100, -20, 629] {
        let again = verifier.verify_at(&token, None, at(seconds)).await;
        assert_eq!(again.unwrap().subject(), first.subject());
    }
    for (seconds, why) in [
        (-21, "not valid yet"),
        (-31, "in the future"),
        (630, "expired"),
    ] {
        assert!(verifier.verified.find(&sent, NOW + seconds).is_none());
        let error = verifier.verify_at(&token, None, at(seconds)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let other = verifier.verify_at(&token, Some("other"), at(100)).await;
    assert_eq!(other.unwrap().tenant(), Some("other"));
    let none = verifier.verify_at(&token, Some("third"), at(100)).await;
    assert_eq!(none.unwrap_err().code(), "FORBIDDEN");
    let again = verifier.verify_at(&token, None, at(100)).await;
    assert_eq!(again.unwrap().tenant(), Some("acme"));

    let known = verifier.verified.find(&sent, NOW + 100).unwrap();
    assert!(verifier.trusts(&known).await);
    let rotated = Verified {
        requester: known.requester.clone(),
        key_id: None,
        key: Arc::new(DecodingKey::from_secret(SECRET)),
        window: known.window.clone(),
    };
    assert!(
        !verifier.trusts(&rotated).await,
        "the same bytes are another key"
    );
}

#[tokio::test]
async fn an_issued_token_verifies_and_a_short_secret_issues_none() {
    let request = IssueRequest {
        audience: "entrepot".to_owned(),
        subject: "demo".to_owned(),
        tenant: Some("acme".to_owned()),
        platform: false,
        roles: [Role::Partner].into_iter().collect(),
        channels: vec!["web".to_owned()],
        ttl: Duration::from_mins(1),
    };
    let token = issue_embedded(SECRET, &request, now()).unwrap();
    let requester = verify(&token, None).await.unwrap();
    assert_eq!(requester.channels(), ["web"]);
    assert_eq!(requester.client(), "demo");
    assert!(issue_embedded(b"short", &request, now()).is_err());
}

#[tokio::test]
async fn time_is_checked_with_thirty_seconds_of_leeway() {
    for (name, offset, refused) in [
        ("exp", -31, true),
        ("exp", -29, false),
        ("iat", 31, true),
        ("iat", 29, false),
        ("nbf", 3_600, true),
        ("nbf", -3_600, false),
        ("exp", 86_401, true),
        ("exp", 86_400, false),
    ] {
        let expected = refused.then_some("UNAUTHENTICATED");
        assert_eq!(
            code(&with(name, json!(NOW + offset))).await,
            expected,
            "{name} {offset}"
        );
    }
    for wrong in [json!("1900000000"), json!(1e300), json!(-1), Value::Null] {
        assert_eq!(code(&with("exp", wrong)).await, Some("UNAUTHENTICATED"));
    }
}

#[tokio::test]
async fn claims_that_must_be_there_are_missed() {
    for name in ["iss", "aud", "sub", "exp", "iat"] {
        assert_eq!(
            code(&without(name)).await,
            Some("UNAUTHENTICATED"),
            "{name}"
        );
    }
    for name in ["tenant", "roles"] {
        assert_eq!(code(&without(name)).await, Some("FORBIDDEN"), "{name}");
    }
    assert_eq!(
        code(&with("aud", json!("other"))).await,
        Some("UNAUTHENTICATED")
    );
    assert_eq!(code(&with("aud", json!(["other", "entrepot"]))).await, None);
    assert_eq!(
        code(&with("iss", json!("https://evil.example"))).await,
        Some("UNAUTHENTICATED")
    );
    assert_eq!(
        code(&with("tenant", json!("../x"))).await,
        Some("FORBIDDEN")
    );
}

#[tokio::test]
async fn what_cannot_be_stored_or_logged_is_no_claim() {
    for text in ["an\0n", "ann\nlevel=info", "a\u{9b}b", &"a".repeat(513)] {
        for name in ["sub", "client_id", "azp", "tenant"] {
            let claims = with(name, json!(text));
            let expected = match name {
                // The client's own id stands before the authorized party, which is not read then.
                "azp" => None,
                _ => Some("UNAUTHENTICATED"),
            };
            assert_eq!(code(&claims).await, expected, "{name}: {text:?}");
        }
        for name in ["channels", "roles", "tenants"] {
            let claims = with(name, json!(["web", text]));
            assert_eq!(code(&claims).await, Some("UNAUTHENTICATED"), "{name}");
        }
        let mut party = without("client_id");
        party["azp"] = json!(text);
        assert_eq!(code(&party).await, Some("UNAUTHENTICATED"), "azp: {text:?}");
    }
}

#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let twice = claims()
        .to_string()
        .replacen('{', r#"{"tenant":"globex","#, 1);
    let refused = verify(&signed(&json!({ "alg": "HS256" }), &twice), None).await;
    assert_eq!(refused.unwrap_err().code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_header_names_a_key_and_nothing_else() {
    let body = claims().to_string();
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "NoNe" }),
        json!({ "alg": "HS512" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "HS256", "jku": "https://evil.example/keys" }),
        json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AA" } }),
        json!({ "alg": "HS256", "x5c": [] }),
        json!({ "alg": "HS256", "crit": ["exp"] }),
        json!({ "alg": "HS256", "kid": "../../dev/null" }),
        json!({ "alg": "HS256", "kid": "' OR 1=1" }),
        json!({ "alg": "HS256", "kid": "k".repeat(257) }),
    ] {
        let refused = verify(&signed(&header, &body), None).await;
        assert_eq!(refused.unwrap_err().code(), "UNAUTHENTICATED", "{header}");
    }
    for key in ["key-1", "qH4X+/9fPz0=", "urn:example:key.2"] {
        let fine = json!({ "alg": "HS256", "kid": key, "typ": "at+jwt" });
        assert!(verify(&signed(&fine, &body), None).await.is_ok(), "{key}");
    }
}

#[tokio::test]
async fn an_altered_token_is_refused() {
    let good = token(&claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    for bad in [
        format!("{message}."),
        message.to_owned(),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!(" {good}"),
        format!("{message}.{}", signature.chars().rev().collect::<String>()),
        good.replacen('e', "é", 1),
        "a".repeat(64 * 1024),
        String::new(),
    ] {
        assert_eq!(
            verify(&bad, None).await.unwrap_err().code(),
            "UNAUTHENTICATED"
        );
    }
}

#[tokio::test]
async fn a_header_selects_only_among_the_tenants_of_the_token() {
    let one = token(&claims());
    assert_eq!(
        verify(&one, Some("acme")).await.unwrap().tenant(),
        Some("acme")
    );
    assert_eq!(
        verify(&one, Some("globex")).await.unwrap_err().code(),
        "FORBIDDEN"
    );

    let mut several = without("tenant");
    several["tenants"] = json!(["acme", "globex"]);
    let several = token(&several);
    assert_eq!(
        verify(&several, Some("globex")).await.unwrap().tenant(),
        Some("globex")
    );
    assert_eq!(
        verify(&several, None).await.unwrap_err().code(),
        "FORBIDDEN"
    );
    assert_eq!(
        verify(&several, Some("initech")).await.unwrap_err().code(),
        "FORBIDDEN"
    );

    let mut platform = without("tenant");
    platform["tenants"] = json!(["*"]);
    let platform = token(&platform);
    let requester = verify(&platform, Some("initech")).await.unwrap();
    assert!(requester.platform() && requester.tenant() == Some("initech"));
    assert_eq!(verify(&platform, None).await.unwrap().tenant(), None);
    assert_eq!(
        verify(&platform, Some("*")).await.unwrap_err().code(),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn issuers_that_cannot_be_safe_are_not_configured() {
    let embedded = || IssuerConfig::embedded(SECRET, "entrepot");
    let url = |url: &str| {
        let source = crate::auth::JwksSource::parse(url);
        IssuerConfig::production("https://id.example", "entrepot", Algorithm::Rs256, source)
    };
    let mut renamed = embedded();
    renamed.issuer = "https://id.example".to_owned();
    let mut disguised = url("https://id.example/keys");
    disguised.issuer = EMBEDDED_ISSUER.to_owned();
    for wrong in [
        vec![IssuerConfig::embedded(b"short", "entrepot")],
        vec![embedded(), embedded()],
        vec![renamed],
        vec![disguised],
        vec![url("http://id.example/keys")],
        vec![url("http://localhost.example/keys")],
    ] {
        assert!(Verifier::new(wrong).is_err());
    }
    assert!(Verifier::new(vec![embedded(), url("https://id.example/keys")]).is_ok());
    assert!(Verifier::new(vec![url("http://127.0.0.1:8080/keys")]).is_ok());
}
