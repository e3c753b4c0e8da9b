import { Client, CombinedError, fetchExchange, type TypedDocumentNode } from '@urql/core';
import { createClient as createSocket, type Client as Socket } from 'graphql-ws';
import { HOLD, ORDER, ORDERS, PLACE, PRODUCTS, RELEASE } from './documents';
import type { OrderPlaceInput, OrderRowFragment } from './gql/graphql';

export type Order = OrderRowFragment;

export interface Place {
  /** The graph, without its path: `http://127.0.0.1:8080`. Empty in a page that the same host serves. */
  url: string;
  token: string;
  /** Node.js 20 has no WebSocket of its own. */
  webSocket?: unknown;
}

/** A rule said no. Nothing happened; `code` is for programs, `message` for people. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field: string[],
  ) {
    super(message);
  }
}

/** How often a command is sent again, with its key, when nobody knows whether it arrived. */
const TRIES = 4;

type Changed = {
  consistencyToken?: string | null;
  order?: Order | null;
  userErrors: { code: string; message: string; field?: string[] | null }[];
};

/** The few things that somebody at an order desk does. */
export class Desk {
  readonly socket: Socket;
  private client: Client;
  /** From the last command: reads that send it are at least that fresh. */
  private consistency?: string;

  constructor({ url, token, webSocket }: Place) {
    const authorization = `Bearer ${token}`;
    const base = new URL(url || '/', globalThis.location?.href);
    this.client = new Client({
      url: new URL('/graphql', base).href,
      exchanges: [fetchExchange],
      preferGetMethod: false,
      requestPolicy: 'network-only',
      fetchOptions: () => ({
        headers: {
          authorization,
          ...(this.consistency ? { 'entrepot-consistency': this.consistency } : {}),
        },
      }),
    });
    this.socket = createSocket({
      url: new URL('/graphql', base).href.replace(/^http/, 'ws'),
      webSocketImpl: webSocket,
      connectionParams: { authorization },
      // Resuming needs the last cursor, which this library does not know: see live.ts.
      retryAttempts: 0,
    });
  }

  /** A page of orders, the newest first. */
  async orders(first: number, after?: string) {
    const { orders } = await this.read(ORDERS, { first, after });
    const { nodes = [], pageInfo } = orders ?? {};
    return {
      orders: nodes,
      next: pageInfo?.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined,
    };
  }

  async order(id: string) {
    return (await this.read(ORDER, { id })).order ?? undefined;
  }

  /** What can be sold today. */
  async products() {
    const { products } = await this.read(PRODUCTS, {});
    return products?.nodes.filter((it) => !it.discontinued && it.prices.length > 0) ?? [];
  }

  /** The `key` makes it happen once, however often this is called with it. */
  async place(input: Omit<OrderPlaceInput, 'idempotencyKey'>, key: string = crypto.randomUUID()) {
    const variables = { input: { ...input, idempotencyKey: key } };
    return this.command(async () => (await this.read(PLACE, variables)).orderPlace);
  }

  async hold(orderId: string, reason: string, key: string = crypto.randomUUID()) {
    const variables = { input: { orderId, reason, idempotencyKey: key } };
    return this.command(async () => (await this.read(HOLD, variables)).orderHold);
  }

  async release(orderId: string, key: string = crypto.randomUUID()) {
    const variables = { input: { orderId, idempotencyKey: key } };
    return this.command(async () => (await this.read(RELEASE, variables)).orderRelease);
  }

  async close() {
    await this.socket.dispose();
  }

  /** Sends a command until it is answered, remembers how fresh reads must be, and throws a refusal. */
  private async command(send: () => Promise<Changed | null | undefined>): Promise<Order> {
    for (let tries = 1; ; tries += 1) {
      try {
        const answer = await send();
        const refusal = answer?.userErrors[0];
        if (refusal) throw new Refused(refusal.code, refusal.message, refusal.field ?? []);
        if (!answer?.order) throw new Error('the command was not answered');
        this.consistency = answer.consistencyToken ?? this.consistency;
        return answer.order;
      } catch (error) {
        if (tries >= TRIES || !worthRepeating(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries));
      }
    }
  }

  private async read<Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    const operation = document.definitions.find((it) => it.kind === 'OperationDefinition');
    const result =
      operation?.operation === 'mutation'
        ? await this.client.mutation(document, variables).toPromise()
        : await this.client.query(document, variables).toPromise();
    if (result.error) throw result.error;
    return result.data as Data;
  }
}

/** Whether the same request, with the same key, may do better: nobody answered, or the server says so. */
function worthRepeating(error: unknown): boolean {
  if (!(error instanceof CombinedError)) return false;
  return (
    Boolean(error.networkError) ||
    error.graphQLErrors.some((it) => it.extensions?.retryable === true)
  );
}
