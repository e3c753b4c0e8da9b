// What the order desk promises, against a running server, through a proxy whose connections are cut.
// Prints one line of JSON; exits 1 if a promise is broken.
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import WebSocket from 'ws';
import { Desk, Refused } from '../src/desk';
import { changes, type Change } from '../src/live';

const url = process.env.ENTREPOT_URL!;
const token = process.env.ENTREPOT_TOKEN_COMMERCE!;
const lines = [{ sku: 'COF-ESP-250', quantity: '1' }];
const figures = { orders_read: 0, orders_placed: 0, updates: 0, connections: 0, commands_cut: 0 };

/** Everything that the desk says goes through here. */
async function proxy(target: URL) {
  const sockets = new Set<Socket>();
  let cutting: 'answers' | undefined;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (sockets.delete(socket), near.destroy(), far.destroy()));
    }
    near.pipe(far);
    far.on('data', (bytes) => {
      if (cutting) {
        // The server has done it, and the client does not learn so.
        cutting = undefined;
        figures.commands_cut += 1;
        near.destroy();
      } else near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    cutNextAnswer: () => (cutting = 'answers'),
    close: () => (sockets.forEach((socket) => socket.destroy()), server.close()),
  };
}

const between = await proxy(new URL(url));
const desk = new Desk({ url: between.url, token, webSocket: WebSocket });

/** Pages follow each other: every order once, the newest first. */
async function pages() {
  const seen = new Map<string, string>();
  let after: string | undefined;
  for (let page = 0; page < 5; page += 1) {
    const { orders, next } = await desk.orders(20, after);
    for (const order of orders) seen.set(order.id, order.placedAt);
    after = next;
    if (!next) break;
  }
  const times = [...seen.values()];
  assert.equal(seen.size, 100, 'five pages of twenty different orders');
  assert.deepEqual(times, times.toSorted().reverse(), 'the newest first');
  figures.orders_read = seen.size;
}

/** The answer to a command is lost; it is sent again with its key, and has happened once. */
async function once() {
  between.cutNextAnswer();
  const placed = await desk.place({ channel: 'web', externalId: 'desk-1', lines }, 'desk-key-1');
  assert.equal(figures.commands_cut, 1, 'an answer was cut');
  const again = await desk.place({ channel: 'web', externalId: 'desk-1', lines }, 'desk-key-1');
  assert.equal(again.id, placed.id, 'the same order');
  const { orders } = await desk.orders(2);
  assert.notEqual(orders[1]?.id, placed.id);
  assert.equal(orders[0]?.id, placed.id, 'it is in the list at once, and once');
}

/** Each command is seen by the very next read. */
async function ownWrites() {
  for (let nth = 0; nth < 20; nth += 1) {
    const placed = await desk.place({ channel: 'web', lines });
    figures.orders_placed += 1;
    assert.equal((await desk.orders(1)).orders[0]?.id, placed.id);
    await desk.hold(placed.id, 'a look at the address');
    assert.equal((await desk.order(placed.id))?.status, 'ON_HOLD');
    await desk.release(placed.id);
    assert.equal((await desk.order(placed.id))?.status, 'PLACED');
  }
}

/** Rules refuse with a code and the field. */
async function refusals() {
  await assert.rejects(
    desk.place({ channel: 'web', lines: [{ sku: 'NONE', quantity: '1' }] }),
    (error) => {
      assert.ok(error instanceof Refused);
      assert.deepEqual([error.code, error.field], ['SKU_UNKNOWN', ['lines', '0', 'sku']]);
      return true;
    },
  );
}

/** Orders are placed while connections are cut; every one is seen, once, in order. */
async function live() {
  const stop = new AbortController();
  const seen: Change[] = [];
  const onState = (state: string) => {
    if (state === 'live') figures.connections += 1;
  };
  const watching = (async () => {
    for await (const change of changes(desk, { signal: stop.signal, onState })) seen.push(change);
  })();
  const connected = async (times: number) => {
    while (figures.connections < times) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await connected(1);
  // Placed past the proxy, so that nothing waits for a connection.
  const other = new Desk({ url, token, webSocket: WebSocket });
  const placed: string[] = [];
  const place = async () => placed.push((await other.place({ channel: 'web', lines })).id);
  // "From now on" begins when the server has taken it in: the first update tells.
  while (!seen.length) await place();
  for (let nth = 0; nth < 30; nth += 1) {
    if (nth % 10 === 5) {
      await connected(Math.ceil(nth / 10));
      between.cut();
    }
    await place();
  }
  const deadline = Date.now() + 30_000;
  while (seen.at(-1)?.order.id !== placed.at(-1) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  stop.abort();
  await watching;
  await other.close();
  const wanted = placed.slice(placed.indexOf(seen[0]!.order.id));
  const orders = seen.filter((it) => it.eventType === 'order.placed').map((it) => it.order.id);
  assert.deepEqual(orders, wanted, 'every order, once, in order');
  seen
    .slice(1)
    .forEach((it, index) => assert.equal(it.previousCursor, seen[index]!.cursor, 'a chain'));
  assert.ok(figures.connections >= 4, `${figures.connections} connections`);
  figures.updates = seen.length;
}

try {
  await pages();
  await once();
  await ownWrites();
  await refusals();
  await live();
} finally {
  await desk.close();
  between.close();
}
console.log(JSON.stringify({ suite: 'order-desk', ...figures, error: 0 }));
