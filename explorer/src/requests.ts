import type { Fetcher } from '@graphiql/toolkit';
import { getOperationAST, parse, type OperationDefinitionNode } from 'graphql';
import { follow } from './live';
import { headers, type Session } from './session';

export const PATH = '/graphql';

/** Sends what GraphiQL runs: subscriptions over a socket, everything else by POST. */
export function fetcher(session: Session): Fetcher {
  return ({ query, variables, operationName }, options) => {
    const request = { query, variables, operationName: operationName ?? undefined };
    return operation(query, operationName)?.operation === 'subscription'
      ? follow(session, request)
      : post(session, request, options?.headers);
  };
}

async function post(session: Session, request: object, more: Record<string, string> = {}) {
  const response = await fetch(PATH, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers(session),
      ...more,
    },
    body: JSON.stringify(request),
  });
  const answer = await response.text();
  try {
    return JSON.parse(answer);
  } catch {
    throw new Error(`${response.status} ${response.statusText}: ${answer.slice(0, 200)}`);
  }
}

/** The operation that is meant; none if the document cannot be read, which the server will say better. */
function operation(query: string, name?: string | null): OperationDefinitionNode | undefined {
  try {
    return getOperationAST(parse(query), name) ?? undefined;
  } catch {
    return undefined;
  }
}
