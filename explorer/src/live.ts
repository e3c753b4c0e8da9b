import type { FetcherReturnType } from '@graphiql/toolkit';
import { createClient, type Client } from 'graphql-ws';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import { PATH } from './requests';
import { after, type Request } from './resume';
import { headers, type Session } from './session';

type Result = FormattedExecutionResult<Record<string, unknown>, unknown>;

/** What is told to GraphiQL. */
interface Observer {
  next(result: Result): void;
  error(reason: unknown): void;
  complete(): void;
}

/** How the newest subscription of this page is doing. */
export interface Status {
  state: 'opening' | 'live' | 'lost' | 'ended';
  updates: number;
  /** How often it went on after its cursor. */
  resumed: number;
}

let status: Status | undefined;
const watchers = new Set<() => void>();

/** For `useSyncExternalStore`. */
export const liveStatus = {
  get: () => status,
  watch(watcher: () => void) {
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  },
};

function report(next: Status) {
  status = next;
  for (const watcher of watchers) watcher();
}

/** How long to wait before the next connection, in milliseconds, for the first, second, … try. */
const PAUSES = [100, 300, 1000, 2000, 5000];
/** Updates that come faster are counted, and the newest is shown. */
const SHOW_EVERY = 100;
/** Closed because the connection broke or the server went away, not because of us. */
const BROKEN = [1001, 1005, 1006, 1011, 1012, 1013];

/** Follows a subscription until it is stopped, through lost connections, after the last cursor seen. */
export function follow(session: Session, request: Request): FetcherReturnType {
  return {
    subscribe(observer: unknown) {
      const run = new Run(session, request, observer as Observer);
      run.connect(request);
      return { unsubscribe: () => run.stop() };
    },
  };
}

class Run {
  private client: Client;
  private cursor?: string;
  private pause = 0;
  private stopped = false;
  private timer?: ReturnType<typeof setTimeout>;
  private waiting?: Result;
  private shown = 0;
  private state: Status;
  private cancel = () => {};

  constructor(
    session: Session,
    private request: Request,
    private observer: Observer,
  ) {
    this.client = createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${PATH}`,
      connectionParams: headers(session),
      retryAttempts: 0,
      on: { connected: () => this.connected() },
    });
    this.state = { state: 'opening', updates: 0, resumed: 0 };
    report(this.state);
  }

  connect(request: Request) {
    this.cancel = this.client.subscribe<Record<string, unknown>>(request, {
      next: (result) => this.next(result),
      error: (reason) => this.failed(reason),
      complete: () => this.end(() => this.observer.complete()),
    });
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.cancel();
    this.end();
  }

  /** The server took us in: it goes on from where we asked. */
  private connected() {
    this.pause = 0;
    const resumed = this.state.resumed + (this.cursor === undefined ? 0 : 1);
    this.tell({ state: 'live', resumed });
  }

  private next(result: Result) {
    this.cursor = cursorOf(result) ?? this.cursor;
    this.tell({ updates: this.state.updates + 1 });
    this.waiting = result;
    const wait = this.shown + SHOW_EVERY - Date.now();
    this.timer ??= setTimeout(() => this.show(), Math.max(wait, 0));
  }

  private show() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting) this.observer.next(this.waiting);
    this.waiting = undefined;
    this.shown = Date.now();
  }

  /** Goes on after the last cursor, or says why it cannot. */
  private failed(reason: unknown) {
    if (this.stopped) return;
    if (!passing(reason)) {
      this.end(() => this.observer.error(explained(reason)));
      return;
    }
    this.tell({ state: 'lost' });
    const pause = PAUSES[Math.min(this.pause++, PAUSES.length - 1)]!;
    setTimeout(() => {
      if (this.stopped) return;
      this.connect(this.cursor === undefined ? this.request : after(this.request, this.cursor));
    }, pause);
  }

  private end(then = () => {}) {
    this.show();
    this.tell({ state: 'ended' });
    void this.client.dispose();
    then();
  }

  private tell(change: Partial<Status>) {
    this.state = { ...this.state, ...change };
    report(this.state);
  }
}

/** Every update carries its cursor, whatever was selected. */
function cursorOf({ extensions }: Result): string | undefined {
  const cursor = (extensions as { cursor?: unknown } | undefined)?.cursor;
  return typeof cursor === 'string' ? cursor : undefined;
}

/** Whether it may work when it is tried again. */
function passing(reason: unknown): boolean {
  if (Array.isArray(reason)) {
    return (reason as GraphQLFormattedError[]).every((it) => it.extensions?.retryable === true);
  }
  if (reason instanceof CloseEvent) return BROKEN.includes(reason.code);
  return reason instanceof Event;
}

function explained(reason: unknown): unknown {
  if (Array.isArray(reason)) return { errors: reason };
  if (reason instanceof CloseEvent) return { closed: { code: reason.code, reason: reason.reason } };
  return reason;
}
