//! Personal data between the graph and the vault.

use async_graphql::{Context, InputObject, Result, SimpleObject};
use entrepot_event_store::vault::VaultWrite;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{self, bad_input};
use super::session::session;

/// The longest personal text, in bytes.
const TEXT_MAX: usize = 300;

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject)]
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

/// A postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct Address {
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

/// A record on its way into the vault.
pub(crate) struct Sealed {
    pub(crate) record_id: Uuid,
    pub(crate) writes: Vec<VaultWrite>,
    /// Of what the caller sent: the record's id and cipher text differ each time.
    pub(crate) fingerprint: [u8; 32],
}

/// Seals a record for a person. `input` is all that the caller sent.
pub(crate) async fn seal(
    ctx: &Context<'_>,
    subject: Uuid,
    record: &impl Serialize,
    email: Option<&str>,
    input: &str,
) -> Result<Sealed> {
    let session = session(ctx)?;
    let app = &session.app;
    let record = serde_json::to_vec(record).map_err(|error| error::store(error.into()))?;
    let sealed = app.vault.seal(app.store.db(), session.tenant()?, subject, &record, email).await;
    let (record_id, writes) = sealed.map_err(error::store)?;
    Ok(Sealed { record_id, writes, fingerprint: app.secrets.fingerprint(input.as_bytes()) })
}

/// Seals an order's address: under the customer's key, or a guest's own.
pub(crate) async fn seal_address(
    ctx: &Context<'_>,
    customer: Option<Uuid>,
    address: &AddressInput,
    input: &str,
) -> Result<Sealed> {
    check(Some(&address.line1), "shippingAddress.line1")?;
    check(Some(&address.city), "shippingAddress.city")?;
    check(Some(&address.country), "shippingAddress.country")?;
    for (text, field) in [
        (&address.name, "shippingAddress.name"),
        (&address.line2, "shippingAddress.line2"),
        (&address.region, "shippingAddress.region"),
        (&address.postal_code, "shippingAddress.postalCode"),
    ] {
        check(text.as_ref(), field)?;
    }
    let guest = entrepot_event_store::clock::fresh_id();
    seal(ctx, customer.unwrap_or(guest), address, None, input).await
}

/// Checks personal text: not empty, bounded, without control characters.
pub(crate) fn check(text: Option<&String>, field: &str) -> Result<()> {
    match text {
        Some(text) if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) => {
            Err(bad_input(field, "must be 1 to 300 bytes without control characters"))
        }
        _ => Ok(()),
    }
}
