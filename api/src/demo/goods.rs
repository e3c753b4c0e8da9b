//! What the demo's retailers sell.

/// Something to sell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Good {
    pub(super) sku: &'static str,
    pub(super) title: &'static str,
    pub(super) category: &'static str,
    pub(super) tax_class: &'static str,
    /// Cents, in either currency.
    pub(super) usd: i64,
    pub(super) eur: i64,
    /// What one costs the retailer, in cents of the base currency; none: no stock is kept.
    pub(super) cost: Option<i64>,
}

const fn good(sku: &'static str, title: &'static str, (usd, eur): (i64, i64), cost: i64) -> Good {
    Good {
        sku,
        title,
        category: "",
        tax_class: "standard",
        usd,
        eur,
        cost: Some(cost),
    }
}

const COFFEE: &[Good] = &[
    good(
        "COF-ESP-250",
        "Espresso Roast, Whole Bean 250 g",
        (1190, 1090),
        520,
    ),
    good(
        "COF-ESP-1000",
        "Espresso Roast, Whole Bean 1 kg",
        (3890, 3490),
        1760,
    ),
    good(
        "COF-ETH-250",
        "Ethiopia Yirgacheffe, Filter 250 g",
        (1490, 1390),
        690,
    ),
    good(
        "COF-COL-250",
        "Colombia Huila, Filter 250 g",
        (1390, 1290),
        640,
    ),
    good(
        "COF-DEC-250",
        "Decaf Swiss Water, Whole Bean 250 g",
        (1290, 1190),
        610,
    ),
    good(
        "TEA-EAR-100",
        "Earl Grey, Loose Leaf 100 g",
        (990, 890),
        330,
    ),
    good("TEA-SEN-100", "Sencha, Loose Leaf 100 g", (1290, 1190), 480),
    good(
        "TEA-ROO-100",
        "Rooibos Vanilla, Loose Leaf 100 g",
        (890, 790),
        270,
    ),
];
const KITCHEN: &[Good] = &[
    good("KIT-PAN-28", "Carbon Steel Pan 28 cm", (6900, 6490), 3180),
    good("KIT-KNF-20", "Chef's Knife 20 cm", (8900, 8490), 4120),
    good(
        "KIT-BRD-OAK",
        "Oak Cutting Board 40 x 28 cm",
        (4500, 4190),
        1890,
    ),
    good(
        "KIT-GRN-HND",
        "Hand Coffee Grinder, Steel Burrs",
        (5900, 5490),
        2740,
    ),
    good("KIT-DRP-02", "Ceramic Dripper 02", (2400, 2190), 930),
    good(
        "KIT-FLT-100",
        "Paper Filters 02, 100 Pieces",
        (650, 590),
        210,
    ),
    good("KIT-KTL-GSN", "Gooseneck Kettle 0.9 l", (7900, 7490), 3690),
    good("KIT-MUG-STN", "Stoneware Mug 300 ml", (1600, 1490), 580),
    good("KIT-SCL-01", "Kitchen Scale, 0.1 g", (3500, 3290), 1510),
];
const TEXTILES: &[Good] = &[
    good(
        "TEX-TWL-BTH",
        "Bath Towel, Organic Cotton 70 x 140",
        (2900, 2690),
        1180,
    ),
    good(
        "TEX-TWL-HND",
        "Hand Towel, Organic Cotton 50 x 100",
        (1500, 1390),
        590,
    ),
    good(
        "TEX-LIN-DUV",
        "Linen Duvet Cover 140 x 200",
        (11900, 10900),
        5400,
    ),
    good(
        "TEX-LIN-PIL",
        "Linen Pillowcase 50 x 70",
        (3400, 3190),
        1420,
    ),
    good("TEX-THR-WOL", "Wool Throw 130 x 170", (8900, 8290), 3980),
    good("TEX-APR-DNM", "Denim Apron", (4200, 3890), 1690),
    good("TEX-NAP-4", "Linen Napkins, Set of 4", (3200, 2990), 1240),
];
const DESK: &[Good] = &[
    good(
        "DSK-NTB-A5D",
        "Notebook A5, Dotted, 192 Pages",
        (1900, 1790),
        640,
    ),
    good(
        "DSK-NTB-A6P",
        "Notebook A6, Plain, 96 Pages",
        (1100, 990),
        350,
    ),
    good("DSK-PEN-FTN", "Fountain Pen, Fine Nib", (3900, 3590), 1580),
    good(
        "DSK-INK-BLU",
        "Bottled Ink, Blue-Black 50 ml",
        (1400, 1290),
        460,
    ),
    good(
        "DSK-PCL-12",
        "Graphite Pencils, Box of 12",
        (1200, 1090),
        390,
    ),
    good("DSK-LMP-CLP", "Clip Lamp, Warm White", (4900, 4590), 2210),
    good("DSK-ORG-ASH", "Desk Organizer, Ash", (5400, 4990), 2350),
];
const OUTDOORS: &[Good] = &[
    good("OUT-BTL-750", "Insulated Bottle 750 ml", (3400, 3190), 1320),
    good("OUT-LNT-USB", "Camping Lantern, USB-C", (4400, 3990), 1880),
    good(
        "OUT-BLK-PIC",
        "Picnic Blanket, Waterproof Back",
        (4900, 4590),
        2060,
    ),
    good(
        "OUT-KNF-FLD",
        "Folding Knife, Olive Wood",
        (5200, 4890),
        2290,
    ),
    good("OUT-HMK-2P", "Hammock for Two", (7400, 6890), 3120),
    good("OUT-DRY-20", "Dry Bag 20 l", (2600, 2390), 910),
];
const SERVICES: &[Good] = &[
    good("GIFT-CARD-25", "Gift Card 25", (2500, 2500), 0),
    good("GIFT-WRAP", "Gift Wrapping", (450, 390), 0),
    good("ENGRAVING", "Engraving, up to 20 Letters", (900, 850), 0),
];

/// Everything, in an order that never changes.
pub(super) fn all() -> Vec<Good> {
    let shelves = [
        ("Coffee & Tea", "food", COFFEE),
        ("Kitchen", "standard", KITCHEN),
        ("Home Textiles", "standard", TEXTILES),
        ("Desk & Paper", "standard", DESK),
        ("Outdoors", "standard", OUTDOORS),
    ];
    let goods = shelves
        .into_iter()
        .flat_map(|(category, tax_class, goods)| {
            goods.iter().map(move |good| Good {
                category,
                tax_class,
                ..*good
            })
        });
    let services = SERVICES.iter().map(|good| Good {
        category: "Services",
        tax_class: if good.sku == "GIFT-CARD-25" {
            "exempt"
        } else {
            "standard"
        },
        cost: None,
        ..*good
    });
    goods.chain(services).collect()
}
