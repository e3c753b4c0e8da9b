//! `GET /bi/` and `GET /bi/{view}.{parquet|csv|arrow}`: a view of the caller's tenant as a file.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::clock;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::about::About;
use super::ask::Ask;
use super::catalog;
use super::format::{Encoder, Format};
use super::permits::Permits;
use super::refused::Refused;
use super::snapshot::Snapshot;
use super::source::Source;
use super::stream::{self, Bounds};
use super::view::{Column, Reader, View};
use crate::access::{self, Access};
use crate::app::App;
use crate::auth::{Requester, Verifier};
use crate::graph::consistency::{HEADER as CONSISTENCY, Token};
use crate::http::{REQUEST_ID, lifetime, request_id, requester, secured};

/// How long one file may take, from the first row to the last.
const TIME_MAX: Duration = Duration::from_mins(10);

const POSITION_CORE: HeaderName = HeaderName::from_static("entrepot-position-core");
const POSITION_BI: HeaderName = HeaderName::from_static("entrepot-position-bi");
const NEXT_CURSOR: HeaderName = HeaderName::from_static("entrepot-next-cursor");
/// What an answer depends on besides its address.
const VARY: HeaderValue = HeaderValue::from_static("authorization, entrepot-tenant");

struct Endpoint {
    app: Arc<App>,
    verifier: Arc<Verifier>,
    shutdown: CancellationToken,
    permits: Permits,
}

/// Serves the views as files, so many of them at one time.
pub(crate) fn export_router(
    app: Arc<App>,
    verifier: Arc<Verifier>,
    at_once: usize,
    shutdown: CancellationToken,
) -> Router {
    let endpoint = Arc::new(Endpoint {
        app,
        verifier,
        shutdown,
        permits: Permits::new(at_once),
    });
    let router = Router::new()
        .route("/bi", any(list))
        .route("/bi/", any(list))
        .route("/bi/{file}", any(file));
    secured(router.with_state(endpoint))
}

async fn list(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    named(&parts, endpoint.list(&parts).await)
}

async fn file(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    named(&parts, endpoint.file(&parts).await)
}

/// The answer under the request's name.
fn named(parts: &Parts, answered: Result<Response, Refused>) -> Response {
    let mut response = answered.unwrap_or_else(Refused::into_response);
    if let Ok(id) = HeaderValue::from_str(&request_id(&parts.headers)) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl Endpoint {
    async fn requester(&self, parts: &Parts) -> Result<Requester, Refused> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(Refused::method());
        }
        Ok(requester(&self.verifier, &parts.headers).await?)
    }

    /// The tenant that the token selects, if access was not taken away.
    async fn tenant<'r>(&self, requester: &'r Requester) -> Result<(TenantId, &'r str), Refused> {
        let slug = requester.tenant().ok_or_else(|| {
            Refused::forbidden(
                "the token selects no tenant; name one by the header entrepot-tenant",
            )
        })?;
        let tenant = self.app.store.tenant(slug).await?;
        self.app.access.check(tenant, requester).await?;
        Ok((tenant, slug))
    }

    async fn list(&self, parts: &Parts) -> Result<Response, Refused> {
        let requester = self.requester(parts).await?;
        self.tenant(&requester).await?;
        let views = catalog::of(&Reader::of(&requester));
        let json = [(header::CONTENT_TYPE, "application/json")];
        Ok((json, views.to_string()).into_response())
    }

    async fn file(&self, parts: &Parts) -> Result<Response, Refused> {
        let requester = self.requester(parts).await?;
        let (tenant, slug) = self.tenant(&requester).await?;
        // Names of views need no escapes: what is escaped is none.
        let file = parts.uri.path().trim_start_matches("/bi/");
        let (name, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let format = Format::of_extension(extension).ok_or_else(|| {
            Refused::not_found("files end in .parquet, .csv or .arrow; GET /bi/ lists the views")
        })?;
        let reader = Reader::of(&requester);
        let ask = View::named(name).and_then(|view| Ask::all(tenant, view, &reader));
        let ask =
            ask.ok_or_else(|| Refused::not_found("no such view; GET /bi/ lists the views"))?;
        let ask = ask.parse(&parameters(&parts.uri)?, &self.app.secrets)?;
        self.reached(&parts.headers, tenant).await?;
        let permit = self.permits.take(tenant).await?;
        let Snapshot { tx, positions } = Snapshot::take(&self.app.store, tenant).await?;
        let about = About {
            tenant: slug.to_owned(),
            view: ask.view,
            positions,
            generated_at: clock::now(),
        };
        let mut response = Response::default();
        self.describe(response.headers_mut(), &about, &ask, format)?;
        let source = Source::new(tx, ask.clone());
        if unchanged(&parts.headers, response.headers()) {
            source.close().await?;
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        if let Some(key) = source.last_key().await? {
            let cursor = ask.cursor(&key, &self.app.secrets);
            let link = format!("<{}>; rel=\"next\"", next(&parts.uri, &cursor));
            insert(response.headers_mut(), NEXT_CURSOR, &cursor)?;
            insert(response.headers_mut(), header::LINK, &link)?;
        }
        if parts.method == Method::HEAD {
            source.close().await?;
            return Ok(response);
        }
        source.may_idle(TIME_MAX).await?;
        let encoder = Encoder::new(format, &ask.columns, &about)?;
        let bounds = Bounds {
            lifetime: lifetime(requester.expires_at()).min(TIME_MAX),
            over: over(
                self.app.access.clone(),
                tenant,
                requester,
                self.shutdown.clone(),
            ),
            permit,
        };
        *response.body_mut() = stream::body(source, encoder, bounds);
        Ok(response)
    }

    /// Waits for the state that the caller asks for by its consistency token.
    async fn reached(&self, headers: &HeaderMap, tenant: TenantId) -> Result<(), Refused> {
        let Some(token) = headers.get(CONSISTENCY) else {
            return Ok(());
        };
        let token = token.to_str().unwrap_or_default();
        let token = Token::open(token, tenant, &self.app.secrets)
            .ok_or_else(|| Refused::field(CONSISTENCY, "not a consistency token of this tenant"))?;
        Snapshot::wait(&self.app.store, tenant, token.position).await
    }

    fn describe(
        &self,
        headers: &mut HeaderMap,
        about: &About,
        ask: &Ask,
        format: Format,
    ) -> Result<(), Refused> {
        let position = about.positions.of(about.view.group);
        let token = Token {
            tenant: ask.tenant,
            position,
        };
        let (view, extension) = (about.view.name, format.extension());
        let name = format!(
            "attachment; filename=\"{}-{view}.{extension}\"",
            about.tenant
        );
        insert(headers, header::CONTENT_TYPE, format.media_type())?;
        insert(headers, header::CONTENT_DISPOSITION, &name)?;
        insert(headers, header::CACHE_CONTROL, "private, no-cache")?;
        headers.insert(header::VARY, VARY);
        if about.view.follows_positions() {
            insert(headers, header::ETAG, &etag(about, ask, format))?;
        }
        insert(headers, POSITION_CORE, &about.positions.core.to_string())?;
        insert(headers, POSITION_BI, &about.positions.bi.to_string())?;
        insert(
            headers,
            HeaderName::from_static(CONSISTENCY),
            &token.seal(&self.app.secrets),
        )
    }
}

/// Ready when the caller's access was taken away, or the server stops.
async fn over(access: Access, tenant: TenantId, requester: Requester, shutdown: CancellationToken) {
    let taken = async {
        while access.check(tenant, &requester).await.is_ok() {
            tokio::time::sleep(access::LOOK).await;
        }
    };
    shutdown.run_until_cancelled(taken).await;
}

/// Weak: a file says when it was written, and is the same otherwise.
fn etag(about: &About, ask: &Ask, format: Format) -> String {
    let names: Vec<&str> = ask.columns.iter().map(Column::name).collect();
    let (release, extension) = (env!("CARGO_PKG_VERSION"), format.extension());
    let (positions, limit, after) = (about.positions, ask.limit, &ask.after);
    let what = format!(
        "{release} {extension} {} {names:?} {limit} {after:?} {positions:?}",
        ask.selected_by()
    );
    let digest = Sha256::digest(what.as_bytes());
    format!("W/\"{}\"", hex::encode(&digest[..16]))
}

/// Whether the client has what it would get.
fn unchanged(asked: &HeaderMap, answered: &HeaderMap) -> bool {
    let (Some(known), Some(now)) = (asked.get(header::IF_NONE_MATCH), answered.get(header::ETAG))
    else {
        return false;
    };
    let (known, now) = (
        known.to_str().unwrap_or_default(),
        now.to_str().unwrap_or_default(),
    );
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|known| bare(known) == bare(now))
}

fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, Refused> {
    let parameters = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(parameters) =
        parameters.map_err(|_| Refused::field("query", "the query string is malformed"))?;
    Ok(parameters)
}

/// The same address behind a cursor.
fn next(uri: &Uri, cursor: &str) -> String {
    let others = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> = others
        .filter(|pair| !pair.is_empty() && !pair.starts_with("after="))
        .collect();
    let after = format!("after={cursor}");
    query.push(&after);
    format!("{}?{}", uri.path(), query.join("&"))
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), Refused> {
    let value = HeaderValue::from_str(value);
    headers.insert(name, value.map_err(|error| Refused::accident(&error))?);
    Ok(())
}
