// The graphql-sse client (distinct connections) and the standard introspection query against a
// running server. Usage: node sse-client.mjs <url> <token>. Prints one line of JSON; exits 1 on
// any failed check.
import assert from 'node:assert/strict';
import { buildClientSchema, getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-sse';

const [url, token] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node sse-client.mjs <url> <token>');
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
