//! Files against a log.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use entrepot_domain::kernel::{Actor, ActorKind, Warehouse, Zone};
use entrepot_domain::orders::{OrderEvent, OrderPlaced};
use entrepot_domain::postings::NoPostings;
use entrepot_domain::tenants::{Channel, Config, ConfigureTenant, CreateTenant};
use entrepot_event_store::db::{Db, DbOptions, connect};
use entrepot_event_store::{Hints, Submission, clock};
use entrepot_migration::{Migrator, MigratorTrait as _};

mod csv;
mod flow;
mod ndjson;

use super::*;

/// A log of its own in a directory of its own.
pub(crate) struct Desk {
    pub(crate) store: Store,
    directory: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("entrepot-{}", clock::fresh_id()));
        std::fs::create_dir(&directory).expect("a directory");
        let url = format!("sqlite:{}", directory.join("log.db").display());
        let db = connect(&format!("{url}?mode=rwc"), 1)
            .await
            .expect("a database");
        Migrator::up(&db, None).await.expect("migrated");
        db.close().await.expect("closed");
        let db = Db::open(&DbOptions::new(url, 2)).await.expect("open");
        let store = Store::new(db, Arc::default(), Hints::none(), Arc::new(NoPostings));
        Self { store, directory }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, text).expect("written");
        path
    }
}

/// A retailer with a channel, a warehouse, and SKUs A and B.
struct Shop {
    desk: Desk,
    tenant: TenantId,
}

impl Shop {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let tenant = desk.store.provision("shop").await.expect("a tenant");
        let shop = Self { desk, tenant };
        let created = CreateTenant {
            slug: "shop".to_owned(),
            name: "Shop".to_owned(),
            base_currency: Currency::default(),
            time_zone: Zone::default(),
        };
        shop.submit(created).await;
        let channel = |code: &str| Channel {
            code: code.to_owned(),
            name: code.to_owned(),
        };
        for config in [
            Config::TaxTable(BTreeMap::from([("exempt".to_owned(), Vec::new())])),
            Config::Channels(vec![channel("till"), channel("web")]),
            Config::Warehouses(vec![Warehouse::from("east")]),
        ] {
            shop.submit(ConfigureTenant::from(config)).await;
        }
        let products = "sku,title,tax_class\nA,Apple,exempt\nB,Bread,exempt\n";
        assert_eq!(
            counts(&shop.import(Kind::Products, "setup.csv", products).await),
            (2, 0, 0)
        );
        shop
    }

    async fn submit(&self, command: impl entrepot_domain::command::AnyCommand + 'static) {
        let actor = Actor {
            kind: ActorKind::Operator,
            id: "test".to_owned(),
            roles: Vec::new(),
        };
        let submission = Submission::new(self.tenant, actor, command);
        self.desk.store.submit(submission).await.expect("accepted");
    }

    fn request(&self, kind: Kind, name: &str, text: impl AsRef<[u8]>) -> ImportRequest {
        ImportRequest {
            kind,
            format: None,
            path: self.desk.file(name, text),
            channel: "till".to_owned(),
            source: "test".to_owned(),
            on_refusal: OnRefusal::Skip,
        }
    }

    async fn run(&self, request: ImportRequest) -> Result<Report, ImportError> {
        let stop = CancellationToken::new();
        run(&self.desk.store, self.tenant, request, &Silent, &stop).await
    }

    async fn import(&self, kind: Kind, name: &str, text: impl AsRef<[u8]>) -> Report {
        self.run(self.request(kind, name, text))
            .await
            .expect("a report")
    }

    async fn orders(&self) -> Vec<OrderPlaced> {
        let entries = self
            .desk
            .store
            .read(self.tenant, 0, 10_000)
            .await
            .expect("the log");
        let placed = entries.iter().filter_map(|entry| match &entry.event {
            Ok(recorded) => match &recorded.event {
                Event::Order(OrderEvent::Placed(placed)) => Some((**placed).clone()),
                _ => None,
            },
            Err(_) => None,
        });
        placed.collect()
    }
}

fn counts(report: &Report) -> (u64, u64, u64) {
    (report.accepted, report.replayed, report.refused)
}

/// Line, code and field of each refusal.
fn refusals(report: &Report) -> Vec<String> {
    let refused = report.refusals.iter();
    refused
        .map(|refused| {
            let field = refused.field.as_deref().unwrap_or("-");
            format!("{} {} {field}", refused.line, refused.code)
        })
        .collect()
}
