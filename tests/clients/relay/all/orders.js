// What every role may ask: orders page by page into one list, and one of them again by its id.
const { graphql } = require('relay-runtime');

graphql`
  query ordersQuery($first: Int!, $after: String) {
    ...orders_list @arguments(first: $first, after: $after)
  }
`;

graphql`
  fragment orders_list on Query
  @refetchable(queryName: "ordersPaginationQuery")
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
    orders(first: $first, after: $after, sort: PLACED_AT_DESC) @connection(key: "orders_list_orders") {
      edges {
        node {
          id
          ...orders_row
        }
      }
    }
  }
`;

graphql`
  fragment orders_row on Order @refetchable(queryName: "ordersRowQuery") {
    status
    placedAt
    totals {
      total {
        amount
        currency
      }
    }
  }
`;

graphql`
  query ordersNodeQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
      __typename
      ... on Product {
        sku
      }
    }
  }
`;

graphql`
  subscription ordersSubscription($after: String) {
    orderChanged(after: $after) {
      cursor
      order {
        ...orders_row
      }
    }
  }
`;
