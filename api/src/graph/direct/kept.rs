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
use crate::graph::room::{Room, TooLarge};

/// Plans that are known: as many as there are selections of late.
const PLANS_MAX: NonZeroUsize = NonZeroUsize::new(256).unwrap();
/// Texts that are kept.
const TEXTS_MAX: usize = 5_000;
/// Bytes of them, and of the documents that they hold.
const BYTES_MAX: usize = 32 << 20;
/// Bytes of a document of weight 1.
const WEIGHT: usize = 512;

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

/// All that a row is made of.
pub(crate) struct MadeOf {
    pub(crate) parts: Vec<Part>,
    /// Of the documents together ([`Fold::weight`](entrepot_projections::model::Fold::weight)).
    pub(crate) weight: usize,
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
    /// With what each takes.
    texts: LruCache<Vec<Part>, (Written, usize)>,
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
    pub(super) fn write<T: Direct>(
        &self,
        plan: Plan,
        rows: &[T],
        room: Option<&Room>,
    ) -> Result<Option<Vec<Written>>, TooLarge> {
        let (plan, known) = self.known(plan, rows);
        let (mut written, mut fresh) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut bytes = 0;
        for (row, (key, text)) in rows.iter().zip(known) {
            let text = if let Some(text) = text {
                text
            } else {
                let Some(text) = Written::of(row, &plan) else {
                    return Ok(None);
                };
                fresh.extend(key.map(|key| (key, text.clone())));
                text
            };
            bytes += text.json.len();
            if room.is_some_and(|room| bytes > room.left()) {
                break;
            }
            written.push(text);
        }
        room.map_or(Ok(()), |room| room.take(bytes))?;
        if !fresh.is_empty() {
            self.lock().keep(fresh);
        }
        Ok(Some(written))
    }

    /// What each row is known by, if it is, and its text, if it was written before.
    #[expect(clippy::type_complexity, reason = "named by the words above")]
    fn known<T: Direct>(
        &self,
        plan: Plan,
        rows: &[T],
    ) -> (Arc<Plan>, Vec<(Option<MadeOf>, Option<Written>)>) {
        let mut kept = self.lock();
        let plan = kept.plan(plan);
        let known = rows.iter().map(|row| {
            let made_of = row.made_of().map(|mut made_of| {
                let plan = Part::Document(Arc::clone(&plan) as _);
                made_of.parts.push(plan);
                made_of
            });
            let text = made_of
                .as_ref()
                .and_then(|key| Some(kept.texts.get(&key.parts)?.0.clone()));
            (made_of, text)
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

    fn keep(&mut self, texts: Vec<(MadeOf, Written)>) {
        for (MadeOf { parts, weight }, text) in texts {
            let bytes = text.json.len() + weight * WEIGHT;
            self.bytes += bytes;
            if let Some((_, (_, bytes))) = self.texts.push(parts, (text, bytes)) {
                self.bytes -= bytes;
            }
        }
        while (self.texts.len() > TEXTS_MAX || self.bytes > BYTES_MAX)
            && let Some((_, (_, bytes))) = self.texts.pop_lru()
        {
            self.bytes -= bytes;
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

        fn made_of(&self) -> Option<MadeOf> {
            let parts = || vec![Part::Document(Arc::clone(&self.0) as _)];
            (self.0.as_str() != "loose").then(|| MadeOf {
                parts: parts(),
                weight: 1,
            })
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
            let written = texts.write(plan(key), rows, None);
            let written = written.ok().flatten().expect("rows are written");
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
            let written = texts.write(plan("one"), &[Row(Arc::new(large.clone()))], None);
            assert!(written.is_ok_and(|rows| rows.is_some()));
        }
        let kept = texts.lock();
        assert!(
            kept.bytes <= BYTES_MAX && kept.texts.len() == 3,
            "{} texts",
            kept.texts.len()
        );
    }
}
