/** Who asks, and at which tenant. Both stay in this tab and are gone when it is closed. */
export interface Session {
  token: string;
  /** Selected for tokens that reach several tenants. */
  tenant: string;
}

const TOKEN = 'entrepot:token';
const TENANT = 'entrepot:tenant';

/** The session of this tab; a token in the address's fragment wins, and leaves the address. */
export function open(): Session {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    history.replaceState(null, '', location.pathname + location.search);
    save({ token: given, tenant: '' });
  }
  const kept = (name: string) => sessionStorage.getItem(name) ?? '';
  return { token: kept(TOKEN), tenant: kept(TENANT) };
}

export function save({ token, tenant }: Session) {
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(TENANT, tenant);
}

/** What every request says about the session. */
export function headers({ token, tenant }: Session): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    ...(tenant ? { 'entrepot-tenant': tenant } : {}),
  };
}
