import { defineConfig } from 'vitest/config';

/** Files that put something in place of a module, which another file in the same worker must not see. */
const MOCK_MODULES = ['tests/intake/bearer.test.ts', 'tests/intake/forgery.test.ts'];

export default defineConfig({
  test: {
    // Left alone it keeps one core free, which on two cores is half of them. The longest tests wait for real processes.
    maxWorkers: '150%',
    projects: [
      // Loading the code again for each of hundreds of files takes longer than most of the tests in them.
      {
        extends: true,
        test: { name: 'shared', include: ['tests/**/*.test.ts'], exclude: MOCK_MODULES, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: MOCK_MODULES } },
    ],
    setupFiles: ['tests/network-guard.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
