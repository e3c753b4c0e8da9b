import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const ASSETS = new URL('dist/assets', import.meta.url).pathname;

/** Puts a `.br` and a `.gz` beside each asset, so that the server sends them without work. */
function compressed() {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
  return {
    name: 'compressed',
    closeBundle(error) {
      if (error) return;
      for (const name of readdirSync(ASSETS).filter((name) => /\.(js|css|svg)$/.test(name))) {
        const path = join(ASSETS, name);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, brotli));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // The editor is one large piece, loaded from this machine or near it.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      // GraphiQL calls its icons, for who listens to the page, as their functions are called.
      output: { keepNames: true },
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  // `npm run dev` beside `entrepot demo`.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8080', ws: true } } },
});
