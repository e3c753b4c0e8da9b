//! postgres-es on cqrs-es: an order is placed by a command, decided by its aggregate and appended as
//! one event. In process, without read models.

use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use entrepot_bench_peers::{Error, payload, pool, run, setting};
use postgres_es::postgres_cqrs;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Its own schema, as its documentation gives it.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS events (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Deserialize, Serialize)]
struct Order {
    placed: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Event {
    Placed { order: serde_json::Value },
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        "order.placed".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

struct Place(serde_json::Value);

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = Place;
    type Event = Event;
    type Error = std::io::Error;
    type Services = ();

    async fn handle(
        &mut self,
        Place(order): Place,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if self.placed {
            return Err(std::io::Error::other("the order is placed"));
        }
        sink.write(Event::Placed { order }, self).await;
        Ok(())
    }

    fn apply(&mut self, Event::Placed { .. }: Event) {
        self.placed = true;
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let clients = setting("PEER_CLIENTS")?;
    let pool = pool(clients).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let order: serde_json::Value = serde_json::from_str(&payload())?;
    let framework = Arc::new(postgres_cqrs::<Order>(pool, Vec::new(), ()));
    run(clients, move || {
        let (framework, order) = (Arc::clone(&framework), order.clone());
        async move {
            let id = Uuid::now_v7().to_string();
            Ok(framework.execute(&id, Place(order)).await?)
        }
    })
    .await
}
