//! Personal data between the graph and the vault: what a record holds, in one place.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Result, SimpleObject};
use entrepot_event_store::clock;
use entrepot_event_store::vault::VaultWrite;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{self, bad_input, corrupt};
use super::loader;
use super::session::{Session, session};

/// The longest personal text, in bytes.
const TEXT_MAX: usize = 300;
/// The most addresses of a customer.
const ADDRESSES_MAX: usize = 20;

/// What a customer's record holds. The field names are those of every record that was ever sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "PersonalData")]
pub(crate) struct PersonalRecord {
    /// The person's name.
    pub(crate) name: Option<String>,
    /// E-mail address.
    pub(crate) email: Option<String>,
    /// Telephone number.
    pub(crate) phone: Option<String>,
    /// Where goods and letters go; the first is the usual one.
    #[serde(default)]
    pub(crate) addresses: Vec<Address>,
}

/// A postal address; also all that the record of an order's address holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub(crate) struct Address {
    /// Who it is for.
    pub(crate) name: Option<String>,
    /// Street and number.
    pub(crate) line1: String,
    /// Flat, floor, company.
    pub(crate) line2: Option<String>,
    /// City or town.
    pub(crate) city: String,
    /// State or province.
    pub(crate) region: Option<String>,
    /// Postal code.
    pub(crate) postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
}

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, InputObject)]
pub struct AddressInput {
    /// Who it is for.
    name: Option<String>,
    /// Street and number.
    line1: String,
    /// Flat, floor, company.
    line2: Option<String>,
    /// City or town.
    city: String,
    /// State or province.
    region: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: String,
}

impl AddressInput {
    /// The address, checked; `field` names the input.
    fn checked(self, field: &str) -> Result<Address> {
        let Self {
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
        } = self;
        let required = [(&line1, "line1"), (&city, "city"), (&country, "country")];
        let optional = [
            (&name, "name"),
            (&line2, "line2"),
            (&region, "region"),
            (&postal_code, "postalCode"),
        ];
        for (text, part) in required {
            check(Some(text), &format!("{field}.{part}"))?;
        }
        for (text, part) in optional {
            check(text.as_ref(), &format!("{field}.{part}"))?;
        }
        Ok(Address {
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
        })
    }
}

/// Who a customer is: part of the commands that say so.
#[derive(Clone, Debug, Default, PartialEq, Eq, InputObject)]
pub struct PersonalDataInput {
    /// The person's name.
    name: Option<String>,
    /// E-mail address; customers are found by it.
    email: Option<String>,
    /// Telephone number.
    phone: Option<String>,
    /// Where goods and letters go, at most 20; the usual one first.
    #[graphql(default)]
    addresses: Vec<AddressInput>,
}

impl PersonalDataInput {
    /// The record, checked.
    pub(crate) fn checked(self) -> Result<PersonalRecord> {
        for (text, field) in [
            (&self.name, "name"),
            (&self.email, "email"),
            (&self.phone, "phone"),
        ] {
            check(text.as_ref(), field)?;
        }
        if self.addresses.len() > ADDRESSES_MAX {
            return Err(bad_input("addresses", "must be at most 20"));
        }
        let addresses = self.addresses.into_iter().enumerate();
        let addresses =
            addresses.map(|(index, address)| address.checked(&format!("addresses.{index}")));
        let addresses = addresses.collect::<Result<_>>()?;
        Ok(PersonalRecord {
            name: self.name,
            email: self.email,
            phone: self.phone,
            addresses,
        })
    }
}

/// A record on its way into the vault.
pub(crate) struct Sealed {
    pub(crate) record_id: Uuid,
    pub(crate) writes: Vec<VaultWrite>,
    /// Of what the caller sent: the record's id and cipher text differ each time.
    pub(crate) fingerprint: [u8; 32],
}

/// Whose data is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Person {
    /// Somebody whom others may know as well.
    Known(Uuid),
    /// Somebody whose id was just drawn.
    Fresh(Uuid),
}

impl Person {
    /// The person's id.
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::Known(id) | Self::Fresh(id) => id,
        }
    }
}

/// A keyed digest of all that the caller sent: what is personal in it cannot be guessed from it.
pub(crate) fn fingerprint_of(ctx: &Context<'_>, input: &str) -> Result<[u8; 32]> {
    Ok(session(ctx)?.app.secrets.fingerprint(input.as_bytes()))
}

/// Seals a record for a person. `input` is all that the caller sent.
pub(crate) async fn seal(
    ctx: &Context<'_>,
    person: Person,
    record: &impl Serialize,
    email: Option<&str>,
    input: &str,
) -> Result<Sealed> {
    let session = session(ctx)?;
    let (app, tenant) = (&session.app, session.tenant()?);
    let record = serde_json::to_vec(record)
        .map_err(|error| error::store(entrepot_event_store::StoreError::from(error)))?;
    let sealed = match person {
        Person::Known(id) => {
            let db = app.store.db();
            app.vault.seal(db, tenant, id, &record, email).await
        }
        Person::Fresh(id) => app.vault.seal_fresh(tenant, id, &record, email),
    };
    let (record_id, writes) = sealed.map_err(error::store)?;
    Ok(Sealed {
        record_id,
        writes,
        fingerprint: fingerprint_of(ctx, input)?,
    })
}

/// Seals an order's address: under the customer's key, or a guest's own.
pub(crate) async fn seal_address(
    ctx: &Context<'_>,
    customer: Option<Uuid>,
    address: &AddressInput,
    input: &str,
) -> Result<Sealed> {
    let address = address.clone().checked("shippingAddress")?;
    let person = match customer {
        Some(id) => Person::Known(id),
        None => Person::Fresh(clock::fresh_id()),
    };
    seal(ctx, person, &address, None, input).await
}

/// Checks personal text: not empty, bounded, without control characters.
fn check(text: Option<&String>, field: &str) -> Result<()> {
    match text {
        Some(text)
            if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) =>
        {
            Err(bad_input(
                field,
                "must be 1 to 300 bytes without control characters",
            ))
        }
        _ => Ok(()),
    }
}

/// Personal records by the references that events hold, opened; batched within one request. Those
/// of an erased person are absent.
pub(crate) struct RecordLoader(pub(crate) Arc<Session>);

impl Loader<Uuid> for RecordLoader {
    type Value = Vec<u8>;
    type Error = async_graphql::Error;

    async fn load(&self, records: &[Uuid]) -> Result<HashMap<Uuid, Vec<u8>>> {
        let snapshot = self.0.read().await?;
        let opened = self
            .0
            .app
            .vault
            .open(snapshot.tx().await?, self.0.tenant()?, records.to_vec())
            .await;
        Ok(opened.map_err(error::store)?.into_iter().collect())
    }
}

/// A personal record; null if its person was erased.
pub(crate) async fn open<T: DeserializeOwned>(
    ctx: &Context<'_>,
    record: Option<Uuid>,
) -> Result<Option<T>> {
    let Some(record) = record else {
        return Ok(None);
    };
    let opened = loader::load::<RecordLoader, _>(ctx, record).await?;
    let decoded = opened
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose();
    decoded.map_err(|_| corrupt("a personal record", record))
}
