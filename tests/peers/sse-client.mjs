// The graphql-sse client (distinct connections) and the standard introspection query against a
// running server. Usage: node sse-client.mjs <url> <token> [<position with two orders after it>].
// Prints one line of JSON; exits 1 on any failed check. Without a position nothing is resumed.
import assert from 'node:assert/strict';
import { buildClientSchema, getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-sse';

const [url, token, position] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node sse-client.mjs <url> <token> [<position>]');
  process.exit(2);
}
const headers = { authorization: `Bearer ${token}` };

async function results(query, bearer = token) {
  const client = createClient({
    url,
    headers: { authorization: `Bearer ${bearer}` },
    retryAttempts: 0,
  });
  const received = [];
  for await (const result of client.iterate({ query })) received.push(result);
  client.dispose();
  return received;
}

// The events of a subscription as they stand on the wire, so many of them.
async function events(variables, wanted, more = {}) {
  const query = `subscription($position: BigInt) { orderChanged(position: $position) { cursor previousCursor } }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, ...more, accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const whole = text.split('\n\n').slice(0, -1).filter((event) => event !== ':');
    if (whole.length < wanted) continue;
    return whole.slice(0, wanted).map((event) => {
      const fields = Object.fromEntries(event.split('\n').map((line) => line.split(/: ?(.*)/)));
      assert.equal(fields.event, 'next');
      return { id: fields.id, update: JSON.parse(fields.data).data.orderChanged };
    });
  }
  throw new Error(`the stream ended after ${text}`);
}

const checks = {
  async 'a query is a stream of one'() {
    const [only, ...more] = await results('{ __typename }');
    assert.deepEqual([only.data, more], [{ __typename: 'Query' }, []]);
  },
  async 'a request error is a result without data'() {
    const [refused] = await results('{ no_such_field_here }');
    assert.equal(refused.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    assert.ok(!('data' in refused));
  },
  async 'a forged token is refused by status'() {
    await assert.rejects(results('{ __typename }', 'a.b.c'), /401/);
  },
  async 'the standard introspection query passes every limit'() {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: getIntrospectionQuery() }),
    });
    buildClientSchema((await response.json()).data);
  },
};

if (position) {
  checks['an event has its cursor as id, and Last-Event-ID goes on behind it'] = async () => {
    const [first, second] = await events({ position }, 2);
    assert.equal(first.id, first.update.cursor);
    assert.equal(second.update.previousCursor, first.id);
    const [resumed] = await events({}, 1, { 'last-event-id': first.id });
    assert.deepEqual(resumed, second);
  };
}

const failed = [];
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
  } catch (error) {
    failed.push({ name, reason: String(error?.message ?? error) });
  }
}
const total = Object.keys(checks).length;
const counts = { checks: total, ok: total - failed.length, error: failed.length };
console.log(JSON.stringify({ suite: 'graphql-sse', ...counts, failed }));
process.exit(failed.length === 0 ? 0 : 1);
