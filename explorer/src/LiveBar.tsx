import { useSyncExternalStore } from 'react';
import { liveStatus, type Status } from './live';

const NAMES: Record<Status['state'], string> = {
  opening: 'Opening…',
  live: 'Live',
  lost: 'Connection lost, trying again…',
  ended: 'Ended',
};

/** How the subscription that runs here is doing. */
export function LiveBar() {
  const status = useSyncExternalStore(liveStatus.watch, liveStatus.get);
  if (!status) return null;
  const { state, updates, resumed } = status;
  return (
    <div className={`live-bar ${state}`} role="status">
      <span className="live-dot" />
      <strong>{NAMES[state]}</strong>
      <span>
        {updates.toLocaleString('en')} {updates === 1 ? 'update' : 'updates'}
      </span>
      {resumed > 0 && (
        <span>resumed after its cursor {resumed === 1 ? 'once' : `${resumed} times`}</span>
      )}
    </div>
  );
}
