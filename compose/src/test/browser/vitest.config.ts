import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'src/shared-stack.ts',
    // One process and one browser for all tests, one after another: two cores are soon busy.
    maxWorkers: 1,
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['tree'],
  },
});
