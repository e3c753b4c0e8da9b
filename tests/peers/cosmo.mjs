// Cosmo's composer, which uses methods of sets that Node.js has from version 22 on.
for (const [name, method] of Object.entries({
  union: (a, b) => new Set([...a, ...b]),
  intersection: (a, b) => new Set([...a].filter((item) => b.has(item))),
  difference: (a, b) => new Set([...a].filter((item) => !b.has(item))),
  symmetricDifference: (a, b) => new Set([...a, ...b].filter((item) => a.has(item) !== b.has(item))),
  isSubsetOf: (a, b) => [...a].every((item) => b.has(item)),
  isSupersetOf: (a, b) => [...b].every((item) => a.has(item)),
  isDisjointFrom: (a, b) => [...a].every((item) => !b.has(item)),
})) {
  Set.prototype[name] ??= function (other) { return method(this, other); };
}
const cosmo = await import('@wundergraph/composition');
export const { federateSubgraphs, federateSubgraphsContract } = cosmo;
export const version = cosmo.LATEST_ROUTER_COMPATIBILITY_VERSION;
