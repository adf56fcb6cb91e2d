import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Sources of the libs are used directly, so that no build is needed before a unit test. Node gets
 * these conditions too, and what packages offer under `module` is for bundlers: it does not load.
 */
const conditions = [
  '@flyball/source',
  ...defaultServerConditions.filter((condition) => condition !== 'module'),
];

const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/** Real processes: slow to start, so they get more time and run one file after the other. */
const processes = { testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false };

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{apps,libs}/*/src/**/*.test.{ts,tsx}', 'infra/**/src/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      { ...shared, test: { name: 'tidy', include: ['test/tidy/**/*.test.ts'] } },
      {
        ...shared,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...processes },
      },
      { ...shared, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...processes } },
      { ...shared, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], ...processes } },
      {
        ...shared,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], ...processes },
      },
    ],
  },
});
