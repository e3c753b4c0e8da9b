import { graphql } from './gql';

graphql(`
  fragment OrderRow on Order {
    id
    channel
    placedAt
    status
    paymentStatus
    fulfillmentStatus
    holdReason
    totals {
      total {
        amount
        currency
      }
    }
    lines {
      line
      sku
      quantity
    }
  }
`);

export const ORDERS = graphql(`
  query Orders($first: Int!, $after: String) {
    orders(first: $first, after: $after) {
      nodes {
        ...OrderRow
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const ORDER = graphql(`
  query Order($id: ID!) {
    order(id: $id) {
      ...OrderRow
    }
  }
`);

export const PRODUCTS = graphql(`
  query Products {
    products(first: 100) {
      nodes {
        sku
        title
        discontinued
        prices {
          amount
          currency
        }
      }
    }
  }
`);

export const PLACE = graphql(`
  mutation Place($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      replayed
      consistencyToken
      order {
        ...OrderRow
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`);

export const HOLD = graphql(`
  mutation Hold($input: OrderReasonInput!) {
    orderHold(input: $input) {
      replayed
      consistencyToken
      order {
        ...OrderRow
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`);

export const RELEASE = graphql(`
  mutation Release($input: OrderReleaseInput!) {
    orderRelease(input: $input) {
      replayed
      consistencyToken
      order {
        ...OrderRow
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`);

export const CHANGES = graphql(`
  subscription Changes($after: String, $position: BigInt) {
    orderChanged(after: $after, position: $position) {
      cursor
      previousCursor
      eventType
      occurredAt
      order {
        ...OrderRow
      }
    }
  }
`);
