// The published schema in the composers of three vendors, alone and beside a second subgraph.
// Usage: node composers.mjs. Prints one line of JSON; exits 1 if a composer refuses.
import { composeServices } from '@apollo/composition';
import { composeServices as composeByGuild } from '@theguild/federation-composition';
import { federateSubgraphs, version } from './cosmo.mjs';
import { entrepot, messages, reviews } from './subgraphs.mjs';

const COMPOSERS = {
  apollo: (subgraphs) => messages(composeServices(subgraphs).errors),
  guild: (subgraphs) => messages(composeByGuild(subgraphs).errors),
  cosmo: (subgraphs) => messages(federateSubgraphs({ subgraphs, version }).errors),
};

const refused = [];
let composed = 0;
for (const [composer, compose] of Object.entries(COMPOSERS)) {
  for (const subgraphs of [[entrepot], [entrepot, reviews]]) {
    const errors = compose(subgraphs);
    composed += 1;
    if (errors.length > 0) refused.push({ composer, subgraphs: subgraphs.map(({ name }) => name), errors });
  }
}
const counts = { composers: Object.keys(COMPOSERS), composed, ok: composed - refused.length };
console.log(JSON.stringify({ suite: 'composers', ...counts, refused }));
process.exit(refused.length === 0 ? 0 : 1);
