// graphql-inspector on the contracts: every document of the project is valid and uses nothing
// deprecated, and whoever moves from a role's contract to the whole schema loses nothing.
// Prints one line of JSON. With a git revision as argument: what would break the clients of each
// contract since then, for the notes of a release; exits 1 if anything would.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { CriticalityLevel, diff, validate } from '@graphql-inspector/core';
import { buildSchema, Source } from 'graphql';

const root = new URL('../../', import.meta.url);
const ROLES = ['commerce', 'finance', 'support', 'partner', 'operator'];
const read = (path) => readFileSync(new URL(path, root), 'utf8');
const schema = (sdl) => buildSchema(sdl, { assumeValidSDL: true });
const breaking = (changes) => changes.filter((it) => it.criticality.level === CriticalityLevel.Breaking);

/** The documents within template strings of a file. */
const tagged = (path) => [...read(path).matchAll(/graphql(?:`|\(`)([^`]*)`/g)].map((it) => it[1]).join('\n');

async function check() {
  const counts = { contracts: 0, documents: 0 };
  const whole = schema(read('schema.graphql'));
  for (const role of ROLES) {
    const contract = schema(read(`contracts/${role}.graphql`));
    const samples = `explorer/samples/${role}/`;
    const documents = readdirSync(new URL(samples, root)).map((name) => new Source(read(samples + name), name));
    if (role === 'commerce') {
      const desk = 'examples/order-desk/src/documents.ts';
      documents.push(new Source(tagged(desk), desk));
    }
    for (const document of documents) {
      const found = validate(contract, [document], { strictDeprecated: true });
      assert.deepEqual(found, [], `${role}: ${document.name}`);
    }
    const lost = breaking(await diff(contract, whole)).filter((it) => !it.path?.startsWith('@'));
    assert.deepEqual(lost.map((it) => it.message), [], `${role} against the whole schema`);
    counts.contracts += 1;
    counts.documents += documents.length;
  }
  console.log(JSON.stringify({ suite: 'graphql-inspector', ...counts, error: 0 }));
}

async function since(revision) {
  let count = 0;
  for (const role of ROLES) {
    const path = `contracts/${role}.graphql`;
    const before = execFileSync('git', ['show', `${revision}:${path}`], { cwd: root, encoding: 'utf8' });
    for (const { message } of breaking(await diff(schema(before), schema(read(path))))) {
      console.log(`${role}: ${message}`);
      count += 1;
    }
  }
  console.log(`${count} breaking changes since ${revision}`);
  process.exitCode = count ? 1 : 0;
}

const [revision] = process.argv.slice(2);
await (revision ? since(revision) : check());
