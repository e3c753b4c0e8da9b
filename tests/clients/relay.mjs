// relay-compiler takes every contract, and relay-runtime pages, refetches and commands with what it
// made. Usage: node relay.mjs, with what scripts/with-demo sets. Prints one line of JSON.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import relay from 'relay-runtime';

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, commitMutation, getRequest, ConnectionHandler } = relay;
const here = new URL('.', import.meta.url).pathname;
const require = createRequire(import.meta.url);
const ROLES = ['commerce', 'finance', 'support', 'partner', 'operator'];

/** Compiles the documents of a role against its contract, into the ignored folder `compiled`. */
function compile(role) {
  const folder = join(here, 'compiled', role);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }');
  for (const part of ['all', role].filter((part) => existsSync(join(here, 'relay', part)))) {
    cpSync(join(here, 'relay', part), join(folder, 'src'), { recursive: true });
  }
  cpSync(join(here, '../../contracts', `${role}.graphql`), join(folder, 'schema.graphql'));
  const config = {
    src: './src',
    schema: './schema.graphql',
    language: 'javascript',
    eagerEsModules: false,
    artifactDirectory: './artifacts',
    schemaConfig: { enableTokenField: false },
  };
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config));
  mkdirSync(join(folder, 'artifacts'));
  const run = spawnSync(process.execPath, [join(here, 'node_modules/relay-compiler/cli.js'), './relay.config.json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, `${role}: ${run.stdout}${run.stderr}`);
  const artifacts = readdirSync(join(folder, 'artifacts')).filter((name) => name.endsWith('.graphql.js'));
  return { artifact: (name) => require(join(folder, 'artifacts', `${name}.graphql.js`)), count: artifacts.length };
}

function environment(role) {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${process.env[`ENTREPOT_TOKEN_${role.toUpperCase()}`]}`,
  };
  const fetchFn = async ({ text: query }, variables) => {
    const answer = await fetch(`${process.env.ENTREPOT_URL}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    return answer.json();
  };
  return new Environment({ network: Network.create(fetchFn), store: new Store(new RecordSource()) });
}

/** The ids in the list that pages were merged into. */
function listed(env) {
  const root = env.getStore().getSource().get('client:root');
  const key = Object.keys(root).find((name) => name.startsWith('__orders_list_orders_connection'));
  const source = env.getStore().getSource();
  const edges = source.get(root[key].__ref).edges.__refs.map((ref) => source.get(ref));
  return { id: root[key].__ref, nodes: edges.map((edge) => edge.node.__ref) };
}

async function pages(role, { artifact }) {
  const env = environment(role);
  const first = createOperationDescriptor(getRequest(artifact('ordersQuery')), { first: 5 });
  env.retain(first);
  await fetchQuery(env, artifact('ordersQuery'), { first: 5 }).toPromise();
  const page = listed(env);
  assert.equal(page.nodes.length, 5, role);
  const source = env.getStore().getSource();
  const connection = source.get(page.id);
  const after = source.get(connection.pageInfo.__ref).endCursor;
  await fetchQuery(env, artifact('ordersPaginationQuery'), { first: 5, after }).toPromise();
  const both = listed(env);
  assert.equal(new Set(both.nodes).size, 10, `${role}: two pages in one list`);
  assert.deepEqual(both.nodes.slice(0, 5), page.nodes);
  const row = await fetchQuery(env, artifact('ordersRowQuery'), { id: both.nodes[0] }).toPromise();
  assert.ok(row.node, `${role}: an order by its id`);
  const again = await fetchQuery(env, artifact('ordersNodeQuery'), { ids: both.nodes }).toPromise();
  assert.deepEqual(again.nodes.map((it) => it.id), both.nodes);
  return env;
}

async function places(env, { artifact }) {
  const { id, nodes } = listed(env);
  const input = { channel: 'web', lines: [{ sku: 'COF-ESP-250', quantity: '1' }] };
  await new Promise((resolve, reject) =>
    commitMutation(env, {
      mutation: artifact('placeMutation'),
      variables: { input, connections: [id] },
      onCompleted: resolve,
      onError: reject,
    }),
  );
  assert.equal(listed(env).nodes.length, nodes.length + 1, 'the order is in the list');
  assert.ok(!nodes.includes(listed(env).nodes[0]), 'on top');
}

let artifacts = 0;
for (const role of ROLES) {
  const compiled = compile(role);
  artifacts += compiled.count;
  const env = await pages(role, compiled);
  if (role === 'commerce') await places(env, compiled);
}
console.log(JSON.stringify({ suite: 'relay', contracts: ROLES.length, artifacts, error: 0 }));
