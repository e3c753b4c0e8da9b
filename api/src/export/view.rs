//! The views as their readers see them: the columns that are open to the roles of a caller, and
//! nothing of the others.

use std::sync::LazyLock;

use entrepot_migration::bi::{self, FieldKind, Source};

use crate::auth::{Requester, Role, Roles};
use crate::graph::policy::{self, Area};

/// The column whose values say which rows a partner sees.
const CHANNEL: &str = "channel";
/// The view that compares the positions with the log's head and the clock.
const FRESHNESS: &str = "freshness";

/// Who reads.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    roles: Roles,
    /// The channels whose rows are seen; all of them for `None`.
    pub(crate) channels: Option<Vec<String>>,
}

impl Reader {
    /// Somebody in some roles; a partner of these channels.
    pub(crate) fn new(roles: Roles, channels: &[String]) -> Self {
        let channels = policy::channels_of(roles, channels).map(<[String]>::to_vec);
        Self { roles, channels }
    }

    /// A verified caller.
    pub(crate) fn of(requester: &Requester) -> Self {
        Self::new(requester.roles(), requester.channels())
    }

    /// Every role together: whoever has the database sees everything in it.
    pub(crate) fn everybody() -> Self {
        Self::new(Role::ALL.into_iter().collect(), &[])
    }
}

/// A view that can be exported.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) grain: &'static str,
    pub(crate) group: &'static str,
    /// The columns by which rows are told apart and sorted.
    pub(crate) key: Vec<Source>,
    /// The column that `from` and `to` are about.
    pub(crate) day: Option<&'static str>,
    columns: Vec<Column>,
    rows: [String; 2],
}

/// A column and whom it is open to.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    source: Source,
    area: Area,
}

impl std::ops::Deref for Column {
    type Target = Source;

    fn deref(&self) -> &Source {
        &self.source
    }
}

impl Column {
    pub(crate) fn name(&self) -> &str {
        &self.source.field.name
    }

    pub(crate) const fn kind(&self) -> FieldKind {
        self.source.field.kind
    }

    /// Whether rows can be picked by its values.
    pub(crate) const fn filters(&self) -> bool {
        !matches!(
            self.source.field.kind,
            FieldKind::Timestamp | FieldKind::Decimal { .. }
        )
    }
}

static VIEWS: LazyLock<Vec<View>> =
    LazyLock::new(|| bi::VIEWS.iter().filter_map(View::new).collect());

impl View {
    /// Every view.
    pub(crate) fn all() -> &'static [Self] {
        &VIEWS
    }

    /// The view of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        VIEWS.iter().find(|view| view.name == name)
    }

    fn new(view: &bi::View) -> Option<Self> {
        let sources = view.sources();
        let key = view.key.iter().map(|name| {
            let mut sources = sources.iter();
            sources.find(|source| source.field.name == *name).cloned()
        });
        let columns = sources.iter().filter_map(|source| {
            let area = policy::area_of_column(view.name, &source.field.name)?;
            let source = source.clone();
            Some(Column { source, area })
        });
        Some(Self {
            name: view.name,
            grain: view.grain,
            group: view.group,
            key: key.collect::<Option<_>>()?,
            day: view.day(),
            columns: columns.collect(),
            rows: [false, true].map(|on_postgres| view.rows(on_postgres)),
        })
    }

    /// The table or query behind it.
    pub(crate) fn rows(&self, on_postgres: bool) -> &str {
        &self.rows[usize::from(on_postgres)]
    }

    /// Whether its rows stay as they are while the read models stand still.
    pub(crate) fn follows_positions(&self) -> bool {
        self.name != FRESHNESS
    }

    /// The columns that the reader sees. `None` if there is none, or if the reader sees some
    /// channels only and the view's rows belong to none.
    pub(crate) fn open_to(&self, reader: &Reader) -> Option<Vec<Column>> {
        let of_a_channel = self.columns.iter().any(|column| column.name() == CHANNEL);
        if reader.channels.is_some() && !of_a_channel {
            return None;
        }
        let open = self.columns.iter();
        let open = open.filter(|column| policy::allows(reader.roles, column.area));
        let open: Vec<Column> = open.cloned().collect();
        (!open.is_empty()).then_some(open)
    }
}
