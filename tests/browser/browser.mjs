// A headless Chromium that reports everything it was asked for, complained about or refused.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Starts the browser that scripts/with-chromium found. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });

/** A page of a context of its own; `faults` gathers what must not happen. */
export async function open(browser, origin) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const faults = [];
  const own = new URL(origin).host;
  page.on('request', (request) => {
    const url = new URL(request.url());
    const local = ['data:', 'blob:'].includes(url.protocol) || url.host === own;
    if (!local) faults.push(`asked another host: ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`a script failed: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    // A server that is stopped on purpose refuses connections.
    if (message.type() === 'error' && !/WebSocket connection/.test(text)) faults.push(text);
  });
  return { page, faults, close: () => context.close() };
}
