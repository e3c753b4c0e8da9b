// Stands before a server, so that its connections can be cut.
import { connect, createServer } from 'node:net';

export async function cutter(target) {
  const open = new Set();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => (open.delete(socket), near.destroy(), far.destroy()));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => open.forEach((socket) => socket.destroy());
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, cut, close: () => (cut(), server.close()) };
}
