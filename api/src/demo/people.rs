//! Who buys in the demo. Names and addresses are made up and go into the vault.

use entrepot_domain::customers::{ExternalRef, RegisterCustomer};
use entrepot_domain::kernel::CustomerId;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::chance::Chance;
use super::{DemoError, Shop};

const GIVEN: &[&str] = &[
    "Ada", "Ben", "Cleo", "Dara", "Emil", "Frida", "Gus", "Hana", "Ivo", "Jana", "Kai", "Lena",
];
const FAMILY: &[&str] = &[
    "Abel", "Brandt", "Castillo", "Diaz", "Evans", "Fischer", "Gruber", "Holm", "Ito", "Jensen",
];
const STREETS: &[&str] = &[
    "Harbor Street",
    "Mill Lane",
    "Station Road",
    "Lindenallee",
    "Ridge Avenue",
    "Kirchweg",
];
const CITIES: &[(&str, &str)] = &[
    ("Albany", "US"),
    ("Buffalo", "US"),
    ("Leipzig", "DE"),
    ("Freiburg", "DE"),
    ("Utica", "US"),
];
const CUSTOMERS: i64 = 60;

pub(super) async fn fill(
    shop: &Shop<'_>,
    chance: &mut Chance,
) -> Result<Vec<CustomerId>, DemoError> {
    let mut customers = Vec::new();
    for number in 1..=CUSTOMERS {
        let given = chance.pick(GIVEN).copied().unwrap_or_default();
        let family = chance.pick(FAMILY).copied().unwrap_or_default();
        let (city, country) = chance.pick(CITIES).copied().unwrap_or_default();
        let street = chance.pick(STREETS).copied().unwrap_or_default();
        let email = format!("{given}.{family}.{number}@example.com").to_lowercase();
        let record = json!({
            "name": format!("{given} {family}"),
            "email": email,
            "phone": null,
            "addresses": [{
                "name": format!("{given} {family}"),
                "line1": format!("{} {street}", 1 + chance.below(200)),
                "line2": null,
                "city": city,
                "region": null,
                "postal_code": format!("{:05}", 10_000 + chance.below(80_000)),
                "country": country,
            }],
        });
        customers.push(register(shop, number, &record.to_string(), &email).await?);
    }
    Ok(customers)
}

async fn register(
    shop: &Shop<'_>,
    number: i64,
    record: &str,
    email: &str,
) -> Result<CustomerId, DemoError> {
    let external_ref = ExternalRef {
        system: "web".to_owned(),
        id: format!("C-{number:04}"),
    };
    let customer_id = CustomerId::natural(&[&external_ref.system, &external_ref.id]);
    let db = shop.store.db();
    let (record_id, writes) = shop
        .vault
        .seal(
            db,
            shop.tenant,
            customer_id.0,
            record.as_bytes(),
            Some(email),
        )
        .await?;
    let command = RegisterCustomer {
        customer_id: Some(customer_id),
        external_ref: Some(external_ref),
        personal_ref: Some(record_id),
    };
    let fingerprint = Sha256::digest(record.as_bytes()).into();
    shop.give_sealed(
        &format!("customer:{number}"),
        command,
        Some(fingerprint),
        writes,
    )
    .await?;
    Ok(customer_id)
}
