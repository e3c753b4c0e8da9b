//! Subscribers who asked for the same with the same rights get the same: it is written once.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_graphql::parser::types::{ExecutableDocument, Selection};
use async_graphql::{Name, Request, ServerError, Variables};
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::stream::Given;
use crate::graph::session::Session;
use crate::http::Update;

/// Newest updates that a cohort keeps: more than a batch holds, so that those who walk through one
/// at their own pace find what the first of them had written.
const KEPT: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Arguments that say where a subscription starts, and nothing of what its updates look like.
const START: [&str; 3] = ["after", "position", "snapshot"];

/// What was asked for.
pub(super) struct Template {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    document: ExecutableDocument,
}

impl Template {
    pub(super) fn of(request: &mut Request) -> Result<Self, ServerError> {
        let document = request.parsed_query()?.clone();
        Ok(Self {
            query: std::mem::take(&mut request.query),
            operation_name: request.operation_name.take(),
            variables: std::mem::take(&mut request.variables),
            document,
        })
    }

    /// What was asked for, to be asked again.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&self.query).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.clone());
        request
    }

    /// Who asks for the same with the same rights has the same key.
    fn key(&self, session: &Session) -> [u8; 32] {
        let started_by = self.started_by();
        let variables: Vec<_> = self
            .variables
            .iter()
            .filter(|(name, _)| !started_by.iter().any(|start| *start == name.as_str()))
            .collect();
        let asked = (&self.query, &self.operation_name, variables);
        let roles = session.requester().roles().index();
        let rights = (
            roles,
            session.channels(),
            format!("{:?}", session.caller().entrance),
        );
        // Text, numbers and lists of them: this cannot fail.
        Sha256::digest(serde_json::to_vec(&(asked, rights)).unwrap_or_default()).into()
    }

    /// Variables that say where to start and are used for nothing else: they occur where they are
    /// declared and there.
    fn started_by(&self) -> Vec<String> {
        let mut operations = self.document.operations.iter();
        let wanted = |name: Option<&str>| self.operation_name.as_deref() == name;
        let operation = operations.find(|(name, _)| wanted(name.map(Name::as_str)));
        let fields = operation
            .into_iter()
            .flat_map(|(_, operation)| &operation.node.selection_set.node.items);
        let arguments = fields.flat_map(|selection| match &selection.node {
            Selection::Field(field) => field.node.arguments.as_slice(),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => &[],
        });
        let starts = arguments.filter(|(name, _)| START.contains(&name.node.as_str()));
        // A variable is written `$name`, and nothing else begins like that.
        let started_by = starts.filter_map(|(_, value)| {
            let value = value.node.to_string();
            value.strip_prefix('$').map(str::to_owned)
        });
        started_by
            .filter(|name| occurrences(&self.query, name) == 2)
            .collect()
    }
}

/// How often a variable stands in a document.
fn occurrences(query: &str, name: &str) -> usize {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let after_dollar = query.split('$').skip(1).map(str::trim_ascii_start);
    after_dollar
        .filter_map(|text| text.strip_prefix(name))
        .filter(|rest| !rest.as_bytes().first().is_some_and(goes_on))
        .count()
}

/// Who follows the same.
pub(super) struct Cohort {
    /// As the first of them asked; the others may have started elsewhere.
    pub(super) template: Template,
    written: Mutex<LruCache<Which, Arc<OnceCell<Update>>>>,
}

/// Which update it is: where it stands, after which one it comes, and as of when its row is.
type Which = (Arc<str>, Option<Arc<str>>, i64);

impl Cohort {
    /// Where an update is written, if not by this subscriber then by another.
    pub(super) fn cell(&self, given: &Given) -> Arc<OnceCell<Update>> {
        let which = (
            Arc::clone(&given.cursor),
            given.previous_cursor.clone(),
            given.as_of,
        );
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(written.get_or_insert(which, Arc::default))
    }
}

/// The cohorts of one tenant: what is of one tenant's rows never gets to another's subscribers.
#[derive(Default)]
pub(super) struct Cohorts(Mutex<HashMap<[u8; 32], Weak<Cohort>>>);

impl Cohorts {
    /// The cohort of a subscriber, which lives as long as somebody is in it.
    pub(super) fn of(&self, template: Template, session: &Session) -> Arc<Cohort> {
        let key = template.key(session);
        let mut cohorts = self.lock();
        if let Some(cohort) = cohorts.get(&key).and_then(Weak::upgrade) {
            return cohort;
        }
        // Those that nobody is in are cleared away as often as the map doubles.
        if cohorts.len() == cohorts.capacity() {
            cohorts.retain(|_, cohort| cohort.strong_count() > 0);
        }
        let cohort = Arc::new(Cohort {
            template,
            written: Mutex::new(LruCache::new(KEPT)),
        });
        cohorts.insert(key, Arc::downgrade(&cohort));
        cohort
    }

    /// Everything is written anew from now on.
    pub(super) fn forget(&self) {
        let cohorts: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        for cohort in cohorts {
            let mut written = cohort
                .written
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            written.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Weak<Cohort>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(query: &str) -> Template {
        Template::of(&mut Request::new(query)).expect("a document")
    }

    #[test]
    fn where_a_subscription_starts_says_nothing_of_its_updates() {
        let query = "subscription($a: String, $s: Boolean) { orderChanged(after: $a, snapshot: $s) { cursor } }";
        assert_eq!(template(query).started_by(), ["a", "s"]);
    }

    #[test]
    fn a_variable_that_says_something_else_too_does() {
        let query = "subscription($a: String, $ab: Boolean!) { orderChanged(after: $a, channel: $a) { cursor @skip(if: $ab) } }";
        assert!(template(query).started_by().is_empty());
        assert_eq!(occurrences("($a: X) { f(a: $a, b: $ab) }", "a"), 2);
    }
}
