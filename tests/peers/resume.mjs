// Follows orderChanged with the clients graphql-ws and graphql-sse through whatever becomes of the
// server, and resumes after the last update that was seen.
// Usage: node resume.mjs <ws|sse> <url> <token> <position to start after> <updates to see>.
// Prints `seen <n>` for each update, then one line of JSON; exits 1 if an update was missed or
// came twice.
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

const [transport, url, token, position, wanted] = process.argv.slice(2);
if (!wanted) {
  console.error('usage: node resume.mjs <ws|sse> <url> <token> <position> <updates>');
  process.exit(2);
}
const query = `subscription($after: String, $position: BigInt) {
  orderChanged(after: $after, position: $position) { cursor previousCursor position eventType } }`;
const bearer = { authorization: `Bearer ${token}` };
const client =
  transport === 'ws'
    ? createWsClient({
        url: url.replace(/^http/, 'ws'),
        webSocketImpl: WebSocket,
        connectionParams: bearer,
        retryAttempts: 0,
      })
    : createSseClient({ url, headers: bearer, retryAttempts: 0 });

const seen = [];
const faults = [];
let connections = 0;

async function follow() {
  const last = seen.at(-1);
  const variables = last ? { after: last.cursor } : { position };
  connections += 1;
  for await (const result of client.iterate({ query, variables })) {
    if (result.errors) throw new Error(JSON.stringify(result.errors));
    const update = result.data.orderChanged;
    const before = seen.at(-1);
    if (update.previousCursor !== (before?.cursor ?? null)) faults.push({ missedBefore: update });
    if (before && BigInt(update.position) <= BigInt(before.position)) faults.push({ again: update });
    seen.push(update);
    console.log(`seen ${seen.length}`);
    if (seen.length >= Number(wanted)) return;
  }
}

const deadline = Date.now() + 60_000;
let reason;
while (seen.length < Number(wanted) && Date.now() < deadline) {
  try {
    await follow();
  } catch (error) {
    reason = String(error?.message ?? error?.reason ?? error);
    // The server is not there: come back a little later.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
await client.dispose();
const complete = seen.length >= Number(wanted) && faults.length === 0;
const suite = `resume-${transport}`;
console.log(JSON.stringify({ suite, seen: seen.length, connections, faults, last: complete ? undefined : reason }));
process.exit(complete ? 0 : 1);
