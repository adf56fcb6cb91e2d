import { expect, test } from 'vitest';
import { check, Fuzz, type Verdict } from './fuzz.fixture.ts';

const SEED = 20_260_821;
const CASES = 100_000;

/** So many cases of each kind, or the mutations have lost their point. */
const AT_LEAST: Partial<Record<Verdict, number>> = {
  taken: 20_000,
  partial: 3000,
  refused: 20_000,
};
/** Not compared with the twin; more than that would hide something. */
const AT_MOST: Partial<Record<Verdict, number>> = { stricter: 2000, unread: 500, unsure: 500 };

test('100,000 mutated requests are read as the slow twin reads them, or refused as it does', () => {
  const fuzz = new Fuzz(SEED);
  const verdicts = new Map<Verdict, number>();
  for (let number = 0; number < CASES; number += 1) {
    const fuzzCase = fuzz.caseAt(number);
    try {
      const verdict = check(fuzzCase);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    } catch (error) {
      const again = `npm run fuzz -- --seed ${SEED} --case ${number}`;
      throw new Error(`case ${number} (${again}): ${(error as Error).message}`, { cause: error });
    }
  }
  for (const [verdict, bound] of Object.entries(AT_LEAST)) {
    expect(verdicts.get(verdict as Verdict) ?? 0, verdict).toBeGreaterThan(bound);
  }
  for (const [verdict, bound] of Object.entries(AT_MOST)) {
    expect(verdicts.get(verdict as Verdict) ?? 0, verdict).toBeLessThan(bound);
  }
}, 300_000);
