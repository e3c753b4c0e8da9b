// The published schema and a second subgraph, in the forms that the composers take.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';

const root = join(import.meta.dirname, '..', '..');
export const read = (...path) => readFileSync(join(root, ...path), 'utf8');

function subgraph(name, sdl) {
  return { name, url: `http://${name}.example`, typeDefs: parse(sdl), definitions: parse(sdl) };
}

export const entrepot = subgraph('entrepot', read('schema.graphql'));
export const reviews = subgraph('reviews', read('tests', 'peers', 'reviews.graphql'));
export const messages = (errors) => (errors ?? []).map((error) => String(error.message));
