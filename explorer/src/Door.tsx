import { useState } from 'react';
import type { Session } from './session';
import { read, type Identity } from './token';
import { TenantPicker } from './TopBar';

interface Props {
  session: Session;
  /** Who the token names, if only the tenant is missing. */
  identity?: Identity;
  onChange(session: Session): void;
  onBack?(): void;
}

/** Asks for a token, or for the tenant if the token reaches several. */
export function Door({ session, identity, onChange, onBack }: Props) {
  if (identity) {
    return (
      <main className="door">
        <section className="card">
          <h2>Which tenant?</h2>
          <p>
            This token reaches {identity.tenants.includes('*') ? 'every tenant' : 'several tenants'}
            . Name one by its slug; it is sent as header <code>entrepot-tenant</code>.
          </p>
          <TenantPicker
            identity={identity}
            tenant={session.tenant}
            onTenant={(tenant) => onChange({ ...session, tenant })}
          />
        </section>
      </main>
    );
  }
  return (
    <main className="door">
      <TokenCard onChange={onChange} onBack={onBack} />
      <section className="card">
        <h2>Where tokens come from</h2>
        <p>
          <code>entrepot demo</code> prints a link to this page for each role: click one.
        </p>
        <p>For your own data, the embedded issuer makes one:</p>
        <pre>entrepot token --tenant acme --role commerce</pre>
        <p>
          In production your identity provider does. Tenant, roles and channels come from the token
          and from nowhere else.
        </p>
      </section>
    </main>
  );
}

function TokenCard({ onChange, onBack }: Pick<Props, 'onChange' | 'onBack'>) {
  const [typed, setTyped] = useState('');
  const token = typed.trim().replace(/^bearer\s+/i, '');
  const wrong = token !== '' && !read(token);
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (read(token)) onChange({ token, tenant: '' });
      }}
    >
      <h2>Who is asking?</h2>
      <p>Paste a token. It stays in this browser tab and is gone when you close it.</p>
      <textarea
        className="token-input"
        aria-label="Token"
        value={typed}
        placeholder="eyJ…"
        rows={5}
        spellCheck={false}
        autoFocus
        onChange={(event) => setTyped(event.target.value)}
      />
      {wrong && (
        <p className="wrong">This is not a JSON Web Token: three parts with dots between them.</p>
      )}
      <div className="card-buttons">
        <button type="submit" className="primary" disabled={!token || wrong}>
          Open the graph
        </button>
        {onBack && (
          <button type="button" onClick={onBack}>
            Back
          </button>
        )}
      </div>
    </form>
  );
}
