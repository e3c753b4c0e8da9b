// PostGraphile 5 over the product's own tables, in as many processes as PEER_PROCESSES says.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { grafserv } from 'postgraphile/grafserv/node';
import { makePgService } from 'postgraphile/adaptors/pg';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';

const processes = Number(process.env.PEER_PROCESSES ?? 2);
const [host, port] = process.env.PEER_LISTEN.split(':');
const query = `query LastOrders($tenant: BigInt!) {
  allOrders(condition: { tenantId: $tenant }, orderBy: [PLACED_AT_DESC, ORDER_ID_DESC], first: 20) { nodes {
    orderId placedAt status currency totalMinor
    lines { line sku quantity netMinor }
    customer { customerId externalId }
    margins { line netMinor cogsMinor contributionMinor } } } }`;

// What the tables do not say: names, and how rows belong together.
const ofOrder = (name) => `(tenant_id, order_id) references rm_orders (tenant_id, order_id)|@foreignSimpleFieldName ${name}|@behavior -connection +list`;
const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      'public.rm_orders': {
        tags: { name: 'orders', foreignKey: '(tenant_id, customer_id) references rm_customers (tenant_id, customer_id)|@fieldName customer' },
      },
      'public.rm_customers': { tags: { name: 'customers' } },
      'public.rm_bi_order_lines': { tags: { name: 'order_lines', foreignKey: ofOrder('lines') } },
      'public.rm_margins': { tags: { name: 'margins', foreignKey: ofOrder('margins') } },
    },
  },
});

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on('listening', () => {
    listening += 1;
    if (listening === processes) {
      console.log(JSON.stringify({ query, variables: { tenant: '$TENANT' } }));
    }
  });
  // Who ends one of them wants all to end.
  cluster.on('exit', () => process.exit(1));
  for (let started = 0; started < processes; started += 1) cluster.fork();
} else {
  const preset = {
    extends: [PostGraphileAmberPreset],
    plugins: [tags],
    grafast: { explain: false },
    grafserv: { graphiql: false, watch: false },
    pgServices: [
      makePgService({
        connectionString: process.env.PEER_DATABASE_URL.split('?')[0],
        schemas: ['public'],
        poolConfig: { max: Math.ceil(16 / processes) },
      }),
    ],
  };
  const serv = postgraphile(preset).createServ(grafserv);
  const server = createServer();
  server.on('error', (error) => { throw error; });
  await serv.addTo(server);
  server.listen(Number(port), host);
}
