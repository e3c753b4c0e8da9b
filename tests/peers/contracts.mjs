// The contract of each role, as two composers cut it from the tags of the published schema, against
// the one that is published and that the server keeps to.
// Usage: node contracts.mjs. Prints one line of JSON; exits 1 if one differs.
import { composeSchemaContract } from '@theguild/federation-composition';
import { buildASTSchema, lexicographicSortSchema, parse, printSchema, visit } from 'graphql';
import { federateSubgraphsContract, version } from './cosmo.mjs';
import { entrepot, messages, read } from './subgraphs.mjs';

const ROLES = ['commerce', 'finance', 'support', 'partner', 'operator'];

const PARTS = [
  'SchemaDefinition',
  'ScalarTypeDefinition',
  'ObjectTypeDefinition',
  'FieldDefinition',
  'InputValueDefinition',
  'InterfaceTypeDefinition',
  'UnionTypeDefinition',
  'EnumTypeDefinition',
  'EnumValueDefinition',
  'InputObjectTypeDefinition',
];

// What a schema means to those who ask, line by line: without descriptions, directives and order.
function meaning(text) {
  const deprecated = ({ name }) => name.value === 'deprecated';
  const drop = (node) => ({
    ...node,
    description: undefined,
    directives: node.directives?.filter(deprecated),
  });
  const document = visit(parse(text), {
    DirectiveDefinition: () => null,
    ...Object.fromEntries(PARTS.map((kind) => [kind, { leave: drop }])),
  });
  return printSchema(lexicographicSortSchema(buildASTSchema(document))).split('\n');
}

const CONTRACTS = {
  guild(role) {
    const filter = { include: new Set([role]), exclude: new Set() };
    const { errors, publicSdl } = composeSchemaContract([entrepot], filter, true);
    return { errors: messages(errors), text: publicSdl };
  },
  cosmo(role) {
    const contractTagOptions = { tagNamesToInclude: new Set([role]), tagNamesToExclude: new Set() };
    const result = federateSubgraphsContract({ subgraphs: [entrepot], contractTagOptions, version });
    const schema = result.federatedGraphClientSchema;
    return { errors: messages(result.errors), text: schema && printSchema(schema) };
  },
};

const different = [];
let cut = 0;
for (const [composer, contract] of Object.entries(CONTRACTS)) {
  for (const role of ROLES) {
    cut += 1;
    const { errors, text } = contract(role);
    const ours = meaning(read('contracts', `${role}.graphql`));
    const theirs = errors.length > 0 ? [] : meaning(text);
    if (ours.join('\n') === theirs.join('\n')) continue;
    const [more, less] = [theirs.filter((line) => !ours.includes(line)), ours.filter((line) => !theirs.includes(line))];
    different.push({ composer, role, errors, more: more.slice(0, 20), less: less.slice(0, 20) });
  }
}
const counts = { composers: Object.keys(CONTRACTS), contracts: cut, equal: cut - different.length };
console.log(JSON.stringify({ suite: 'contracts', ...counts, different }));
process.exit(different.length === 0 ? 0 : 1);
