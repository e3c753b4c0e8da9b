//! Monthly recurring revenue: its movements, and their sums, which are what there is.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use entrepot_domain::kernel::{Currency, MILLION, round_half_even};
use entrepot_entity::mrr_movements;
use entrepot_projections::subscriptions as model;
use mrr_movements::Column;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, FromQueryResult, QueryFilter as _, QuerySelect as _};

use super::load::SubscriptionLoader;
use super::types::SubscriptionContract;
use crate::graph::connection::Listed;
use crate::graph::direct::general;
use crate::graph::error::{self, corrupt};
use crate::graph::loader;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::visible;
use crate::graph::scalar::{BigInt, CurrencyCode, Date, DateTime, Money};
use crate::graph::session::session;

/// Why monthly recurring revenue changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::MovementKind")]
pub enum MrrMovementKind {
    /// A subscription was made.
    New,
    /// An active subscription brings more.
    Expansion,
    /// An active subscription brings less.
    Contraction,
    /// A subscription brings nothing any more: canceled, or paused for now.
    Churn,
    /// A paused subscription was resumed.
    Reactivation,
}

impl MrrMovementKind {
    const ALL: [Self; 5] = [
        Self::New,
        Self::Expansion,
        Self::Contraction,
        Self::Churn,
        Self::Reactivation,
    ];

    fn stored(self) -> &'static str {
        model::MovementKind::from(self).as_str()
    }

    fn of(stored: &str) -> Result<Self> {
        let kind = Self::ALL.into_iter().find(|kind| kind.stored() == stored);
        kind.ok_or_else(|| corrupt("a kind of movement", stored))
    }
}

/// Which movements.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MrrMovementFilter {
    /// Of this day or later, in the tenant's time zone.
    from: Option<Date>,
    /// Of this day or earlier.
    to: Option<Date>,
    /// Of this kind.
    kind: Option<MrrMovementKind>,
}

/// A list of movements.
pub type MrrMovementConnection = Listed<MrrMovement>;

general!(MrrMovement);

/// A change of monthly recurring revenue.
pub struct MrrMovement(mrr_movements::Model);

/// A change of monthly recurring revenue.
#[Object]
impl MrrMovement {
    /// Why revenue changed.
    async fn kind(&self) -> Result<MrrMovementKind> {
        MrrMovementKind::of(&self.0.kind)
    }

    /// The change, negative if revenue was lost. Rounded half to even; the exact one is
    /// `amountMicros`.
    async fn amount(&self) -> Result<Money> {
        Ok(rounded(
            self.0.amount_micros.into(),
            currency(&self.0.currency)?,
        ))
    }

    /// The change in millionths of a minor unit: what sums are taken of.
    async fn amount_micros(&self) -> BigInt {
        BigInt(self.0.amount_micros)
    }

    /// The day in the tenant's time zone.
    async fn moved_on(&self) -> Result<Date> {
        Date::text(&self.0.moved_on).ok_or_else(|| corrupt("a day", &self.0.moved_on))
    }

    /// When it changed.
    async fn moved_at(&self) -> Result<DateTime> {
        DateTime::stored(self.0.moved_at)
    }

    /// The position of the event that changed it.
    async fn position(&self) -> BigInt {
        BigInt(self.0.position)
    }

    /// Whose revenue changed, as it stands now.
    async fn subscription(&self, ctx: &Context<'_>) -> Result<Option<SubscriptionContract>> {
        let found = loader::load::<SubscriptionLoader, _>(ctx, self.0.subscription_id).await?;
        Ok(found.map(SubscriptionContract::from))
    }
}

/// Monthly recurring revenue in one currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct MrrSums {
    /// The currency of every amount here.
    currency: CurrencyCode,
    /// What there is: the exact sum of all movements, rounded half to even once.
    mrr: Money,
    /// The movements that led to it, by kind. Rounded one by one, they may differ from `mrr` by a
    /// minor unit or two.
    movements: Vec<MrrKindSum>,
}

/// The movements of one kind.
#[derive(Clone, Debug, SimpleObject)]
pub struct MrrKindSum {
    /// Why revenue changed.
    kind: MrrMovementKind,
    /// The exact sum, rounded half to even; negative for what was lost.
    amount: Money,
    /// How many there were.
    count: BigInt,
}

/// A page of the movements that match a filter.
pub(super) async fn movements(
    ctx: &Context<'_>,
    filter: MrrMovementFilter,
    args: PageArgs,
) -> Result<MrrMovementConnection> {
    let session = session(ctx)?;
    let mut rows = visible::<mrr_movements::Entity>(session)?;
    let conditions = [
        filter
            .from
            .map(|from| Column::MovedOn.gte(from.0.to_string())),
        filter.to.map(|to| Column::MovedOn.lte(to.0.to_string())),
        filter.kind.map(|kind| Column::Kind.eq(kind.stored())),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    let matching = List {
        name: "mrr",
        rows,
        // An event moves the revenue of one subscription only.
        keyset: Keyset {
            columns: vec![Column::MovedAt, Column::Position],
            descending: true,
        },
        selected_by: format!("{filter:?}"),
    };
    matching.page(ctx, args, |row| Ok(MrrMovement(row))).await
}

#[derive(Debug, FromQueryResult)]
struct Sum {
    currency: String,
    kind: String,
    minor: i64,
    rest: i64,
    count: i64,
}

impl Sum {
    fn micros(&self) -> i128 {
        i128::from(self.minor) * i128::from(MILLION) + i128::from(self.rest)
    }
}

/// The sums of all movements, up to a day.
pub(super) async fn sums(ctx: &Context<'_>, until: Option<Date>) -> Result<Vec<MrrSums>> {
    let session = session(ctx)?;
    let mut rows = visible::<mrr_movements::Entity>(session)?;
    if let Some(until) = until {
        rows = rows.filter(Column::MovedOn.lte(until.0.to_string()));
    }
    // A sum of micros could leave 64 bits, where SQLite gives up: whole minor units and the rest
    // are summed apart. Both databases divide towards zero.
    let sum = |part: Expr| part.sum().cast_as(Alias::new("bigint"));
    let micros = || Expr::col(Column::AmountMicros);
    let snapshot = session.read().await?;
    let sums = rows
        .select_only()
        .columns([Column::Currency, Column::Kind])
        .column_as(sum(micros().div(MILLION)), "minor")
        .column_as(sum(micros().modulo(MILLION)), "rest")
        .column_as(Expr::col(Column::Position).count(), "count")
        .group_by(Column::Currency)
        .group_by(Column::Kind)
        .into_model::<Sum>()
        .all(snapshot.tx().await?)
        .await
        .map_err(error::db)?;
    let mut by_currency: BTreeMap<&str, Vec<&Sum>> = BTreeMap::new();
    for sum in &sums {
        by_currency.entry(&sum.currency).or_default().push(sum);
    }
    by_currency
        .into_iter()
        .map(|(code, sums)| Ok(of_currency(currency(code)?, &sums)))
        .collect()
}

fn of_currency(currency: Currency, sums: &[&Sum]) -> MrrSums {
    let mut movements = Vec::with_capacity(sums.len());
    for kind in MrrMovementKind::ALL {
        if let Some(sum) = sums.iter().find(|sum| sum.kind == kind.stored()) {
            let amount = rounded(sum.micros(), currency);
            movements.push(MrrKindSum {
                kind,
                amount,
                count: BigInt(sum.count),
            });
        }
    }
    let mrr = rounded(sums.iter().map(|sum| sum.micros()).sum(), currency);
    MrrSums {
        currency: CurrencyCode(currency),
        mrr,
        movements,
    }
}

fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| corrupt("a currency", code))
}

/// Millionths of a minor unit as money, rounded half to even.
pub(super) fn rounded(micros: i128, currency: Currency) -> Money {
    let minor = round_half_even(micros, MILLION.into());
    Money::new(
        i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX }),
        currency,
    )
}
