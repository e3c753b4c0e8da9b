// A list of what has no global id.
const { graphql } = require('relay-runtime');

graphql`
  fragment margins_list on Query
  @refetchable(queryName: "marginsPaginationQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    margins(first: $first, after: $after) @connection(key: "margins_list_margins") {
      edges {
        node {
          sku
          contribution {
            amount
          }
        }
      }
    }
  }
`;
