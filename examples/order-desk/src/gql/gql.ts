/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment OrderRow on Order {\n    id\n    channel\n    placedAt\n    status\n    paymentStatus\n    fulfillmentStatus\n    holdReason\n    totals {\n      total {\n        amount\n        currency\n      }\n    }\n    lines {\n      line\n      sku\n      quantity\n    }\n  }\n": typeof types.OrderRowFragmentDoc,
    "\n  query Orders($first: Int!, $after: String) {\n    orders(first: $first, after: $after) {\n      nodes {\n        ...OrderRow\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": typeof types.OrdersDocument,
    "\n  query Order($id: ID!) {\n    order(id: $id) {\n      ...OrderRow\n    }\n  }\n": typeof types.OrderDocument,
    "\n  query Products {\n    products(first: 100) {\n      nodes {\n        sku\n        title\n        discontinued\n        prices {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": typeof types.ProductsDocument,
    "\n  mutation Place($input: OrderPlaceInput!) {\n    orderPlace(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": typeof types.PlaceDocument,
    "\n  mutation Hold($input: OrderReasonInput!) {\n    orderHold(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": typeof types.HoldDocument,
    "\n  mutation Release($input: OrderReleaseInput!) {\n    orderRelease(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": typeof types.ReleaseDocument,
    "\n  subscription Changes($after: String, $position: BigInt) {\n    orderChanged(after: $after, position: $position) {\n      cursor\n      previousCursor\n      eventType\n      occurredAt\n      order {\n        ...OrderRow\n      }\n    }\n  }\n": typeof types.ChangesDocument,
};
const documents: Documents = {
    "\n  fragment OrderRow on Order {\n    id\n    channel\n    placedAt\n    status\n    paymentStatus\n    fulfillmentStatus\n    holdReason\n    totals {\n      total {\n        amount\n        currency\n      }\n    }\n    lines {\n      line\n      sku\n      quantity\n    }\n  }\n": types.OrderRowFragmentDoc,
    "\n  query Orders($first: Int!, $after: String) {\n    orders(first: $first, after: $after) {\n      nodes {\n        ...OrderRow\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n": types.OrdersDocument,
    "\n  query Order($id: ID!) {\n    order(id: $id) {\n      ...OrderRow\n    }\n  }\n": types.OrderDocument,
    "\n  query Products {\n    products(first: 100) {\n      nodes {\n        sku\n        title\n        discontinued\n        prices {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": types.ProductsDocument,
    "\n  mutation Place($input: OrderPlaceInput!) {\n    orderPlace(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": types.PlaceDocument,
    "\n  mutation Hold($input: OrderReasonInput!) {\n    orderHold(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": types.HoldDocument,
    "\n  mutation Release($input: OrderReleaseInput!) {\n    orderRelease(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n": types.ReleaseDocument,
    "\n  subscription Changes($after: String, $position: BigInt) {\n    orderChanged(after: $after, position: $position) {\n      cursor\n      previousCursor\n      eventType\n      occurredAt\n      order {\n        ...OrderRow\n      }\n    }\n  }\n": types.ChangesDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment OrderRow on Order {\n    id\n    channel\n    placedAt\n    status\n    paymentStatus\n    fulfillmentStatus\n    holdReason\n    totals {\n      total {\n        amount\n        currency\n      }\n    }\n    lines {\n      line\n      sku\n      quantity\n    }\n  }\n"): (typeof documents)["\n  fragment OrderRow on Order {\n    id\n    channel\n    placedAt\n    status\n    paymentStatus\n    fulfillmentStatus\n    holdReason\n    totals {\n      total {\n        amount\n        currency\n      }\n    }\n    lines {\n      line\n      sku\n      quantity\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Orders($first: Int!, $after: String) {\n    orders(first: $first, after: $after) {\n      nodes {\n        ...OrderRow\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"): (typeof documents)["\n  query Orders($first: Int!, $after: String) {\n    orders(first: $first, after: $after) {\n      nodes {\n        ...OrderRow\n      }\n      pageInfo {\n        endCursor\n        hasNextPage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Order($id: ID!) {\n    order(id: $id) {\n      ...OrderRow\n    }\n  }\n"): (typeof documents)["\n  query Order($id: ID!) {\n    order(id: $id) {\n      ...OrderRow\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Products {\n    products(first: 100) {\n      nodes {\n        sku\n        title\n        discontinued\n        prices {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Products {\n    products(first: 100) {\n      nodes {\n        sku\n        title\n        discontinued\n        prices {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Place($input: OrderPlaceInput!) {\n    orderPlace(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Place($input: OrderPlaceInput!) {\n    orderPlace(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Hold($input: OrderReasonInput!) {\n    orderHold(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Hold($input: OrderReasonInput!) {\n    orderHold(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Release($input: OrderReleaseInput!) {\n    orderRelease(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation Release($input: OrderReleaseInput!) {\n    orderRelease(input: $input) {\n      replayed\n      consistencyToken\n      order {\n        ...OrderRow\n      }\n      userErrors {\n        code\n        field\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Changes($after: String, $position: BigInt) {\n    orderChanged(after: $after, position: $position) {\n      cursor\n      previousCursor\n      eventType\n      occurredAt\n      order {\n        ...OrderRow\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription Changes($after: String, $position: BigInt) {\n    orderChanged(after: $after, position: $position) {\n      cursor\n      previousCursor\n      eventType\n      occurredAt\n      order {\n        ...OrderRow\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;