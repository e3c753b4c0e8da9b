// Apollo Client with its persisted-query link against a running server, as three classes of
// clients: one that registers documents, one whose documents are on a list, one that sends text.
// Usage: node apollo-persisted.mjs <url> <apq-token> <trusted-token> <any-token>. Prints one line
// of JSON; exits 1 on any failed check.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

const [url, apq, trusted, any] = process.argv.slice(2);
if (!any) {
  console.error('usage: node apollo-persisted.mjs <url> <apq-token> <trusted-token> <any-token>');
  process.exit(2);
}
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

function client(token, options = {}) {
  const requests = [];
  const http = new HttpLink({
    uri: url,
    headers: { authorization: `Bearer ${token}` },
    fetch(target, init) {
      const body = init.body ? JSON.parse(init.body) : Object.fromEntries(new URL(target).searchParams);
      requests.push({ method: init.method ?? 'GET', text: 'query' in body });
      return fetch(target, init);
    },
  });
  const link = ApolloLink.from([new PersistedQueryLink({ sha256, ...options }), http]);
  return { requests, apollo: new ApolloClient({ link, cache: new InMemoryCache() }) };
}

const LISTED = gql`query Listed { orders(first: 1) { nodes { id } } }`;
const OTHER = gql`query Other { tenant { slug } }`;
const named = { method: 'POST', text: false };
const sent = { method: 'POST', text: true };

const checks = {
  async 'a document is sent once and named from then on, also by other clients'() {
    const first = client(apq);
    await first.apollo.query({ query: OTHER });
    assert.deepEqual(first.requests, [named, sent]);
    const second = client(apq);
    const { data } = await second.apollo.query({ query: OTHER });
    assert.equal(data.tenant.slug, 'north');
    assert.deepEqual(second.requests, [named]);
  },
  async 'a registered document is asked for by GET'() {
    const { apollo, requests } = client(apq, { useGETForHashedQueries: true });
    await apollo.query({ query: OTHER });
    assert.deepEqual(requests, [{ method: 'GET', text: false }]);
  },
  async 'a document on the list needs no text'() {
    const { apollo, requests } = client(trusted);
    const { data } = await apollo.query({ query: LISTED });
    assert.deepEqual(data.orders.nodes, []);
    assert.deepEqual(requests, [named]);
  },
  async 'a document that is not on the list is refused, by name and by text'() {
    const { apollo, requests } = client(trusted);
    const refused = await apollo.query({ query: OTHER }).catch((error) => error);
    assert.equal(refused.errors?.[0]?.extensions.code, 'PERSISTED_QUERY_NOT_IN_LIST', String(refused));
    assert.deepEqual(requests, [named, sent]);
  },
  async 'who may not register is told so once and sends text from then on'() {
    const { apollo, requests } = client(any);
    await apollo.query({ query: OTHER });
    await apollo.query({ query: LISTED });
    assert.deepEqual(requests, [named, sent, sent]);
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
console.log(JSON.stringify({ suite: 'apollo-persisted', ...counts, failed }));
process.exit(failed.length === 0 ? 0 : 1);
