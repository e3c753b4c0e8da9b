//! Why an export is refused: a stable code, the field, and whether to try again. The same form as the
//! errors of the graph.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use entrepot_event_store::StoreError;
use entrepot_event_store::db::DbError;
use serde_json::json;

use super::format::FormatError;
use crate::access::AccessError;
use crate::http::Refusal;
use crate::{accident, codes};

/// Characters of a parameter's name that are repeated.
const FIELD_CHARS_MAX: usize = 64;

/// A refusal.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// The parameter that is wrong.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    pub(crate) headers: Vec<(HeaderName, &'static str)>,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            field: None,
            message: message.into(),
            headers: Vec::new(),
        }
    }

    /// A parameter is wrong.
    pub(crate) fn field(field: &str, why: impl AsRef<str>) -> Self {
        let field: String = field.chars().take(FIELD_CHARS_MAX).collect();
        let message = format!("{field}: {}", why.as_ref());
        let refused = Self::new(StatusCode::BAD_REQUEST, "BAD_USER_INPUT", message);
        Self {
            field: Some(field),
            ..refused
        }
    }

    /// There is nothing of that name for this caller.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", what)
    }

    /// The caller reaches no tenant.
    pub(crate) fn forbidden(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", why)
    }

    /// Only reading happens here.
    pub(crate) fn method() -> Self {
        let message = "use GET or HEAD";
        let refused = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            message,
        );
        Self {
            headers: vec![(header::ALLOW, "GET, HEAD")],
            ..refused
        }
    }

    /// The caller's tenant, or everybody, reads as much as may be read at one time.
    pub(crate) fn throttled() -> Self {
        let message = "too many exports run at this moment";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "THROTTLED", message)
    }

    /// The read models are not where the caller wants them.
    pub(crate) fn not_yet(position: i64) -> Self {
        let message = format!("the views have not reached position {position} yet");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "READ_NOT_YET_CONSISTENT",
            message,
        )
    }

    /// An accident, of which the caller learns no more.
    pub(crate) fn accident(error: &(dyn std::error::Error + 'static)) -> Self {
        let (code, message) = accident::masked(error);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
    }
}

impl From<AccessError> for Refused {
    fn from(error: AccessError) -> Self {
        let message = error.to_string();
        match error {
            AccessError::Revoked => Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message),
            AccessError::Suspended => Self::new(StatusCode::FORBIDDEN, "TENANT_SUSPENDED", message),
            AccessError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        let (code, message) = accident::told(&error);
        let status = match code {
            "FORBIDDEN" => StatusCode::FORBIDDEN,
            "BAD_USER_INPUT" => StatusCode::BAD_REQUEST,
            "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, code, message)
    }
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        StoreError::Db(error).into()
    }
}

impl From<FormatError> for Refused {
    fn from(error: FormatError) -> Self {
        Self::accident(&error)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            code: refusal.code,
            field: None,
            message: refusal.message,
            headers: refusal.headers,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let code = self.code;
        let mut extensions = json!({ "code": code, "retryable": codes::retryable(code) });
        let wait_ms = codes::of(code).and_then(|code| code.retry_after_ms);
        if let Some(wait_ms) = wait_ms {
            extensions["retryAfterMs"] = wait_ms.into();
        }
        if let Some(field) = self.field {
            extensions["field"] = field.into();
        }
        let body = json!({ "errors": [{ "message": self.message, "extensions": extensions }] });
        let json = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, json, body.to_string()).into_response();
        let headers = response.headers_mut();
        if let Some(wait_ms) = wait_ms {
            headers.insert(header::RETRY_AFTER, wait_ms.div_ceil(1000).into());
        }
        for (name, value) in self.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
