import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the page also works behind a proxy that serves it under a path of its own.
  base: './',
  build: {
    outDir: '../../../target/classes/webroot',
    emptyOutDir: true,
    target: 'es2022',
    // The page's content security policy allows no data: scripts or styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true } },
  },
});
