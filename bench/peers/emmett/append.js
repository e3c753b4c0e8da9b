// Emmett's event store on PostgreSQL: as many callers as PEER_CLIENTS says append one event each to a
// stream of its own. Prints what they reached, as the other peers do.
import { randomUUID } from 'node:crypto';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';

const clients = Number(process.env.PEER_CLIENTS);
const seconds = Number(process.env.PEER_SECONDS);
const warmUp = 500;
const store = getPostgreSQLEventStore(process.env.PEER_DATABASE_URL.split('?')[0]);
const line = (sku, price) => ({ sku, quantity: 1, unit_price_minor: price, net_minor: price });
const data = {
  channel: 'web', currency: 'USD', total_minor: 6499,
  lines: [line('A', 2499), line('B', 1500), line('C', 2500)],
};

await store.schema.migrate();
const start = performance.now() + warmUp;
const end = start + seconds * 1000;
const took = [];
const append = async () => {
  for (;;) {
    const asked = performance.now();
    if (asked >= end) return;
    await store.appendToStream(`order-${randomUUID()}`, [{ type: 'order.placed', data }]);
    const answered = performance.now();
    if (answered >= start && answered < end) took.push(answered - asked);
  }
};
await Promise.all(Array.from({ length: clients }, append));
await store.close();
took.sort((a, b) => a - b);
const percentile = (part) => took[Math.floor((took.length - 1) * part)] ?? 0;
console.log(JSON.stringify({ rate: took.length / seconds, p50_ms: percentile(0.5), p99_ms: percentile(0.99) }));
process.exit(0);
