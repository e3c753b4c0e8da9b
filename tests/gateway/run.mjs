// Entrepot in a federation: a supergraph of the running server and a reviews service, behind Hive
// Gateway, asked as a client asks.
// Usage: scripts/with-demo node run.mjs. Prints one line of JSON; exits 1 on any failed check.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { record } from './recorder.mjs';
import { sdl as reviewsSdl, serveReviews } from './reviews.mjs';

const { ENTREPOT_URL, ENTREPOT_ROUTER_SECRET } = process.env;
const token = (role) => process.env[`ENTREPOT_TOKEN_${role.toUpperCase()}`];
assert.ok(ENTREPOT_URL && ENTREPOT_ROUTER_SECRET, 'run it by scripts/with-demo');

const federation = `${ENTREPOT_URL}/federation`;
const entrepot = await record(federation);
const reviews = await serveReviews();
const dir = mkdtempSync(join(tmpdir(), 'entrepot-gateway.'));
let gateway;

async function post(url, query, variables, headers) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

// The schema as a router gets it, with its credential and nothing else.
async function supergraph() {
  const { data } = await post(federation, '{ _service { sdl } }', {}, { 'entrepot-router': ENTREPOT_ROUTER_SECRET });
  const { errors, supergraphSdl } = composeServices([
    { name: 'entrepot', url: entrepot.url, typeDefs: parse(data._service.sdl) },
    { name: 'reviews', url: reviews.url, typeDefs: parse(reviewsSdl) },
  ]);
  assert.deepEqual(errors ?? [], []);
  const path = join(dir, 'supergraph.graphql');
  writeFileSync(path, supergraphSdl);
  return path;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function start() {
  const port = await freePort();
  const binary = join(import.meta.dirname, 'node_modules', '.bin', 'hive-gateway');
  const config = join(import.meta.dirname, 'gateway.config.mjs');
  const options = ['--host', '127.0.0.1', '--port', String(port), '--config-path', config];
  gateway = spawn(binary, ['supergraph', await supergraph(), ...options], {
    cwd: import.meta.dirname,
    env: { ...process.env, ENTREPOT_ROUTER_SECRET },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [gateway.stdout, gateway.stderr]) stream.on('data', (data) => (log = (log + data).slice(-4000)));
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    assert.equal(gateway.exitCode, null, log);
    const ready = await fetch(`http://127.0.0.1:${port}/readiness`).then((answer) => answer.ok, () => false);
    if (ready) return `http://127.0.0.1:${port}/graphql`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the gateway does not start: ${log}`);
}

let url;
const bearer = (role) => ({ authorization: `Bearer ${token(role)}` });

// The answer to an operation through the gateway, and what reached each subgraph for it.
async function ask(role, query, variables = {}, headers = {}) {
  entrepot.asked.length = reviews.asked.length = 0;
  const answer = await post(url, query, variables, { ...(role && bearer(role)), ...headers });
  return { ...answer, entrepot: [...entrepot.asked], reviews: [...reviews.asked] };
}

const ok = (answer) => assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
const codes = (answer) => (answer.errors ?? []).map((error) => error.extensions?.code);
const representations = ({ variables }) => Object.values(variables ?? {}).flat().filter((it) => it?.__typename);

// The first result of a subscription over server-sent events.
async function first(role, query, variables) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...bearer(role) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const data = /^event: next\n(?:id: .*\n)?data: (.+)\n\n/m.exec(text);
    if (data) return JSON.parse(data[1]);
  }
  throw new Error(`the stream ended: ${text}`);
}

// Orders of the demo, some of the partner's channel, and a review of each.
const orders = [];
const checks = {
  async 'a mutation of the other subgraph, with keys of ours'() {
    const query = `{ marketplace: orders(first: 5, filter: { channel: "marketplace" }) { nodes { ...o } }
      web: orders(first: 5, filter: { channel: "web" }) { nodes { ...o } } }
      fragment o on Order { id channel lines { sku } }`;
    const answer = await ask('commerce', query);
    ok(answer);
    orders.push(...answer.data.marketplace.nodes, ...answer.data.web.nodes);
    assert.ok(orders.some(({ channel }) => channel === 'web') && orders.some(({ channel }) => channel !== 'web'));
    for (const { id, lines } of orders) {
      const input = { sku: lines[0].sku, orderId: id, rating: 4, body: `of ${id}` };
      const added = await ask('commerce', 'mutation($input: ReviewAddInput!) { reviewAdd(input: $input) { id } }', { input });
      ok(added);
      assert.deepEqual([added.entrepot.length, added.reviews.length], [0, 1]);
    }
  },
  async 'a query joins from ours to theirs, and all products at once'() {
    const query = '{ orders(first: 20) { nodes { id lines { product { sku title rating reviews { body } } } reviews { rating } } } }';
    const answer = await ask('commerce', query);
    ok(answer);
    const nodes = answer.data.orders.nodes;
    assert.ok(nodes.length === 20 && nodes.every(({ lines }) => lines.every(({ product }) => product.title && Array.isArray(product.reviews))));
    assert.equal(answer.entrepot.length, 1);
    assert.ok(answer.reviews.length <= 2, `${answer.reviews.length} requests to reviews`);
  },
  async 'a query joins from theirs to ours, and all entities are one request'() {
    const query = '{ reviews(first: 100) { body product { sku title } order { id status channel } } }';
    const answer = await ask('commerce', query);
    ok(answer);
    const found = answer.data.reviews;
    assert.equal(found.length, orders.length);
    assert.ok(found.every(({ product, order, body }) => product.title && order.status && body === `of ${order.id}`));
    // The gateway asks for what may be null once more.
    assert.ok(answer.reviews.length <= 2, `${answer.reviews.length} requests to reviews`);
    const entities = answer.entrepot.filter((asked) => asked.query.includes('_entities'));
    assert.equal(answer.entrepot.length, entities.length);
    // One request for each place in the query that leads to ours, or one for both.
    assert.ok(entities.length <= 2, `${entities.length} requests for entities`);
    const sent = entities.flatMap(representations);
    const wanted = new Set(orders.map(({ id }) => id)).size + new Set(found.map(({ product }) => product.sku)).size;
    assert.ok(sent.length >= wanted, `${sent.length} representations of ${wanted}`);
  },
  async 'an entity is found by its id and by its sku'() {
    const sku = orders[0].lines[0].sku;
    const answer = await ask('commerce', 'query($sku: String!) { product(sku: $sku) { id reviews { product { id title } } } }', { sku });
    ok(answer);
    assert.ok(answer.data.product.reviews.length > 0);
    assert.ok(answer.data.product.reviews.every(({ product }) => product.id === answer.data.product.id));
  },
  async 'the caller is passed on and the credential is added'() {
    const headers = { 'entrepot-router': 'forged', 'x-request-id': 'through-the-gateway' };
    const { data, entrepot: asked } = await ask('finance', '{ tenant { slug } }', {}, headers);
    assert.equal(data.tenant.slug, 'north');
    assert.deepEqual(
      [asked[0].headers.authorization, asked[0].headers['entrepot-router'], asked[0].headers['x-request-id']],
      [`Bearer ${token('finance')}`, ENTREPOT_ROUTER_SECRET, 'through-the-gateway'],
    );
  },
  async 'a mutation happens once under its key'() {
    const query = 'mutation { customerRegister(input: { name: "Gate Way" }) { replayed consistencyToken customer { id } userErrors { code } } }';
    const key = { 'idempotency-key': `gateway-${Date.now()}` };
    const [one, two] = [await ask('commerce', query, {}, key), await ask('commerce', query, {}, key)];
    ok(one);
    ok(two);
    const [done, again] = [one.data.customerRegister, two.data.customerRegister];
    assert.deepEqual([done.replayed, again.replayed, done.userErrors], [false, true, []]);
    assert.equal(done.customer.id, again.customer.id);
    // What was written is read by whoever sends the token back; a token that is none is refused.
    const read = (consistency) =>
      ask('commerce', 'query($id: ID!) { customer(id: $id) { id } }', { id: done.customer.id }, { 'entrepot-consistency': consistency });
    assert.equal((await read(done.consistencyToken)).data.customer.id, done.customer.id);
    assert.ok(codes(await read('forged')).includes('BAD_USER_INPUT'));
  },
  async 'a subscription flows, and is joined'() {
    const query = 'subscription { orderChanged(position: "0") { cursor order { id channel reviews { rating } } } }';
    const result = await first('commerce', query, {});
    ok(result);
    assert.ok(result.data.orderChanged.cursor && Array.isArray(result.data.orderChanged.order.reviews));
  },
  async 'a partner sees the rows of its channel only'() {
    const [all, own] = [await ask('commerce', '{ orders { totalCount } }'), await ask('partner', '{ orders { totalCount nodes { channel } } }')];
    ok(own);
    assert.ok(Number(own.data.orders.totalCount) > 0 && Number(own.data.orders.totalCount) < Number(all.data.orders.totalCount));
    assert.ok(own.data.orders.nodes.every(({ channel }) => channel === 'marketplace'));
    // Also where another subgraph names the rows.
    const { data } = await ask('partner', '{ reviews(first: 100) { body order { id channel } } }');
    const seen = data.reviews.filter(({ order }) => order?.channel);
    assert.ok(seen.length > 0 && seen.length < orders.length, `${seen.length} of ${orders.length}`);
    assert.ok(seen.every(({ order }) => order.channel === 'marketplace'));
  },
  async 'a subscription of a partner shows its channel only'() {
    const result = await first('partner', 'subscription { orderChanged(position: "0") { order { channel } } }', {});
    assert.equal(result.data.orderChanged.order.channel, 'marketplace');
  },
  async 'what is forbidden stays forbidden though the gateway lets it pass'() {
    const margins = '{ margins { totalCount } }';
    const finance = await ask('finance', margins);
    assert.ok(finance.data.margins.totalCount);
    for (const [role, query] of [
      ['support', margins],
      ['partner', '{ customers { totalCount } }'],
      ['commerce', '{ orders(first: 1) { nodes { margins { line } } } }'],
      ['partner', '{ reviews(first: 1) { product { sku title } order { customer { id } } } }'],
      ['support', 'mutation { tenantSuspend(input: { reason: "no" }) { position } }'],
    ]) {
      const answer = await ask(role, query);
      assert.ok(answer.entrepot.length > 0, 'the gateway asked');
      assert.ok(codes(answer).includes('GRAPHQL_VALIDATION_FAILED'), `${role} ${query}: ${JSON.stringify(answer)}`);
      assert.ok(!JSON.stringify(answer.data ?? null).includes('totalCount') || Object.values(answer.data).every((it) => it === null));
    }
  },
  async 'nobody gets nothing'() {
    for (const headers of [{}, { authorization: 'Bearer a.b.c' }]) {
      const answer = await ask(undefined, '{ orders { totalCount } }', {}, headers);
      assert.ok(answer.errors?.length > 0 && !answer.data?.orders, JSON.stringify(answer));
      const joined = await ask(undefined, '{ reviews(first: 1) { body order { status } } }', {}, headers);
      assert.ok(joined.data.reviews[0].body && !joined.data.reviews[0].order?.status);
    }
  },
};

const failed = [];
const started = Date.now();
let readyMs;
try {
  url = await start();
  readyMs = Date.now() - started;
  // In this order: the first fills the second subgraph.
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
    } catch (error) {
      failed.push({ name, reason: String(error?.message ?? error).slice(0, 600) });
    }
  }
} catch (error) {
  failed.push({ name: 'the gateway starts', reason: String(error?.message ?? error) });
} finally {
  gateway?.kill();
  entrepot.close();
  reviews.close();
  rmSync(dir, { recursive: true, force: true });
}
const total = Object.keys(checks).length;
console.log(JSON.stringify({ suite: 'hive-gateway', checks: total, ok: total - failed.length, error: failed.length, ready_ms: readyMs, failed }));
process.exit(failed.length === 0 ? 0 : 1);
