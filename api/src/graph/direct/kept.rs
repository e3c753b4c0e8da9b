//! Texts of rows that were written before: of a page of the newest orders, most stood in the last one.
//!
//! Exact: what a row is written as follows from the plan and from documents that never change. A text is
//! known by which documents these are, and holds them, so that no other can come to lie where one lay.
//! A row that follows from anything else does not say what it is made of, and is written anew.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use lru::LruCache;

use super::plan::Plan;
use super::text::Text;
use super::value::Direct;

/// Plans that are known: as many as there are selections of late.
const PLANS_MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Texts that are kept, with their documents.
const TEXTS_MAX: usize = 5_000;
/// Bytes of them.
const BYTES_MAX: usize = 8 << 20;

/// What a row is made of.
#[derive(Clone)]
pub(crate) enum Part {
    /// Nobody looked for it.
    Unknown,
    /// There is none.
    None,
    /// This very one.
    Document(Arc<dyn Any + Send + Sync>),
}

/// A row as it was written.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) json: Bytes,
    /// What its fields cost.
    pub(super) spent: u64,
}

/// The texts of one process.
pub(crate) struct Texts(Mutex<Kept>);

struct Kept {
    plans: LruCache<Arc<Plan>, ()>,
    texts: LruCache<Vec<Part>, Written>,
    bytes: usize,
}

impl Part {
    fn address(&self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::None => 1,
            Self::Document(document) => Arc::as_ptr(document).cast::<()>().addr(),
        }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Part {}

impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl Written {
    /// Writes a row; `None` if it is for the library.
    pub(super) fn of<T: Direct>(row: &T, plan: &Plan) -> Option<Self> {
        let mut text = Text::default();
        row.write(plan, &mut text)?;
        let spent = text.spent();
        let json = text.into_bytes();
        Some(Self { json, spent })
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            plans: LruCache::new(PLANS_MAX),
            texts: LruCache::unbounded(),
            bytes: 0,
        }))
    }
}

impl Texts {
    /// Rows by their plan, as they were written before or are now; `None` if one is for the library.
    pub(super) fn write<T: Direct>(&self, plan: Plan, rows: &[T]) -> Option<Vec<Written>> {
        let (plan, known) = self.known(plan, rows);
        let (mut written, mut fresh) = (Vec::with_capacity(rows.len()), Vec::new());
        for (row, (key, text)) in rows.iter().zip(known) {
            if let Some(text) = text {
                written.push(text);
                continue;
            }
            let text = Written::of(row, &plan)?;
            fresh.extend(key.map(|key| (key, text.clone())));
            written.push(text);
        }
        if !fresh.is_empty() {
            self.lock().keep(fresh);
        }
        Some(written)
    }

    /// What each row is known by, if it is, and its text, if it was written before.
    #[expect(clippy::type_complexity, reason = "named by the words above")]
    fn known<T: Direct>(
        &self,
        plan: Plan,
        rows: &[T],
    ) -> (Arc<Plan>, Vec<(Option<Vec<Part>>, Option<Written>)>) {
        let mut kept = self.lock();
        let plan = kept.plan(plan);
        let known = rows.iter().map(|row| {
            let key = row.made_of().map(|mut parts| {
                parts.push(Part::Document(Arc::clone(&plan) as _));
                parts
            });
            let text = key.as_ref().and_then(|key| kept.texts.get(key).cloned());
            (key, text)
        });
        let known = known.collect();
        (plan, known)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The one plan of all that are the same.
    fn plan(&mut self, plan: Plan) -> Arc<Plan> {
        if let Some((known, ())) = self.plans.get_key_value(&plan) {
            return Arc::clone(known);
        }
        let plan = Arc::new(plan);
        self.plans.put(Arc::clone(&plan), ());
        plan
    }

    fn keep(&mut self, texts: Vec<(Vec<Part>, Written)>) {
        for (key, text) in texts {
            self.bytes += text.json.len();
            if let Some((_, old)) = self.texts.push(key, text) {
                self.bytes -= old.json.len();
            }
        }
        while (self.texts.len() > TEXTS_MAX || self.bytes > BYTES_MAX)
            && let Some((_, old)) = self.texts.pop_lru()
        {
            self.bytes -= old.json.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use async_graphql::parser::types::SelectionSet;

    use super::*;
    use crate::graph::direct::plan::{Compiler, Step, What};

    thread_local! {
        /// Rows that were written.
        static WRITTEN: Cell<usize> = const { Cell::new(0) };
    }

    struct Row(Arc<String>);

    impl Direct for Row {
        fn plan(_: &Compiler<'_>, _: &SelectionSet) -> Option<Plan> {
            None
        }

        fn write(&self, _: &Plan, text: &mut Text) -> Option<()> {
            WRITTEN.set(WRITTEN.get() + 1);
            text.string(&self.0)
        }

        fn made_of(&self) -> Option<Vec<Part>> {
            (self.0.as_str() != "loose").then(|| vec![Part::Document(Arc::clone(&self.0) as _)])
        }
    }

    fn plan(key: &str) -> Plan {
        let (key, what) = (key.to_owned(), What::Typename("\"Row\"".to_owned()));
        let steps = vec![Step { key, what }];
        Plan { steps }
    }

    #[test]
    fn a_row_is_written_once_for_each_document_and_plan() {
        let texts = Texts::default();
        let rows = ["a", "b", "loose"].map(|text| Row(Arc::new(text.to_owned())));
        let asked = |key: &str, rows: &[Row]| {
            let before = WRITTEN.get();
            let written = texts.write(plan(key), rows).expect("rows are written");
            let all: Vec<&[u8]> = written.iter().map(|text| &*text.json).collect();
            let all = String::from_utf8(all.concat()).expect("text");
            (all, WRITTEN.get() - before)
        };
        let all = "\"a\"\"b\"\"loose\"".to_owned();
        assert_eq!(asked("one", &rows), (all.clone(), 3));
        assert_eq!(asked("one", &rows), (all.clone(), 1));
        assert_eq!(asked("other", &rows), (all, 3));
        // The same text in another document is another row.
        let again = [Row(Arc::new("a".to_owned()))];
        assert_eq!(asked("one", &again), ("\"a\"".to_owned(), 1));
        assert_eq!(asked("one", &again), ("\"a\"".to_owned(), 0));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let texts = Texts::default();
        let large = "x".repeat(BYTES_MAX / 4);
        for _ in 0..8 {
            texts.write(plan("one"), &[Row(Arc::new(large.clone()))]);
        }
        let kept = texts.lock();
        assert!(
            kept.bytes <= BYTES_MAX && kept.texts.len() == 3,
            "{} texts",
            kept.texts.len()
        );
    }
}
