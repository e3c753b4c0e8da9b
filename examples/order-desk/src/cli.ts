import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { Desk, Refused, type Order } from './desk';
import { changes } from './live';

const USAGE = `usage: npm run desk -- <command>

  list [--first 10] [--after CURSOR]      a page of orders, the newest first
  place SKU=UNITS … [--channel web]       places an order
  hold ORDER REASON                       keeps it from being shipped
  release ORDER                           ends that
  watch [--after CURSOR | --position 0]   follows orders, through lost connections

ENTREPOT_TOKEN is needed; ENTREPOT_URL is http://127.0.0.1:8080 without it.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    after: { type: 'string' },
    channel: { type: 'string', default: 'web' },
    first: { type: 'string', default: '10' },
    position: { type: 'string' },
  },
});

function row(order: Order): string {
  const { amount, currency } = order.totals.total;
  const lines = order.lines.map((it) => `${it.quantity} × ${it.sku}`).join(', ');
  const id = order.id.split('/').at(-1);
  return `${id}  ${order.status.padEnd(9)}  ${amount.padStart(9)} ${currency}  ${lines}`;
}

async function run(desk: Desk, [command, ...words]: string[]) {
  switch (command) {
    case 'list': {
      const { orders, next } = await desk.orders(Number(values.first), values.after);
      for (const order of orders) console.log(row(order));
      if (next) console.log(`\nnext page: --after ${next}`);
      return;
    }
    case 'place': {
      const lines = words.map((word) => {
        const [sku = '', quantity = '1'] = word.split('=');
        return { sku, quantity };
      });
      return console.log(row(await desk.place({ channel: values.channel, lines })));
    }
    case 'hold':
      return console.log(
        row(await desk.hold(words[0] ?? '', words.slice(1).join(' ') || 'held at the desk')),
      );
    case 'release':
      return console.log(row(await desk.release(words[0] ?? '')));
    case 'watch': {
      const onState = (state: string) => console.error(`-- ${state}`);
      const { after, position } = values;
      for await (const it of changes(desk, { after, position, onState })) {
        console.log(
          `${it.occurredAt}  ${it.eventType.padEnd(22)}  ${row(it.order)}\n  --after ${it.cursor}`,
        );
      }
      return;
    }
    default:
      console.error(USAGE);
      process.exitCode = 2;
  }
}

// Whoever reads this has read enough: `… | head`.
process.stdout.on('error', () => process.exit());

const token = process.env.ENTREPOT_TOKEN;
if (!token) {
  console.error(USAGE);
  process.exit(2);
}
const desk = new Desk({
  url: process.env.ENTREPOT_URL ?? 'http://127.0.0.1:8080',
  token,
  webSocket: WebSocket,
});
try {
  await run(desk, positionals);
} catch (error) {
  const { code, field, message } = error as Refused;
  console.error(
    error instanceof Refused ? `refused: ${code} ${field.join('.')}: ${message}` : message,
  );
  process.exitCode = 1;
} finally {
  await desk.close();
}
