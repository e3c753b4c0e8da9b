import { print } from 'graphql';
import { CHANGES } from './documents';
import type { Desk } from './desk';
import type { ChangesSubscription } from './gql/graphql';

type Update = ChangesSubscription['orderChanged'];

/** An event and its order. Only snapshots, which nobody asks for here, have updates without. */
export type Change = Update & {
  eventType: string;
  occurredAt: string;
  order: NonNullable<Update['order']>;
};

function isChange(update: Update): update is Change {
  return update.eventType !== null && update.occurredAt !== null && update.order !== null;
}

export interface Watching {
  /** The cursor of the last update that was dealt with; keep it, and nothing is missed. */
  after?: string;
  /** Or a position of the tenant's log; `0` is its beginning. Without either: from now on. */
  position?: string;
  signal?: AbortSignal;
  /** Told when the connection stands, and when it is lost. */
  onState?(state: 'live' | 'lost'): void;
}

const PAUSES = [100, 300, 1000, 3000];

/**
 * Every event that touches an order, in order, through lost connections: each new connection goes
 * on after the last cursor. Throws if the server refuses.
 */
export async function* changes(desk: Desk, watching: Watching): AsyncGenerator<Change> {
  const { signal, onState } = watching;
  const query = print(CHANGES);
  let start: { after?: string; position?: string } = watching.after
    ? { after: watching.after }
    : { position: watching.position };
  let pause = 0;
  while (!signal?.aborted) {
    const updates = desk.socket.iterate<ChangesSubscription>({ query, variables: start });
    const stop = () => void updates.return?.();
    signal?.addEventListener('abort', stop);
    const connected = desk.socket.on('connected', () => onState?.('live'));
    try {
      for await (const { data, errors } of updates) {
        if (!data) throw errors;
        pause = 0;
        start = { after: data.orderChanged.cursor };
        if (isChange(data.orderChanged)) yield data.orderChanged;
      }
      return;
    } catch (reason) {
      if (signal?.aborted) return;
      if (!lost(reason)) throw refusal(reason);
      onState?.('lost');
      await new Promise((resolve) => setTimeout(resolve, PAUSES[pause]));
      pause = Math.min(pause + 1, PAUSES.length - 1);
    } finally {
      connected();
      signal?.removeEventListener('abort', stop);
    }
  }
}

/** Whether the connection broke, or the server says that it may work later. */
function lost(reason: unknown): boolean {
  if (Array.isArray(reason)) return reason.every((it) => it.extensions?.retryable === true);
  const code = (reason as { code?: unknown } | undefined)?.code;
  // 4400 and above are the protocol's own refusals.
  return typeof code !== 'number' || code < 4400;
}

function refusal(reason: unknown): Error {
  if (Array.isArray(reason)) return new Error(reason.map((it) => it.message).join('; '));
  const { code, reason: why } = reason as { code?: number; reason?: string };
  return new Error(`the server closed the connection: ${code} ${why}`);
}
