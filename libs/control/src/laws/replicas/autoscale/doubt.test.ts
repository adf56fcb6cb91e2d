import { expect, test } from 'vitest';
import { type Account, type Doubt, doubtAfter, NO_DOUBT } from './doubt.ts';

const USUAL: Account = {
  nowMs: 1_000_000,
  usualRate: 200,
  usualCost: 0.05,
  rate: 200,
  utilization: 0.625,
  serving: 16,
};
const doubted = (account: Partial<Account>, before: Doubt = NO_DOUBT) =>
  doubtAfter(before, { ...USUAL, ...account });

test('figures that agree are believed', () => {
  expect(doubted({})).toBe(NO_DOUBT);
  expect(doubted({ usualCost: null, rate: 0 })).toBe(NO_DOUBT);
  expect(doubted({ rate: 0, utilization: 0, usualRate: 0 })).toBe(NO_DOUBT);
});

test.each([
  ['nothing arrives, all are busy', { rate: 0 }, 'silence'],
  ['all arrives, nobody is busy', { utilization: 0 }, 'silence'],
  ['everything is gone at once', { rate: 0, utilization: 0 }, 'silence'],
  ['a request costs more than three times as much', { rate: 66 }, 'contradiction'],
  ['a request costs less than a third', { rate: 601 }, 'contradiction'],
] as const)('doubted: %s', (_what, account, kind) => {
  expect(doubted(account)).toEqual({ sinceMs: 1_000_000, kind });
});

test('up to three times is believed, and what is cheap because all are busy', () => {
  expect(doubted({ rate: 67 })).toBe(NO_DOUBT);
  expect(doubted({ rate: 599 })).toBe(NO_DOUBT);
  expect(doubted({ rate: 2_000, utilization: 0.9 })).toBe(NO_DOUBT);
  expect(doubted({ rate: 2_000, utilization: 0.89 }).kind).toBe('contradiction');
});

test('a doubt that lasts is given up, a silence much later', () => {
  const cost: Doubt = { sinceMs: 1_000_000, kind: 'contradiction' };
  const at = (nowMs: number) => doubted({ nowMs, rate: 50 }, cost).sinceMs;
  expect([at(1_119_999), at(1_120_000)]).toEqual([1_000_000, null]);
  const quiet: Doubt = { sinceMs: 1_000_000, kind: 'silence' };
  const silent = (nowMs: number) => doubted({ nowMs, rate: 0, utilization: 0 }, quiet);
  expect(silent(1_899_999).sinceMs).toBe(1_000_000);
  expect(silent(1_900_000)).toEqual({ sinceMs: null, kind: 'silence' });
  // Once believed it stays so while it lasts.
  expect(doubted({ nowMs: 2_000_000, rate: 0 }, silent(1_900_000)).sinceMs).toBeNull();
});

test('another doubt begins anew', () => {
  const cost: Doubt = { sinceMs: 1_000_000, kind: 'contradiction' };
  expect(doubted({ nowMs: 1_100_000, rate: 0 }, cost)).toEqual({
    sinceMs: 1_100_000,
    kind: 'silence',
  });
});
