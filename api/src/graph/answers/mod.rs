//! Answers that are given again while nothing changes.
//!
//! Exact: an answer is given again only to the same question, asked of the same tenant by somebody
//! who may see the same, in the same state. The state is the place of the read models, which is read
//! from the database after the question came ([`Positions`]), whichever node moves it; never a time.
//! Kept are only answers that follow from the read models and from nothing else
//! ([`About::repeats`](super::contract::About::repeats)): no personal data, which goes at once
//! when it is destroyed. Access, freshness and cost are asked for each time, before an answer is given.

mod positions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::{Response, Value};
use axum::body::Bytes;
use entrepot_domain::kernel::TenantId;
use entrepot_event_store::Store;
use entrepot_projections::place::Place;
use lru::LruCache;

use super::cost::Cost;
use super::direct;
use super::policy::{self, Audience};
use crate::http::{Asked, Caller, json_of};

use positions::Positions;

/// Bytes of an answer and its question beside their texts.
const EACH: usize = 400;

/// An answer may take this part of all the room.
const SHARE: usize = 8;

/// A question, and what its answer depends on beside the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    tenant: TenantId,
    audience: Audience,
    channels: Option<Vec<String>>,
    asked: Arc<Asked>,
}

/// An answer without errors.
#[derive(Debug)]
pub(super) struct Answer {
    /// The state that it was read in.
    pub(super) place: Place,
    /// JSON.
    data: Bytes,
    pub(super) cost: Cost,
}

/// The answers at hand, within a bound on their bytes.
pub(super) struct Answers {
    kept: Mutex<Kept>,
    most: usize,
    positions: Arc<Positions>,
}

struct Kept {
    answers: LruCache<Question, Arc<Answer>>,
    bytes: usize,
}

impl Question {
    /// What it takes in memory.
    fn bytes(&self) -> usize {
        let Asked {
            document,
            operation,
            variables,
        } = &*self.asked;
        let operation = operation.as_ref().map_or(0, String::len);
        let channels = self.channels.iter().flatten();
        let channels: usize = channels.map(|channel| EACH / 8 + channel.len()).sum();
        EACH + document.len() + operation + variables.len() + channels
    }
}

impl Answer {
    /// The answer as it is given.
    pub(super) fn response(&self) -> Response {
        Response::new(direct::json(self.data.clone()))
    }
}

impl Answers {
    /// None yet; at most so many bytes of them.
    pub(super) fn new(store: Store, most: usize) -> Self {
        Self {
            kept: Mutex::new(Kept {
                answers: LruCache::unbounded(),
                bytes: 0,
            }),
            most,
            positions: Positions::new(store),
        }
    }

    /// What a request asks; none if its answer is not to be given again.
    pub(super) fn question(&self, tenant: TenantId, caller: &Caller) -> Option<Question> {
        if self.most == 0 || caller.idempotency_key.is_some() {
            return None;
        }
        let requester = &caller.requester;
        let channels = policy::channels_of(requester.roles(), requester.channels());
        Some(Question {
            tenant,
            audience: Audience::of(caller),
            channels: channels.map(<[_]>::to_vec),
            asked: Arc::clone(caller.asked.as_ref()?),
        })
    }

    /// What was answered last.
    pub(super) fn known(&self, question: &Question) -> Option<Arc<Answer>> {
        self.lock().answers.get(question).map(Arc::clone)
    }

    /// Where the tenant's read models stand now.
    pub(super) async fn place(&self, tenant: TenantId) -> Option<Place> {
        self.positions.of(tenant).await
    }

    /// Keeps an answer, if it is worth it.
    pub(super) fn keep(&self, question: Question, place: Place, data: &Value, cost: Cost) {
        let data = Bytes::from(json_of(data));
        let bytes = question.bytes() + data.len();
        if bytes > self.most / SHARE {
            return;
        }
        let answer = Arc::new(Answer { place, data, cost });
        let mut kept = self.lock();
        let weight = |question: &Question, answer: &Answer| question.bytes() + answer.data.len();
        if let Some((question, old)) = kept.answers.push(question, answer) {
            kept.bytes -= weight(&question, &old);
        }
        kept.bytes += bytes;
        while kept.bytes > self.most
            && let Some((question, old)) = kept.answers.pop_lru()
        {
            kept.bytes -= weight(&question, &old);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
