import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page and the graph have one address, so the browser needs no permission across origins.
const proxy = {
  '/graphql': { target: process.env.ENTREPOT_URL ?? 'http://127.0.0.1:8080', ws: true },
};

export default defineConfig({ plugins: [react()], server: { proxy }, preview: { proxy } });
