// Multipart subscriptions (subscriptionSpec 1.0): Apollo Client against a running server, and what
// stands on the wire.
// Usage: node multipart-client.mjs <url> <token> <position with two orders after it> [<token that
// expires within ten seconds>]. Prints one line of JSON; exits 1 on any failed check. Without the
// last argument its check is counted as skipped.
import assert from 'node:assert/strict';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core/index.js';

const [url, token, position, shortToken] = process.argv.slice(2);
if (!position) {
  console.error('usage: node multipart-client.mjs <url> <token> <position> [<short token>]');
  process.exit(2);
}
const SUBSCRIPTION = `subscription($position: BigInt) {
  orderChanged(position: $position) { cursor previousCursor order { id } } }`;

function client(bearer) {
  const link = new HttpLink({ uri: url, headers: { authorization: `Bearer ${bearer}` } });
  return new ApolloClient({ link, cache: new InMemoryCache() });
}

// What Apollo Client's subscriber hears, until it has heard so many results, or the end.
function heard(bearer, query, variables, wanted) {
  return new Promise((resolve) => {
    const results = [];
    const subscription = client(bearer)
      .subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache' })
      .subscribe({
        next(result) {
          results.push(result);
          if (results.length < wanted) return;
          subscription.unsubscribe();
          resolve({ results });
        },
        error: (error) => resolve({ results, error }),
        complete: () => resolve({ results, complete: true }),
      });
  });
}

// The parts of an answer as they stand on the wire, until one is as wanted, or the end.
async function parts(accept, query, variables, last, bearer = token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const type = response.headers.get('content-type');
  assert.match(type, /^multipart\/mixed/);
  assert.match(type, /subscriptionSpec="?1\.0"?/);
  const boundary = /boundary="?([^";]+)"?/.exec(type)[1];
  const found = [];
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const whole = text.split(`\r\n--${boundary}`).slice(1, -1);
    for (const part of whole.slice(found.length)) {
      const [head, body] = part.split('\r\n\r\n');
      assert.equal(head.trim(), 'content-type: application/json');
      found.push(JSON.parse(body));
      if (last?.(found.at(-1))) return found;
    }
  }
  assert.ok(text.endsWith(`\r\n--${boundary}--\r\n`), 'the last delimiter is missing');
  return found;
}

const SPEC = 'multipart/mixed;subscriptionSpec="1.0"';
const checks = {
  async 'Apollo Client follows a subscription'() {
    const { results, error } = await heard(token, SUBSCRIPTION, { position }, 2);
    assert.equal(error, undefined);
    const [first, second] = results.map((result) => result.data.orderChanged);
    assert.equal(second.previousCursor, first.cursor);
    assert.match(first.order.id, /^gid:/);
  },
  async 'Apollo Client is told of a request error, and of the end'() {
    const { results, error } = await heard(token, 'subscription { nothing }', {}, 9);
    assert.match(String(error ?? results[0].error), /nothing/);
  },
  async 'Apollo Client is told that the token has expired'() {
    if (!shortToken) return 'skipped';
    const { results, error } = await heard(shortToken, 'subscription { orderChanged { cursor } }', {}, 9);
    const told = error ?? results.at(-1)?.error;
    assert.equal(told?.name, 'CombinedProtocolErrors', String(told));
    assert.equal(told.errors[0].extensions.code, 'UNAUTHENTICATED');
  },
  async 'each part is a payload, with and without a boundary in what is accepted'() {
    const boundaries = [SPEC, `${SPEC}, application/json`, 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
      'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9'];
    for (const accept of boundaries) {
      const found = await parts(accept, SUBSCRIPTION, { position }, (part) => part.payload);
      assert.ok(found.at(-1).payload.data.orderChanged.cursor, accept);
    }
  },
  async 'silence is broken by an empty part within five seconds'() {
    const started = Date.now();
    const found = await parts(SPEC, 'subscription { orderChanged { cursor } }', {}, () => true);
    assert.deepEqual(found, [{}]);
    assert.ok(Date.now() - started < 6_000);
  },
  async 'a request error is a payload of errors, and the end follows'() {
    const found = await parts(SPEC, 'subscription { nothing }', {});
    assert.equal(found.length, 1);
    assert.equal(found[0].payload.errors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
  },
  async 'an expired token ends it by a fatal error beside an empty payload'() {
    if (!shortToken) return 'skipped';
    const found = await parts(SPEC, 'subscription { orderChanged { cursor } }', {}, undefined, shortToken);
    const last = found.at(-1);
    assert.equal(last.payload, null);
    assert.equal(last.errors[0].extensions.code, 'UNAUTHENTICATED');
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
console.log(JSON.stringify({ suite: 'multipart', ...counts, error: failed.length, failed }));
process.exit(failed.length === 0 ? 0 : 1);
