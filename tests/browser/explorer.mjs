// The explorer in a headless browser: as each role, every sample, the docs, live updates.
// Usage: node explorer.mjs, with what scripts/with-demo sets, PLATFORM_TOKEN, and the bundle in BUILT,
// not yet in ENTREPOT_EXPLORER. Prints one line of JSON; exits 1 if
// anything is not as it has to be. With SCREENSHOTS=<folder>, pictures of what it saw.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { launch, open } from './browser.mjs';
import { cutter } from './cutter.mjs';

const url = process.env.ENTREPOT_URL;
const samples = new URL('../../explorer/samples/', import.meta.url);
const ROLES = ['commerce', 'finance', 'support', 'partner', 'operator'];
const token = (role) => process.env[`ENTREPOT_TOKEN_${role.toUpperCase()}`];
/** What a role's documentation must show, and what it must not. */
const DOCS = {
  commerce: ['orderPlace', 'marginSums'],
  finance: ['marginSums', 'orderPlace'],
  support: ['customerErase', 'marginSums'],
  partner: ['orders', 'customers'],
  operator: ['tenantConfigure', '_service'],
};
const counts = { roles: 0, queries: 0, commands: 0, live: 0, docs: 0 };

const of = (role) =>
  readdirSync(new URL(role, samples))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(`${role}/${name}`, samples), 'utf8');
      return {
        name: `${role}/${name}`,
        title: text.slice(2, text.indexOf('\n')),
        kind: /^(query|mutation|subscription)\b/m.exec(text)[1],
        refused: name.includes('refused'),
      };
    });

const shot = async (page, name) => {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
};
const answered = (page) =>
  page.waitForResponse(
    (it) => it.url().endsWith('/graphql') && !it.request().postData()?.includes('__schema'),
  );
const execute = (page) => page.getByRole('button', { name: /^Execute query/ }).click();
const choose = (page, { title }) =>
  page.getByRole('region', { name: 'Samples' }).getByRole('button').filter({ hasText: title }).first().click();
const shown = (page) => page.locator('.graphiql-response .view-lines');

/** Opens the page as a role, by a link as the demo prints it. */
async function enter(browser, role, origin = url) {
  const it = await open(browser, origin);
  const schema = it.page.waitForResponse((answer) => answer.request().postData()?.includes('__schema'));
  await it.page.goto(`${origin}/#token=${token(role)}`);
  assert.equal((await schema).status(), 200, `${role} gets its schema`);
  await it.page.locator('.graphiql-query-editor .view-lines').waitFor();
  assert.equal(new URL(it.page.url()).hash, '', 'the token leaves the address');
  const who = it.page.getByLabel('Who you are');
  assert.match(await who.innerText(), new RegExp(`^${role}[^]*north[^]*expires in`));
  return it;
}

async function runs(page, sample) {
  const answer = sample.kind === 'query' ? answered(page) : undefined;
  await choose(page, sample);
  if (sample.kind === 'query') {
    const { data, errors } = await (await answer).json();
    assert.equal(errors, undefined, `${sample.name}: ${JSON.stringify(errors)}`);
    const found = JSON.stringify(data);
    assert.ok(!/^\{("\w+":(null|\[\]|\{"nodes":\[\]\}),?)+\}$/.test(found), `${sample.name} finds something: ${found}`);
    await shown(page).filter({ hasText: '"data"' }).waitFor();
    counts.queries += 1;
  } else if (sample.kind === 'mutation') {
    await commands(page, sample);
  } else {
    await follows(page, sample);
  }
}

/** A command runs when it is told to, and a second time it is the first again. */
async function commands(page, sample) {
  for (const time of [1, 2]) {
    const answer = answered(page);
    await execute(page);
    const { data, errors } = await (await answer).json();
    assert.equal(errors, undefined, `${sample.name}: ${JSON.stringify(errors)}`);
    for (const [field, { userErrors, replayed }] of Object.entries(data)) {
      assert.equal(userErrors.length > 0, sample.refused, `${sample.name} ${field}: ${JSON.stringify(userErrors)}`);
      if (replayed !== undefined) assert.equal(replayed, time === 2, `${sample.name} ${field}, time ${time}`);
    }
  }
  counts.commands += 1;
}

async function follows(page, sample) {
  await execute(page);
  await page.locator('.live-bar.live').filter({ hasText: /[1-9][\d,]* updates/ }).waitFor();
  await shown(page).filter({ hasText: '"cursor"' }).waitFor();
  await page.getByRole('button', { name: /^Stop query/ }).click();
  await page.locator('.live-bar.ended').waitFor();
  counts.live += 1;
}

/** Docs are of the caller's contract: its fields are found, others are not. */
async function documents(page, role) {
  const [there, absent] = DOCS[role];
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const search = page.getByRole('region', { name: 'Documentation Explorer' }).getByRole('combobox');
  const options = page.getByRole('option');
  await search.fill(there);
  await options.filter({ hasText: there }).first().waitFor();
  await shot(page, `docs-${role}`);
  await search.fill(absent);
  await page.waitForTimeout(400);
  const named = await options.evaluateAll((all) => all.map((it) => it.textContent));
  assert.ok(!named.some((it) => new RegExp(`\\b${absent}\\b`).test(it)), `${role} reads of ${absent}: ${named}`);
  await search.press('Escape');
  await page.getByRole('button', { name: 'Show Samples' }).click();
  counts.docs += 2;
}

async function asRole(browser, role) {
  const { page, faults, close } = await enter(browser, role);
  for (const sample of of(role)) await runs(page, sample);
  await shot(page, role);
  await documents(page, role);
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  assert.equal(kept, '{}', 'nothing outlives the tab');
  assert.deepEqual(faults, [], role);
  await close();
  counts.roles += 1;
}

/** A subscription whose connection is cut goes on after its cursor: no update twice, none missing. */
async function resumes(browser) {
  const proxy = await cutter(new URL(url));
  const { page, faults, close } = await enter(browser, 'partner', proxy.origin);
  const updates = [];
  let sockets = 0;
  page.on('websocket', (socket) => {
    sockets += 1;
    socket.on('framereceived', ({ payload }) => {
      const { type, payload: result } = JSON.parse(payload);
      if (type === 'next') updates.push(result.data.orderChanged);
      if (updates.length === 50) proxy.cut();
    });
  });
  await choose(page, { title: 'Your orders, live' });
  await execute(page);
  await page.locator('.live-bar').filter({ hasText: 'resumed after its cursor once' }).waitFor();
  const placed = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token('commerce')}` },
    body: JSON.stringify({
      query:
        'mutation { orderPlace(input: { channel: "marketplace", lines: [{ sku: "TEA-SEN-100", quantity: "1" }] }) { order { id } } }',
    }),
  });
  const { id } = (await placed.json()).data.orderPlace.order;
  await shown(page).filter({ hasText: id.split('/').at(-1).slice(-12) }).waitFor();
  await shot(page, 'resumed');
  assert.equal(sockets, 2);
  assert.ok(updates.length > 50, `${updates.length} updates`);
  updates.reduce((before, update) => {
    assert.equal(update.previousCursor, before?.cursor ?? null, 'updates are a chain through the cut');
    return update;
  }, undefined);
  assert.deepEqual(faults, []);
  proxy.close();
  await close();
  counts.resumed = updates.length;
}

/** Without the bundle the page says how to get it; once it is there, a reload shows it. */
async function appears(browser) {
  const { page, faults, close } = await open(browser, url);
  await page.goto(url);
  await page.getByRole('heading', { name: 'Entrepot is running' }).waitFor();
  await page.getByText('scripts/explorer').first().waitFor();
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).marginTop), '8px', 'it has its style');
  await shot(page, 'absent');
  cpSync(process.env.BUILT, process.env.ENTREPOT_EXPLORER, { recursive: true });
  await page.reload();
  await page.getByLabel('Token').waitFor();
  assert.deepEqual(faults, []);
  await close();
}

/** Without a token the page asks for one, and says what is wrong with what is no token. */
async function asksWho(browser) {
  const { page, faults, close } = await open(browser, url);
  await page.goto(url);
  await shot(page, 'door');
  await page.getByLabel('Token').fill('no token');
  await page.getByText('This is not a JSON Web Token').waitFor();
  await page.getByLabel('Token').fill(`Bearer ${token('support')}`);
  await page.getByRole('button', { name: 'Open the graph' }).click();
  await page.getByLabel('Who you are').filter({ hasText: 'support' }).waitFor();
  assert.deepEqual(faults, []);
  await close();
}

/** A token of the platform names no tenant: the page asks, and sends what was chosen. */
async function selectsTenant(browser) {
  const { page, faults, close } = await open(browser, url);
  await page.goto(`${url}/#token=${process.env.PLATFORM_TOKEN}`);
  const field = page.locator('.door').getByLabel('tenant');
  await field.fill('south');
  await shot(page, 'tenant');
  const schema = page.waitForRequest((request) => request.postData()?.includes('__schema'));
  await field.press('Enter');
  assert.equal((await schema).headers()['entrepot-tenant'], 'south');
  const answer = answered(page);
  await choose(page, { title: 'The tenant and its configuration' });
  assert.equal((await (await answer).json()).data.tenant.slug, 'south');
  assert.deepEqual(faults, []);
  await close();
}

const browser = await launch();
try {
  await appears(browser);
  await asksWho(browser);
  await selectsTenant(browser);
  for (const role of ROLES) await asRole(browser, role);
  await resumes(browser);
} finally {
  await browser.close();
}
console.log(JSON.stringify({ suite: 'explorer', ...counts, foreign_requests: 0, error: 0 }));
