//! From a subscription to what the transport sends.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, Response, Result, Value};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream, unfold};

use super::change::Change;
use super::cohort::{Cohort, Template};
use super::hub::Hub;
use crate::graph::contract::About;
use crate::graph::cost::Toll;
use crate::graph::error;
use crate::graph::room::Room;
use crate::graph::session::Session;
use crate::graph::{Graph, loader};
use crate::http::Update;

/// Where updates come from, whatever is watched.
#[async_trait::async_trait]
pub(super) trait Source: Send + Sync {
    /// The next update. An error is the last.
    async fn next(&mut self) -> Option<Result<Given>>;

    /// The update is written: from now on it is the client that is waited for.
    fn written(&mut self);
}

/// Where the field that is subscribed to leaves the subscriber that it makes.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Box<dyn Source>>>>);

impl Slot {
    pub(super) fn put(&self, source: Box<dyn Source>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(source);
    }

    fn take(&self) -> Option<Box<dyn Source>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An update on its way to be written.
#[derive(Clone)]
pub(super) struct Given {
    change: Arc<dyn Any + Send + Sync>,
    pub(super) cursor: Arc<str>,
    pub(super) previous_cursor: Option<Arc<str>>,
    pub(super) as_of: i64,
    /// Whether others who follow get the very same.
    pub(super) shared: bool,
}

impl Given {
    pub(super) fn new<R: Send + Sync + 'static>(change: Change<R>) -> Self {
        Self {
            cursor: Arc::clone(&change.cursor),
            previous_cursor: change.previous_cursor.clone(),
            as_of: change.as_of,
            // A snapshot's rows are read for one subscriber, at its own pace.
            shared: change.event.is_some(),
            change: Arc::new(change),
        }
    }

    /// What changed, if it is a row of this type.
    pub(super) fn change<R: Send + Sync + 'static>(&self) -> Option<Arc<Change<R>>> {
        Arc::clone(&self.change).downcast().ok()
    }
}

/// One subscription.
struct Live {
    schema: Graph,
    session: Arc<Session>,
    cohort: Arc<Cohort>,
    source: Box<dyn Source>,
}

/// The updates of a subscription, without end unless it is refused or cut off.
pub(crate) async fn updates(
    schema: Graph,
    hub: Arc<Hub>,
    session: Arc<Session>,
    (mut request, about): (Request, About),
    toll: Toll,
) -> BoxStream<'static, Update> {
    let (tenant, template) = match (session.tenant(), Template::of(&mut request, about)) {
        (Ok(tenant), Ok(template)) => (tenant, template),
        (Err(error), _) => return refused(error),
        (_, Err(error)) => return one(Response::from_errors(vec![error])),
    };
    // Held while the subscriber is made: it holds the tail itself from then on.
    let tail = hub.tail(tenant);
    let slot = Slot::default();
    let asking = template
        .request()
        .data(Arc::clone(&session))
        .data(hub)
        .data(toll)
        .data(slot.clone());
    let said = schema.execute_stream(asking).next().await;
    match (slot.take(), said) {
        (None, Some(mut response)) => {
            // GraphQL 6.2.3.1: an error of the field that is subscribed to is one of the request.
            response
                .errors
                .iter_mut()
                .for_each(|error| error.path.clear());
            one(response)
        }
        (None, None) => stream::empty().boxed(),
        (Some(source), _) => {
            let cohort = tail.cohorts.of(template, &session);
            let live = Live {
                schema,
                session,
                cohort,
                source,
            };
            unfold(live, async |mut live| Some((live.next().await?, live))).boxed()
        }
    }
}

impl Live {
    async fn next(&mut self) -> Option<Update> {
        match self.source.next().await? {
            Ok(given) => {
                let update = self.write(given).await;
                self.source.written();
                Some(update)
            }
            Err(error) => Some(Update::ending(error::refused(error))),
        }
    }

    async fn write(&self, given: Given) -> Update {
        // Nobody to share with, or nothing.
        let shared = given.shared && self.cohort.template.is_shared;
        if !shared || Arc::strong_count(&self.cohort) == 1 {
            return Update::from(self.respond(given).await);
        }
        let cell = self.cohort.cell(&given);
        let written = cell.get_or_try_init(async || {
            let response = self.respond(given.clone()).await;
            // An accident is not for all the others.
            if !response.errors.is_empty() {
                return Err(Update::from(response));
            }
            let update = Update::from(response);
            self.cohort.wrote(&given, &update);
            Ok(update)
        });
        written.await.cloned().unwrap_or_else(|failed| failed)
    }

    /// Has the graph write an update, as of the state of its own time or later.
    async fn respond(&self, given: Given) -> Response {
        let cursors = [
            ("cursor", Some(Arc::clone(&given.cursor))),
            ("previousCursor", given.previous_cursor.clone()),
        ];
        let request = self
            .cohort
            .template
            .request()
            .data(Arc::clone(&self.session))
            .data(Room::of(self.session.app.answer_bytes))
            .data(given);
        let request = loader::attach(request, &self.session);
        let response = self.schema.execute_stream(request).next().await;
        self.session.finish().await;
        let mut response = response.unwrap_or_else(|| error::refused(error::broken()));
        for (name, cursor) in cursors {
            let cursor = cursor.map(|cursor| Value::from(&*cursor));
            response
                .extensions
                .extend(cursor.map(|cursor| (name.to_owned(), cursor)));
        }
        response
    }
}

/// A subscription that is refused.
pub(crate) fn refused(error: async_graphql::Error) -> BoxStream<'static, Update> {
    one(error::refused(error))
}

/// A subscription of one response: whose start met an accident may come back.
fn one(response: Response) -> BoxStream<'static, Update> {
    stream::iter([Update::ending(response)]).boxed()
}
