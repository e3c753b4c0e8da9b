import { useEffect, useState } from 'react';
import icon from './icon.svg';
import type { Session } from './session';
import type { Identity } from './token';

interface Props {
  identity?: Identity;
  session: Session;
  onTenant(tenant: string): void;
  onToken(): void;
}

/** Who asks: roles, tenant, channels, and how long the token is good for. */
export function TopBar({ identity, session, onTenant, onToken }: Props) {
  return (
    <header className="top">
      <img className="top-icon" src={icon} alt="" />
      <h1 className="top-name">Entrepot</h1>
      {identity && (
        <div className="who" aria-label="Who you are">
          {identity.roles.map((role) => (
            <span key={role} className="role">
              {role}
            </span>
          ))}
          {identity.roles.length === 0 && (
            <span className="role unknown">roles named otherwise</span>
          )}
          <Tenant identity={identity} session={session} onTenant={onTenant} />
          {identity.channels.length > 0 && (
            <span className="fact">
              <span className="fact-name">channels</span> {identity.channels.join(', ')}
            </span>
          )}
          <Expiry expires={identity.expires} />
        </div>
      )}
      <button type="button" className="top-button" onClick={onToken}>
        {identity ? 'Change token' : 'Token'}
      </button>
    </header>
  );
}

function Tenant({ identity, session, onTenant }: Omit<Props, 'onToken'> & { identity: Identity }) {
  if (identity.tenant) {
    return (
      <span className="fact">
        <span className="fact-name">tenant</span> {identity.tenant}
      </span>
    );
  }
  return <TenantPicker identity={identity} tenant={session.tenant} onTenant={onTenant} />;
}

/** Selects the tenant that the header `entrepot-tenant` names, for tokens that reach several. */
export function TenantPicker({
  identity,
  tenant,
  onTenant,
}: {
  identity: Identity;
  tenant: string;
  onTenant(tenant: string): void;
}) {
  const [typed, setTyped] = useState(tenant);
  useEffect(() => setTyped(tenant), [tenant]);
  const named = identity.tenants.filter((it) => it !== '*');
  return (
    <form
      className="fact"
      onSubmit={(event) => {
        event.preventDefault();
        onTenant(typed.trim());
      }}
    >
      <label>
        <span className="fact-name">tenant</span>{' '}
        <input
          className="tenant-input"
          value={typed}
          placeholder="its slug"
          list="tenants"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <datalist id="tenants">
        {named.map((it) => (
          <option key={it} value={it} />
        ))}
      </datalist>
      {typed.trim() !== tenant && (
        <button type="submit" className="tenant-go">
          Go
        </button>
      )}
    </form>
  );
}

function Expiry({ expires }: { expires?: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  if (expires === undefined) return null;
  const left = expires - now;
  return (
    <span className={left > 0 ? 'fact' : 'fact expired'} title={new Date(expires).toLocaleString()}>
      {left > 0 ? `expires in ${span(left)}` : 'expired'}
    </span>
  );
}

function span(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
