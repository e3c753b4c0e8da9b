/** The roles that the graph knows, in the order in which they are shown. */
export const ROLES = ['commerce', 'finance', 'support', 'partner', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** What a token says of its bearer. It is shown, never trusted: the server verifies. */
export interface Identity {
  subject: string;
  roles: Role[];
  /** The one tenant of the token. */
  tenant?: string;
  /** The tenants to select from; `*` for all. */
  tenants: string[];
  channels: string[];
  /** When it ends, in milliseconds since 1970. */
  expires?: number;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** Reads a JWT's claims by the names that Entrepot gives them. Undefined if it is no JWT. */
export function read(token: string): Identity | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const base64 = parts[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const named = texts(claims.roles);
    return {
      subject: typeof claims.sub === 'string' ? claims.sub : '',
      roles: ROLES.filter((role) => named.includes(role)),
      tenant: typeof claims.tenant === 'string' ? claims.tenant : undefined,
      tenants: texts(claims.tenants),
      channels: texts(claims.channels),
      expires: typeof claims.exp === 'number' ? claims.exp * 1000 : undefined,
    };
  } catch {
    return undefined;
  }
}
