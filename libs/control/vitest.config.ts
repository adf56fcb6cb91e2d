import { defineConfig } from 'vitest/config';

/**
 * For mutation testing alone: the examples beside each law and machine. Properties, closed loops
 * and the suite of all laws would kill more mutants, at a hundred times the price of each.
 */
export default defineConfig({
  test: {
    include: ['src/{laws,modes}/**/*.test.ts'],
    exclude: ['src/**/*.{prop,sim}.test.ts', 'src/laws/law-suite.test.ts'],
    testTimeout: 20_000,
  },
});
