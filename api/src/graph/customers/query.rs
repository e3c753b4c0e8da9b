//! Queries of customers.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entrepot_entity::customers;
use sea_orm::{ColumnTrait as _, QueryFilter as _, Select};

use super::load::CustomerLoader;
use super::types::Customer;
use crate::graph::connection::Listed;
use crate::graph::error::fault;
use crate::graph::page::{Keyset, List, PageArgs};
use crate::graph::policy::{Area, visible};
use crate::graph::session::{Session, session};
use crate::graph::{error, gid, loader};

/// Queries of customers.
#[derive(Debug, Default)]
pub struct CustomerQuery;

/// A list of customers.
pub type CustomerConnection = Listed<Customer>;

/// Which customers.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CustomerFilter {
    /// From this system or channel.
    external_system: Option<String>,
    /// With this id there.
    external_id: Option<String>,
    /// With this e-mail address, in upper or lower case. For roles that see personal data.
    email: Option<String>,
}

/// What customers are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum CustomerSort {
    /// The newest first.
    #[default]
    RegisteredAtDesc,
    /// The oldest first.
    RegisteredAtAsc,
    /// The last changed first.
    UpdatedAtDesc,
}

impl CustomerSort {
    fn keyset(self) -> Keyset<customers::Entity> {
        let (column, descending) = match self {
            Self::RegisteredAtDesc => (customers::Column::RegisteredAt, true),
            Self::RegisteredAtAsc => (customers::Column::RegisteredAt, false),
            Self::UpdatedAtDesc => (customers::Column::UpdatedAt, true),
        };
        Keyset {
            columns: vec![column, customers::Column::CustomerId],
            descending,
        }
    }
}

async fn filtered(session: &Session, filter: &CustomerFilter) -> Result<Select<customers::Entity>> {
    use customers::Column;
    let mut rows = visible::<customers::Entity>(session)?;
    if let Some(system) = &filter.external_system {
        rows = rows.filter(Column::ExternalSystem.eq(system));
    }
    if let Some(id) = &filter.external_id {
        rows = rows.filter(Column::ExternalId.eq(id));
    }
    if let Some(email) = &filter.email {
        let snapshot = session.read().await?;
        let (tx, vault) = (snapshot.tx().await?, &session.app.vault);
        let records = vault.find(tx, session.tenant()?, email).await;
        rows = rows.filter(Column::PersonalRef.is_in(records.map_err(error::store)?));
    }
    Ok(rows)
}

#[Object]
impl CustomerQuery {
    /// A customer by its id. Null if there is none.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer's global id, or its bare uuid.")] id: ID,
    ) -> Result<Option<Customer>> {
        let id = gid::decode(&id, "Customer", "id")?;
        Ok(loader::load::<CustomerLoader, _>(ctx, id)
            .await?
            .map(Customer))
    }

    /// Customers, page by page: `first` 50 by default, 250 at most.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; all of them without it.")] filter: Option<CustomerFilter>,
        #[graphql(default, desc = "In which order.")] sort: CustomerSort,
        #[graphql(desc = "How many from the start, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Those after this cursor, an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Those before this cursor, a `startCursor`.")] before: Option<String>,
    ) -> Result<Option<CustomerConnection>> {
        let session = session(ctx)?;
        let filter = filter.unwrap_or_default();
        if filter.email.is_some() && !session.audience().may(Area::PersonalData) {
            return Err(fault("FORBIDDEN", "filter.email is not open to your roles"));
        }
        let matching = List {
            name: "customers",
            rows: filtered(session, &filter).await?,
            keyset: sort.keyset(),
            selected_by: format!("{sort:?}:{filter:?}"),
        };
        let args = PageArgs {
            first,
            after,
            last,
            before,
        };
        matching
            .page(ctx, args, |row| Ok(Customer(Arc::new(row))))
            .await
            .map(Some)
    }
}
