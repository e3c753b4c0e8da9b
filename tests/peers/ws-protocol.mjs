// Raw checks of graphql-transport-ws against a running server, and the graphql-ws client on top.
// Usage: node ws-protocol.mjs <http url> <token> [<subscription that stays silent>] [<token that
// expires within ten seconds>]. The init time-out is waited for: 10 s on a server with defaults.
// Prints one line of JSON; exits 1 on any failed check. Without the last arguments the checks
// that need them are counted as skipped.
import assert from 'node:assert/strict';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, subscription, shortToken] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node ws-protocol.mjs <http url> <token> [<subscription>] [<short token>]');
  process.exit(2);
}
const address = url.replace(/^http/, 'ws');
const PROTOCOL = 'graphql-transport-ws';

class Socket {
  #messages = [];
  #waiting = [];

  constructor(protocol = PROTOCOL, options = {}) {
    this.ws = new WebSocket(address, protocol, options);
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', reject);
      this.ws.on('unexpected-response', (_, response) => reject(response.statusCode));
    });
    this.opened.catch(() => {});
    this.ws.on('message', (data) => {
      const message = JSON.parse(data.toString());
      const waiting = this.#waiting.shift();
      if (waiting) waiting(message);
      else this.#messages.push(message);
    });
  }

  static async open(protocol, options) {
    const socket = new Socket(protocol, options);
    await socket.opened;
    return socket;
  }

  static async ready(bearer = token) {
    const socket = await Socket.open();
    socket.say({ type: 'connection_init', payload: { Authorization: `Bearer ${bearer}` } });
    assert.deepEqual(await socket.hear(), { type: 'connection_ack' });
    return socket;
  }

  say(message) {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id, query) {
    this.say({ type: 'subscribe', id, payload: { query } });
  }

  async hear(timeout = 5000) {
    if (this.#messages.length > 0) return this.#messages.shift();
    return within(timeout, new Promise((resolve) => this.#waiting.push(resolve)));
  }

  async silent(milliseconds) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return this.#messages.length === 0;
  }

  async code(timeout = 5000) {
    return (await within(timeout, this.closed)).code;
  }
}

function within(timeout, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${timeout} ms`)), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const checks = {
  async 'the sub-protocol is agreed on'() {
    assert.equal((await Socket.open()).ws.protocol, PROTOCOL);
  },
  async 'another sub-protocol is refused'() {
    const socket = new Socket('graphql-ws');
    await assert.rejects(within(5000, socket.opened));
  },
  async 'the sub-protocol is found among others'() {
    assert.equal((await Socket.open(['graphql-ws', PROTOCOL])).ws.protocol, PROTOCOL);
  },
  async 'no sub-protocol closes 4406'() {
    assert.equal(await (await Socket.open([])).code(), 4406);
  },
  async 'silence before connection_init closes 4408'() {
    assert.equal(await (await Socket.open()).code(15_000), 4408);
  },
  async 'subscribe before the acknowledgement closes 4401'() {
    const socket = await Socket.open();
    socket.subscribe('1', '{ __typename }');
    assert.equal(await socket.code(), 4401);
  },
  async 'no token closes 4403'() {
    const socket = await Socket.open();
    socket.say({ type: 'connection_init' });
    assert.equal(await socket.code(), 4403);
  },
  async 'a forged token closes 4403'() {
    const socket = await Socket.open();
    socket.say({ type: 'connection_init', payload: { Authorization: 'Bearer a.b.c' } });
    assert.equal(await socket.code(), 4403);
  },
  async 'a token in the upgrade is enough'() {
    const headers = { authorization: `Bearer ${token}` };
    const socket = await Socket.open(PROTOCOL, { headers });
    socket.say({ type: 'connection_init' });
    assert.deepEqual(await socket.hear(), { type: 'connection_ack' });
  },
  async 'a foreign origin is refused at the handshake'() {
    const socket = new Socket(PROTOCOL, { origin: 'https://evil.example' });
    assert.equal(await socket.opened.catch((status) => status), 403);
  },
  async 'a second connection_init closes 4429'() {
    const socket = await Socket.ready();
    socket.say({ type: 'connection_init' });
    assert.equal(await socket.code(), 4429);
  },
  async 'an unknown type closes 4400'() {
    const socket = await Socket.ready();
    socket.say({ type: 'start', id: '1', payload: { query: '{ __typename }' } });
    assert.equal(await socket.code(), 4400);
  },
  async 'what is not JSON closes 4400'() {
    const socket = await Socket.ready();
    socket.say('{');
    assert.equal(await socket.code(), 4400);
  },
  async 'a binary message closes 4400'() {
    const socket = await Socket.ready();
    socket.ws.send(Buffer.from([1, 2, 3]));
    assert.equal(await socket.code(), 4400);
  },
  async 'a subscribe without an id closes 4400'() {
    const socket = await Socket.ready();
    socket.say({ type: 'subscribe', payload: { query: '{ __typename }' } });
    assert.equal(await socket.code(), 4400);
  },
  async 'a message above the limit closes 1009'() {
    const socket = await Socket.ready();
    socket.say({ type: 'ping', payload: { filler: 'x'.repeat(100_000) } });
    assert.equal(await socket.code(), 1009);
  },
  async 'a ping has a pong, before the acknowledgement too'() {
    const early = await Socket.open();
    early.say({ type: 'ping' });
    assert.equal((await early.hear()).type, 'pong');
    const socket = await Socket.ready();
    socket.say({ type: 'ping', payload: { at: 1 } });
    assert.equal((await socket.hear()).type, 'pong');
    socket.say({ type: 'pong' });
    assert.ok(await socket.silent(200));
  },
  async 'a query has one result and an end'() {
    const socket = await Socket.ready();
    socket.subscribe('1', '{ __typename }');
    const next = await socket.hear();
    assert.deepEqual([next.type, next.id, next.payload.errors], ['next', '1', undefined]);
    assert.deepEqual(await socket.hear(), { type: 'complete', id: '1' });
  },
  async 'a request error is an error, and its id is free again'() {
    const socket = await Socket.ready();
    for (const query of ['{', '{ no_such_field_here }', '{ __typename }']) {
      socket.subscribe('1', query);
      const message = await socket.hear();
      if (query === '{ __typename }') return assert.equal(message.type, 'next');
      assert.deepEqual([message.type, message.id], ['error', '1']);
      assert.ok(Array.isArray(message.payload) && message.payload[0].extensions.code);
    }
  },
  async 'an id in use closes 4409'() {
    if (!subscription) return 'skipped';
    const socket = await Socket.ready();
    socket.subscribe('1', subscription);
    socket.subscribe('1', subscription);
    const closed = await within(5000, socket.closed);
    assert.deepEqual(closed, { code: 4409, reason: 'Subscriber for 1 already exists' });
  },
  async 'nothing follows the complete of the client'() {
    if (!subscription) return 'skipped';
    const socket = await Socket.ready();
    socket.subscribe('1', subscription);
    socket.say({ type: 'complete', id: '1' });
    assert.ok(await socket.silent(300));
    socket.subscribe('1', '{ __typename }');
    assert.equal((await socket.hear()).type, 'next');
  },
  async 'the 101st operation of a socket is refused, and the socket lives'() {
    if (!subscription) return 'skipped';
    const socket = await Socket.ready();
    for (let id = 0; id <= 100; id += 1) socket.subscribe(String(id), subscription);
    const refused = await socket.hear();
    assert.deepEqual([refused.type, refused.id], ['error', '100'], JSON.stringify(refused));
    assert.equal(refused.payload[0].extensions.code, 'SUBSCRIPTION_LIMIT');
    socket.say({ type: 'ping' });
    assert.equal((await socket.hear()).type, 'pong');
  },
  async 'the expiry of the token closes 4403'() {
    if (!shortToken) return 'skipped';
    const socket = await Socket.ready(shortToken);
    const closed = await within(12_000, socket.closed);
    assert.deepEqual(closed, { code: 4403, reason: 'token expired' });
  },
  async 'the graphql-ws client gets its answer'() {
    const client = createClient({
      url: address,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    const answer = await new Promise((resolve, reject) => {
      let last;
      client.subscribe(
        { query: '{ __typename }' },
        { next: (value) => (last = value), error: reject, complete: () => resolve(last) },
      );
    });
    assert.equal(typeof answer.data.__typename, 'string');
    await client.dispose();
  },
};

const results = await Promise.all(
  Object.entries(checks).map(async ([name, check]) => {
    try {
      return { name, status: (await check()) === 'skipped' ? 'skipped' : 'ok' };
    } catch (error) {
      return { name, status: 'error', reason: String(error?.message ?? error) };
    }
  }),
);
const count = (status) => results.filter((result) => result.status === status).length;
const failed = results.filter((result) => result.status === 'error');
const counts = { checks: results.length, ok: count('ok'), skipped: count('skipped') };
console.log(JSON.stringify({ suite: 'graphql-transport-ws', ...counts, error: failed.length, failed }));
process.exit(failed.length === 0 ? 0 : 1);
