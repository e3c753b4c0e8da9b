// The page of examples/order-desk in a headless browser, beside a demo server: an order is placed
// and held, others come in live, also after the connection was cut. Prints one line of JSON.
// Usage: node order-desk.mjs, with what scripts/with-demo and scripts/with-chromium set.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { launch, open } from './browser.mjs';
import { cutter } from './cutter.mjs';

const root = new URL('../../examples/order-desk/', import.meta.url).pathname;
const { preview } = await import(createRequire(root).resolve('vite'));
const token = process.env.ENTREPOT_TOKEN_COMMERCE;

/** Somebody else places an order. */
async function elsewhere(externalId) {
  const query = `mutation($id: String) { orderPlace(input: { channel: "till", externalId: $id,
    lines: [{ sku: "TEA-SEN-100", quantity: "3" }] }) { order { id } } }`;
  const answer = await fetch(`${process.env.ENTREPOT_URL}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables: { id: externalId } }),
  });
  return (await answer.json()).data.orderPlace.order.id.slice(-12);
}

const proxy = await cutter(new URL(process.env.ENTREPOT_URL));
const server = await preview({
  root,
  configFile: false,
  preview: { port: 0, host: '127.0.0.1', proxy: { '/graphql': { target: proxy.origin, ws: true } } },
});
const { port } = server.httpServer.address();
const origin = `http://127.0.0.1:${port}`;
const browser = await launch();
try {
  const { page, faults } = await open(browser, origin);
  await page.goto(`${origin}/#token=${token}`);
  const rows = page.locator('tbody tr');
  const row = (id) => rows.filter({ hasText: id });
  await rows.nth(24).waitFor();
  await page.getByRole('button', { name: 'More' }).click();
  await rows.nth(49).waitFor();
  assert.equal(await rows.count(), 50, 'two pages');

  await page.getByRole('button', { name: 'Place the order' }).click();
  await rows.nth(50).waitFor();
  const mine = rows.first();
  await mine.getByRole('button', { name: 'Hold' }).click();
  await mine.getByText('on hold').waitFor();
  await mine.getByRole('button', { name: 'Release' }).click();
  await mine.getByText('placed').waitFor();

  await row(await elsewhere('page-1')).waitFor();
  proxy.cut();
  await row(await elsewhere('page-2')).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  assert.equal(await rows.count(), 53, 'each order once');
  assert.deepEqual(faults, []);
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/order-desk.png` });
} finally {
  await browser.close();
  await server.close();
  proxy.close();
}
console.log(JSON.stringify({ suite: 'order-desk-page', rows: 53, error: 0 }));
