// Hive Gateway before Entrepot: the caller's headers are passed on, the router's credential is added.
// What a caller sends under that name never gets through.
const PASSED_ON = ['authorization', 'entrepot-tenant', 'entrepot-consistency', 'idempotency-key', 'last-event-id', 'x-request-id'];

export const gatewayConfig = {
  propagateHeaders: {
    fromClientToSubgraphs({ request, subgraphName }) {
      if (subgraphName !== 'entrepot') return {};
      const given = PASSED_ON.map((name) => [name, request.headers.get(name)]);
      const headers = Object.fromEntries(given.filter(([, value]) => value));
      return { ...headers, 'entrepot-router': process.env.ENTREPOT_ROUTER_SECRET };
    },
  },
};
