import { ROLES, type Role } from './token';

/** A document to begin with. */
export interface Sample {
  title: string;
  about: string;
  kind: 'query' | 'mutation' | 'subscription';
  /** The whole document, with its comment. */
  document: string;
}

const files = import.meta.glob<string>('../samples/*/*.graphql', {
  eager: true,
  import: 'default',
  query: '?raw',
});

/** The samples of a role, in the order of their files' names. The first comment names each. */
export function of(role: Role): Sample[] {
  const paths = Object.keys(files).filter((path) => path.startsWith(`../samples/${role}/`));
  return paths.sort().map((path) => parse(files[path]!));
}

/** The samples of each of some roles; of all roles if none is known. */
export function byRole(roles: Role[]): { role: Role; samples: Sample[] }[] {
  return (roles.length ? roles : [...ROLES]).map((role) => ({ role, samples: of(role) }));
}

function parse(document: string): Sample {
  const lines = document.split('\n');
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('#')),
  );
  const [title = '', ...about] = comment.map((line) => line.replace(/^#\s*/, ''));
  const kind = /^(query|mutation|subscription)\b/m.exec(document)?.[1] as Sample['kind'];
  return { title, about: about.join(' '), kind, document };
}
