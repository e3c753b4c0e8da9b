//! Who buys: made-up people at made-up addresses. Telephone numbers and mail domains are those that
//! are set aside for fiction.

use serde::Serialize;

use super::dice::Dice;
use crate::graph::personal::{Address, PersonalRecord};

const FIRST: &[&str] = &[
    "Ada", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Klara",
    "Liam", "Mara", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tessa", "Viktor", "Wanda", "Yusuf",
];
const LAST: &[&str] = &[
    "Abbott",
    "Becker",
    "Castillo",
    "Dietrich",
    "Ellis",
    "Fischer",
    "Garcia",
    "Hoffmann",
    "Ivanov",
    "Jensen",
    "Keller",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petersen",
    "Quinn",
    "Rossi",
    "Schneider",
    "Tanaka",
    "Urban",
    "Vogel",
    "Weber",
    "Yilmaz",
    "Zimmer",
];
const NORTH_STREETS: &[&str] = &[
    "Maple Street",
    "Harbor Avenue",
    "Mill Road",
    "Chestnut Lane",
    "Canal Street",
    "Hill Drive",
];
const SOUTH_STREETS: &[&str] = &[
    "Lindenweg",
    "Hafengasse",
    "Mühlenstraße",
    "Gartenallee",
    "Marktplatz",
    "Am Kanal",
];
/// City, region, postal code.
const NORTH_TOWNS: &[(&str, &str, &str)] = &[
    ("Brooklyn", "NY", "11201"),
    ("Albany", "NY", "12207"),
    ("Buffalo", "NY", "14202"),
    ("Ithaca", "NY", "14850"),
    ("Yonkers", "NY", "10701"),
];
const SOUTH_TOWNS: &[(&str, &str, &str)] = &[
    ("Berlin", "BE", "10115"),
    ("Potsdam", "BB", "14467"),
    ("Leipzig", "SN", "04109"),
    ("Hamburg", "HH", "20095"),
    ("München", "BY", "80331"),
];

/// A customer's record.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Person(PersonalRecord);

impl Person {
    /// The tenant's person of this number; the same each time.
    pub(super) fn of(tenant: &str, country: &str, number: usize) -> Self {
        let mut dice = Dice::of(tenant, "person", number);
        // Walking both lists at different steps gives each pair of names once.
        let name = (FIRST[number % FIRST.len()], LAST[number * 7 % LAST.len()]);
        let german = country == "DE";
        let (streets, towns) = if german {
            (SOUTH_STREETS, SOUTH_TOWNS)
        } else {
            (NORTH_STREETS, NORTH_TOWNS)
        };
        let (street, house) = (dice.pick(streets), dice.between(1, 180));
        let (city, region, postal_code) = towns[dice.index(towns.len())];
        let name = (name.0, name.1, format!("{} {}", name.0, name.1));
        let email = format!("{}.{}@example.com", name.0, name.1).to_lowercase();
        let phone = if german {
            format!("+49 30 23125 {number:03}")
        } else {
            format!("+1 212 555 01{:02}", number % 100)
        };
        let address = Address {
            name: Some(name.2.clone()),
            line1: if german {
                format!("{street} {house}")
            } else {
                format!("{house} {street}")
            },
            line2: (!german && dice.percent(30)).then(|| format!("Apt {}", dice.between(1, 40))),
            city: city.to_owned(),
            region: Some(region.to_owned()),
            postal_code: Some(postal_code.to_owned()),
            country: country.to_owned(),
        };
        Self(PersonalRecord {
            name: Some(name.2),
            email: Some(email),
            phone: Some(phone),
            addresses: vec![address],
        })
    }

    /// By which the person is found.
    pub(super) fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Where goods go.
    pub(super) fn address(&self) -> Option<&Address> {
        self.0.addresses.first()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_customers_have_one_address_for_mail() {
        let people = (0..super::super::CUSTOMERS).map(|number| Person::of("north", "US", number));
        let people = people.filter_map(|person| person.email().map(str::to_owned));
        assert_eq!(
            people.collect::<BTreeSet<_>>().len(),
            super::super::CUSTOMERS
        );
    }
}
