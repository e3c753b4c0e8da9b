//! Subscribers who asked for the same with the same rights get the same: it is written once.

use std::collections::HashMap;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Request, ServerError, Value, Variables};
use lru::LruCache;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use super::stream::Given;
use crate::graph::contract::About;
use crate::graph::direct::Merges;
use crate::graph::session::Session;
use crate::http::Update;

/// Newest updates that a cohort keeps: more than a batch holds, so that those who walk through one
/// at their own pace find what the first of them had written.
const KEPT: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Bytes of what the cohorts of one tenant keep; each has its share.
const BYTES_MAX: usize = 8 << 20;
/// Arguments that say where a subscription starts, and nothing of what its updates look like.
const START: [&str; 3] = ["after", "position", "snapshot"];

/// What was asked for.
pub(super) struct Template {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    document: ExecutableDocument,
    merges: bool,
    /// Whether what is written for one may be given to others. Personal data is opened for each: it may
    /// have been erased since.
    pub(super) is_shared: bool,
}

impl Template {
    pub(super) fn of(request: &mut Request, about: About) -> Result<Self, ServerError> {
        let document = request.parsed_query()?.clone();
        Ok(Self {
            query: std::mem::take(&mut request.query),
            operation_name: request.operation_name.take(),
            variables: std::mem::take(&mut request.variables),
            document,
            merges: about.merges,
            is_shared: !about.personal,
        })
    }

    /// What was asked for, to be asked again.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(&self.query).variables(self.variables.clone());
        request.operation_name.clone_from(&self.operation_name);
        request.set_parsed_query(self.document.clone());
        if self.merges {
            request = request.data(Merges);
        }
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

    /// Variables that say where to start and are used for nothing else.
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
        let started_by = starts.filter_map(|(_, value)| {
            let value = value.node.to_string();
            value.strip_prefix('$').map(str::to_owned)
        });
        let uses = uses(&self.document);
        let once = |name: &String| uses.iter().filter(|used| *used == name).count() == 1;
        started_by.filter(once).collect()
    }
}

/// The variables of a document, each as often as it is used.
fn uses(document: &ExecutableDocument) -> Vec<Name> {
    let operations = document.operations.iter().map(|(_, it)| &it.node);
    let operations = operations.map(|it| (&it.directives, &it.selection_set.node));
    let fragments = document.fragments.values().map(|it| &it.node);
    let fragments = fragments.map(|it| (&it.directives, &it.selection_set.node));
    let mut uses = Vec::new();
    for (directives, set) in operations.chain(fragments) {
        of_directives(directives, &mut uses);
        of_set(set, &mut uses);
    }
    uses
}

fn of_set(set: &SelectionSet, uses: &mut Vec<Name>) {
    for selection in &set.items {
        of_directives(selection.node.directives(), uses);
        match &selection.node {
            Selection::Field(field) => {
                for (_, value) in &field.node.arguments {
                    let _constant = value.node.clone().into_const_with(noting(uses));
                }
                of_set(&field.node.selection_set.node, uses);
            }
            Selection::InlineFragment(fragment) => {
                of_set(&fragment.node.selection_set.node, uses);
            }
            // Looked at by itself.
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn of_directives(directives: &[Positioned<Directive>], uses: &mut Vec<Name>) {
    for (_, value) in directives.iter().flat_map(|it| &it.node.arguments) {
        let _constant = value.node.clone().into_const_with(noting(uses));
    }
}

/// Notes a variable.
fn noting(uses: &mut Vec<Name>) -> impl FnMut(Name) -> Result<Value, Infallible> {
    |name| {
        uses.push(name);
        Ok(Value::Null)
    }
}

/// Who follows the same.
pub(super) struct Cohort {
    /// As the first of them asked; the others may have started elsewhere.
    pub(super) template: Template,
    written: Mutex<Written>,
    /// How many cohorts share the room.
    cohorts: Arc<AtomicUsize>,
}

/// Which update it is: where it stands, after which one it comes, and as of when its row is.
type Which = (Arc<str>, Option<Arc<str>>, i64);

/// Where an update is written, and its bytes once it is.
type Cell = (Arc<OnceCell<Update>>, usize);

/// The newest updates.
struct Written {
    cells: LruCache<Which, Cell>,
    bytes: usize,
}

fn which(given: &Given) -> Which {
    (
        Arc::clone(&given.cursor),
        given.previous_cursor.clone(),
        given.as_of,
    )
}

impl Cohort {
    fn of(template: Template, cohorts: &Arc<AtomicUsize>) -> Arc<Self> {
        cohorts.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self {
            template,
            written: Mutex::new(Written {
                cells: LruCache::new(KEPT),
                bytes: 0,
            }),
            cohorts: Arc::clone(cohorts),
        })
    }

    /// Where an update is written, if not by this subscriber then by another.
    pub(super) fn cell(&self, given: &Given) -> Arc<OnceCell<Update>> {
        let mut written = self.lock();
        if let Some((cell, _)) = written.cells.get(&which(given)) {
            return Arc::clone(cell);
        }
        let cell: Arc<OnceCell<Update>> = Arc::default();
        let kept = (Arc::clone(&cell), 0);
        if let Some((_, (_, bytes))) = written.cells.push(which(given), kept) {
            written.bytes -= bytes;
        }
        cell
    }

    /// An update was written. The oldest go, until the cohort has no more than its share.
    pub(super) fn wrote(&self, given: &Given, update: &Update) {
        let share = BYTES_MAX / self.cohorts.load(Ordering::Relaxed).max(1);
        let mut written = self.lock();
        let Some((_, bytes)) = written.cells.get_mut(&which(given)) else {
            return;
        };
        let before = std::mem::replace(bytes, update.bytes());
        written.bytes += update.bytes();
        written.bytes -= before;
        while written.bytes > share
            && let Some((_, (_, bytes))) = written.cells.pop_lru()
        {
            written.bytes -= bytes;
        }
    }

    fn forget(&self) {
        let mut written = self.lock();
        written.cells.clear();
        written.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cohort {
    fn drop(&mut self) {
        self.cohorts.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The cohorts of one tenant: what is of one tenant's rows never gets to another's subscribers.
#[derive(Default)]
pub(super) struct Cohorts {
    known: Mutex<HashMap<[u8; 32], Weak<Cohort>>>,
    living: Arc<AtomicUsize>,
}

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
        let cohort = Cohort::of(template, &self.living);
        cohorts.insert(key, Arc::downgrade(&cohort));
        cohort
    }

    /// Everything is written anew from now on.
    pub(super) fn forget(&self) {
        let cohorts: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        for cohort in cohorts {
            cohort.forget();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Weak<Cohort>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(query: &str) -> Template {
        Template::of(&mut Request::new(query), About::default()).expect("a document")
    }

    #[test]
    fn where_a_subscription_starts_says_nothing_of_its_updates() {
        let query = "subscription($a: String, $s: Boolean) { orderChanged(after: $a, snapshot: $s) { cursor } }";
        assert_eq!(template(query).started_by(), ["a", "s"]);
    }

    #[test]
    fn a_variable_that_says_something_else_too_does() {
        for query in [
            "subscription($a: String, $ab: Boolean!) { orderChanged(after: $a, channel: $a) { cursor @skip(if: $ab) } }",
            "subscription($s: Boolean!) { orderChanged(snapshot: $s) { cursor @include(if: $,s) } }",
            "subscription($s: Boolean!) { orderChanged(snapshot: $s) { ...F } } fragment F on X { c(o: { a: [$s] }) }",
        ] {
            assert!(template(query).started_by().is_empty(), "{query}");
        }
    }
}
