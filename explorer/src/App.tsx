import { useEffect, useMemo, useState } from 'react';
import { Door } from './Door';
import { open, save, type Session } from './session';
import { read } from './token';
import { TopBar } from './TopBar';
import { Workbench } from './Workbench';

/** The page: who asks on top, below it the workbench, or the door as long as nobody is known. */
export function App() {
  const [session, setSession] = useState(open);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    const reopen = () => setSession(open());
    window.addEventListener('hashchange', reopen);
    return () => window.removeEventListener('hashchange', reopen);
  }, []);
  const identity = useMemo(() => read(session.token), [session.token]);
  const change = (next: Session) => {
    save(next);
    setSession(next);
    setAsking(false);
  };
  const tenant = identity?.tenant ?? session.tenant;
  return (
    <div className="explorer">
      <TopBar
        identity={identity}
        session={session}
        onTenant={(tenant) => change({ ...session, tenant })}
        onToken={() => setAsking(!asking)}
      />
      {identity && tenant && !asking ? (
        <Workbench key={session.token + session.tenant} session={session} identity={identity} />
      ) : (
        <Door
          session={session}
          identity={asking ? undefined : identity}
          onChange={change}
          onBack={asking && identity ? () => setAsking(false) : undefined}
        />
      )}
    </div>
  );
}
