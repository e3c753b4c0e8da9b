// All audits of the GraphQL over HTTP specification (package graphql-http) against a running
// server. Usage: node http-audits.mjs <url> <token> [<credential of a router>].
// Prints one line of JSON; exits 1 unless every audit is ok, notices and warnings included.
import { serverAudits } from 'graphql-http';

const [url, token, credential] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node http-audits.mjs <url> <token> [<credential>]');
  process.exit(2);
}

// Keeps what the audit sends as it is: a Headers object would add no content type, neither do we.
const own = { authorization: `Bearer ${token}`, ...(credential && { 'entrepot-router': credential }) };
const fetchFn = (input, init = {}) => fetch(input, { ...init, headers: { ...init.headers, ...own } });

const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
const failed = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  counts[result.status] += 1;
  if (result.status !== 'ok') {
    failed.push({ id: audit.id, name: audit.name, status: result.status, reason: result.reason });
  }
}
const audits = Object.values(counts).reduce((sum, count) => sum + count, 0);
console.log(JSON.stringify({ suite: 'graphql-http', entrance: new URL(url).pathname, audits, ...counts, failed }));
process.exit(audits > 0 && counts.ok === audits ? 0 : 1);
