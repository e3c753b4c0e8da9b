// The second subgraph: reviews of products and of orders, in memory.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createPubSub, createYoga } from 'graphql-yoga';

export const sdl = readFileSync(join(import.meta.dirname, '..', 'peers', 'reviews.graphql'), 'utf8');

const mean = (numbers) => (numbers.length === 0 ? null : numbers.reduce((sum, number) => sum + number, 0) / numbers.length);

// Serves on a free port. `asked` has one entry for each request that comes in.
export async function serveReviews() {
  const reviews = [];
  const news = createPubSub();
  const asked = [];
  const product = ({ sku, productId }) => ({ __typename: 'Product', sku, id: productId });
  const resolvers = {
    Query: { reviews: (_, { first }) => reviews.slice(-first).reverse() },
    Mutation: {
      reviewAdd(_, { input }) {
        const review = { id: String(reviews.length + 1), ...input };
        reviews.push(review);
        news.publish('review', review);
        return review;
      },
    },
    Subscription: { reviewAdded: { subscribe: () => news.subscribe('review'), resolve: (review) => review } },
    Review: {
      __resolveReference: ({ id }) => reviews.find((review) => review.id === id) ?? null,
      product,
      order: ({ orderId }) => orderId && { __typename: 'Order', id: orderId },
    },
    Product: {
      reviews: ({ sku }) => reviews.filter((review) => review.sku === sku),
      rating: ({ sku }) => mean(reviews.filter((review) => review.sku === sku).map(({ rating }) => rating)),
    },
    Order: { reviews: ({ id }) => reviews.filter((review) => review.orderId === id) },
  };
  const yoga = createYoga({
    schema: buildSubgraphSchema({ typeDefs: parse(sdl), resolvers }),
    logging: false,
    plugins: [{ onParams: ({ params }) => void asked.push(params) }],
  });
  const server = createServer(yoga);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/graphql`;
  return { url, asked, close: () => server.closeAllConnections() || server.close() };
}
