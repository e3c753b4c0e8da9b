// Stands between the gateway and Entrepot, passes everything on as it is, and remembers it.
import { createServer, request } from 'node:http';

export async function record(target) {
  const asked = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { search, searchParams } = new URL(incoming.url, target);
    const parameters = body.length > 0 ? JSON.parse(body) : Object.fromEntries(searchParams);
    asked.push({ headers: incoming.headers, ...parameters });
    const { host, ...headers } = incoming.headers;
    const sent = request(target + search, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    outgoing.on('close', () => sent.destroy());
    sent.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/federation`;
  return { url, asked, close: () => server.closeAllConnections() || server.close() };
}
