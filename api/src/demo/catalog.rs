//! What the demo sells, what it costs, and where it lies.

use entrepot_domain::catalog::{CreateSku, SetPrice};
use entrepot_domain::inventory::{ReceiptCost, ReceiveStock};
use entrepot_domain::kernel::{Sku, Warehouse};

use super::chance::Chance;
use super::{DemoError, Shop};

/// SKU, title, category, tax class, price, cost.
pub(super) type Good = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i64,
    i64,
);

pub(super) const GOODS: &[Good] = &[
    (
        "TENT-1P",
        "Solo tent, 1.2 kg",
        "Tents",
        "standard",
        21_900,
        11_800,
    ),
    (
        "TENT-2P",
        "Trail tent for two",
        "Tents",
        "standard",
        32_900,
        17_650,
    ),
    (
        "TENT-4P",
        "Family tent",
        "Tents",
        "standard",
        54_900,
        31_200,
    ),
    (
        "TARP-3X3",
        "Tarp, 3 by 3 m",
        "Tents",
        "standard",
        8_990,
        4_110,
    ),
    (
        "PEGS-10",
        "Pegs, pack of ten",
        "Tents",
        "standard",
        1_490,
        430,
    ),
    (
        "FOOTPRINT",
        "Tent footprint",
        "Tents",
        "standard",
        4_990,
        2_040,
    ),
    (
        "GUYLINE",
        "Reflective guy line, 20 m",
        "Tents",
        "standard",
        990,
        290,
    ),
    (
        "BAG-0C",
        "Sleeping bag, 0 °C",
        "Sleep",
        "standard",
        17_900,
        9_420,
    ),
    (
        "BAG-10C",
        "Sleeping bag, +10 °C",
        "Sleep",
        "standard",
        9_900,
        4_760,
    ),
    ("MAT-FOAM", "Foam mat", "Sleep", "standard", 2_990, 1_120),
    (
        "MAT-AIR",
        "Air mat, insulated",
        "Sleep",
        "standard",
        12_900,
        6_380,
    ),
    ("PILLOW", "Camp pillow", "Sleep", "standard", 2_490, 870),
    (
        "LINER-SILK",
        "Silk liner",
        "Sleep",
        "standard",
        6_490,
        3_010,
    ),
    (
        "HAMMOCK",
        "Hammock with straps",
        "Sleep",
        "standard",
        7_990,
        3_560,
    ),
    (
        "STOVE-GAS",
        "Gas stove",
        "Kitchen",
        "standard",
        5_990,
        2_830,
    ),
    (
        "STOVE-WOOD",
        "Folding wood stove",
        "Kitchen",
        "standard",
        7_490,
        3_390,
    ),
    (
        "POT-SET",
        "Pot set, two pieces",
        "Kitchen",
        "standard",
        4_990,
        2_210,
    ),
    (
        "MUG-STEEL",
        "Steel mug, 0.4 l",
        "Kitchen",
        "standard",
        1_490,
        520,
    ),
    ("SPORK", "Titanium spork", "Kitchen", "standard", 1_290, 410),
    (
        "FILTER",
        "Water filter",
        "Kitchen",
        "standard",
        4_490,
        1_980,
    ),
    (
        "BOTTLE-1L",
        "Bottle, 1 l",
        "Kitchen",
        "standard",
        1_990,
        640,
    ),
    (
        "LIGHTER",
        "Storm lighter",
        "Kitchen",
        "standard",
        1_790,
        610,
    ),
    (
        "PACK-20",
        "Day pack, 20 l",
        "Packs",
        "standard",
        7_990,
        3_720,
    ),
    (
        "PACK-40",
        "Trail pack, 40 l",
        "Packs",
        "standard",
        14_990,
        7_480,
    ),
    (
        "PACK-65",
        "Expedition pack, 65 l",
        "Packs",
        "standard",
        22_990,
        12_010,
    ),
    ("RAINCOVER", "Rain cover", "Packs", "standard", 2_490, 910),
    ("DRYBAG-5", "Dry bag, 5 l", "Packs", "standard", 1_690, 570),
    (
        "DRYBAG-20",
        "Dry bag, 20 l",
        "Packs",
        "standard",
        2_690,
        960,
    ),
    (
        "POLES",
        "Trekking poles, pair",
        "Packs",
        "standard",
        8_990,
        4_240,
    ),
    ("HEADLAMP", "Head lamp", "Packs", "standard", 4_990, 2_190),
    ("MUESLI", "Muesli, 500 g", "Food", "reduced", 690, 310),
    (
        "COFFEE",
        "Ground coffee, 250 g",
        "Food",
        "reduced",
        890,
        430,
    ),
    (
        "PASTA-PESTO",
        "Pasta with pesto, dried",
        "Food",
        "reduced",
        1_190,
        560,
    ),
    (
        "CURRY",
        "Lentil curry, dried",
        "Food",
        "reduced",
        1_190,
        545,
    ),
    ("CHILI", "Chili, dried", "Food", "reduced", 1_190, 552),
    ("PORRIDGE", "Porridge, dried", "Food", "reduced", 790, 340),
    ("BAR-NUT", "Nut bar", "Food", "reduced", 290, 115),
    ("BAR-DATE", "Date bar", "Food", "reduced", 290, 109),
    (
        "ELECTROLYTE",
        "Electrolytes, 20 tablets",
        "Food",
        "reduced",
        990,
        390,
    ),
    (
        "SOUP",
        "Miso soup, ten sachets",
        "Food",
        "reduced",
        890,
        360,
    ),
];

/// A service: nothing of it lies anywhere.
pub(super) const GIFT_WRAP: &str = "GIFT-WRAP";

pub(super) async fn fill(shop: &Shop<'_>, chance: &mut Chance) -> Result<(), DemoError> {
    for (sku, title, category, tax_class, price, cost) in GOODS {
        create(shop, (sku, title, category, tax_class, *price, *cost), true).await?;
        for (number, warehouse) in ["central", "east", "west"].into_iter().enumerate() {
            let share = if number == 0 { 400 } else { 60 };
            let receipt = ReceiveStock {
                sku: Sku::from(*sku),
                warehouse: Warehouse::from(warehouse),
                quantity: share + chance.below(share),
                cost: ReceiptCost::Unit(cost + chance.below(cost / 10 + 1)),
                reference: Some(format!("PO-{:04}-{sku}", number + 1)),
            };
            shop.give(&format!("receipt:{sku}:{warehouse}"), receipt)
                .await?;
        }
    }
    create(
        shop,
        (GIFT_WRAP, "Gift wrap", "Services", "standard", 350, 0),
        false,
    )
    .await
}

async fn create(shop: &Shop<'_>, good: Good, tracked: bool) -> Result<(), DemoError> {
    let (sku, title, category, tax_class, price, _) = good;
    let created = CreateSku {
        sku: Sku::from(sku),
        title: title.to_owned(),
        tax_class: tax_class.to_owned(),
        tracked,
        category: Some(category.to_owned()),
    };
    shop.give(&format!("sku:{sku}"), created).await?;
    let priced = SetPrice {
        sku: Sku::from(sku),
        currency: shop.currency,
        amount_minor: price,
    };
    shop.give(&format!("price:{sku}"), priced).await.map(drop)
}
