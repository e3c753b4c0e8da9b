// A command whose order is put into a list that is on the screen.
const { graphql } = require('relay-runtime');

graphql`
  mutation placeMutation($input: OrderPlaceInput!, $connections: [ID!]!) {
    orderPlace(input: $input) {
      order @prependNode(connections: $connections, edgeTypeName: "OrderEdge") {
        id
        ...orders_row
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;
