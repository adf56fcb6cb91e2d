import { describe, expect, test } from 'vitest';
import { blame, type PartFigures } from '../../orient/blame.ts';
import { errorOrigin } from '../../orient/error-origin.ts';
import { constant } from '../load.ts';
import {
  amplification,
  type ChainFigures,
  type ChainScenario,
  type ChainService,
  runChain,
} from './chain.ts';

/*
 *   client --> gateway --> checkout --> payments --> bank
 *                              \------> inventory
 */
function shop(attempts = 1, workers = 40): readonly ChainService[] {
  const service = (name: string, meanServiceMs: number, calls: readonly string[]) => ({
    name,
    workers,
    meanServiceMs,
    calls,
    attempts,
  });
  return [
    service('gateway', 5, ['checkout']),
    service('checkout', 20, ['payments', 'inventory']),
    service('payments', 20, ['bank']),
    service('bank', 30, []),
    service('inventory', 10, []),
  ];
}

const MINUTE = 60_000;

const CALM: ChainScenario = {
  services: shop(),
  load: constant(50),
  durationMs: 3 * MINUTE,
  seed: 1,
  timeoutMs: 2_000,
  windowMs: MINUTE,
};

const succeeded = (span: ChainFigures | undefined) =>
  (span?.succeeded ?? 0) / (span?.requests ?? Number.NaN);
const wasted = (span: ChainFigures | undefined, service: string) => {
  const figures = span?.services.find((each) => each.service === service);
  return (figures?.wasted ?? 0) / (figures?.begun ?? Number.NaN);
};

function ownTimes(span: ChainFigures | undefined): readonly PartFigures[] {
  return (span?.services ?? []).map(({ service, begun, ownMs }) => ({
    kind: 'dependency',
    id: service,
    count: begun,
    sum: ownMs,
  }));
}

describe('all is well', () => {
  const spans = runChain(CALM);

  test('requests succeed, each calls each service once, times are those of the work', () => {
    expect(spans.length).toBe(3);
    expect(spans.map(succeeded)).toEqual([1, 1, 1]);
    expect(spans.every((span) => Math.abs(span.requests / 3_000 - 1) < 0.06)).toBe(true);
    expect(amplification(spans, 'bank')).toBeCloseTo(1, 1);
    const [, second] = spans;
    const mean = ownTimes(second).map(({ id, count, sum }) => [id, sum / count] as const);
    for (const [id, ms] of mean) {
      const { meanServiceMs } = shop().find(({ name }) => name === id) as ChainService;
      expect(ms / meanServiceMs).toBeGreaterThan(0.93);
      expect(ms / meanServiceMs).toBeLessThan(1.07);
    }
  });

  test('the same seed gives the same run', () => {
    expect(runChain(CALM)).toEqual(spans);
    expect(runChain({ ...CALM, seed: 2 })).not.toEqual(spans);
  });
});

describe('who is to blame', () => {
  const during = { fromMs: MINUTE, toMs: 3 * MINUTE };

  test.each(['bank', 'payments', 'inventory'])('errors begin in %s, and are found there', (who) => {
    const faults = [{ service: who, ...during, errorRatio: 0.3 }];
    const last = runChain({ ...CALM, faults })[2];
    expect(succeeded(last)).toBeCloseTo(0.7, 1);
    const origin = errorOrigin('gateway', last?.calls ?? []);
    expect(origin.service).toBe(who);
    expect(origin.errorRatio).toBeCloseTo(0.3, 1);
  });

  test('errors of the gateway itself are its own', () => {
    const faults = [{ service: 'gateway', ...during, errorRatio: 0.3 }];
    const last = runChain({ ...CALM, faults })[2];
    expect(errorOrigin('gateway', last?.calls ?? [])).toMatchObject({
      service: 'gateway',
      path: ['gateway'],
    });
  });

  test.each(['bank', 'payments'])('%s is slow: the time is its own, not its callers', (who) => {
    const faults = [{ service: who, ...during, slowdown: 8 }];
    const [before, , now] = runChain({ ...CALM, faults });
    const verdict = blame({
      before: ownTimes(before),
      now: ownTimes(now),
      as: 'additive',
      requests: { before: before?.requests ?? 0, now: now?.requests ?? 0 },
    });
    expect(verdict.verdict).toBe('one');
    expect(verdict.parts[0]?.id).toBe(who);
    expect(verdict.parts[0]?.share).toBeGreaterThan(0.9);
  });

  test('time-outs of a slow bank are errors, and the walk ends at the bank', () => {
    const faults = [{ service: 'bank', ...during, slowdown: 60 }];
    const scenario = { ...CALM, services: shop(1, 400), faults, timeoutMs: 1_000 };
    const last = runChain(scenario)[2];
    expect(errorOrigin('gateway', last?.calls ?? []).path).toEqual([
      'gateway',
      'checkout',
      'payments',
      'bank',
    ]);
  });
});

describe('retries', () => {
  const dead = { service: 'bank', fromMs: 0, toMs: 3 * MINUTE, errorRatio: 1 };
  const calls = (scenario: Partial<ChainScenario>) =>
    amplification(
      runChain({ ...CALM, load: constant(5), windowMs: 3 * MINUTE, faults: [dead], ...scenario }),
      'bank',
    );

  test('multiply along the chain: 3 on each of 3 calls make 27', () => {
    expect(calls({})).toBeCloseTo(1, 1);
    expect(calls({ services: shop(3) })).toBeGreaterThan(26);
    expect(calls({ services: shop(3) })).toBeLessThanOrEqual(27.5);
  });

  test('in one place alone they only add up', () => {
    const services = shop().map((each) =>
      each.name === 'payments' ? { ...each, attempts: 3 } : each,
    );
    expect(calls({ services })).toBeCloseTo(3, 1);
    expect(calls({ clientAttempts: 3 })).toBeCloseTo(3, 1);
  });

  test('no retry is made that cannot end in time', () => {
    const budget = { services: shop(3), deadlineMs: 400 };
    expect(calls(budget)).toBeLessThan(27 / 2);
    expect(calls({ ...budget, backoffMs: 400 })).toBeLessThan(1.05);
  });
});

/*
 *   0 ........ 1 min ......... 2 min ................... 6 min
 *   calm       bank is slow    bank is well again
 */
describe('an overload that feeds itself', () => {
  const storm: ChainScenario = {
    ...CALM,
    services: shop(3, 10).map((each) => (each.name === 'bank' ? { ...each, workers: 3 } : each)),
    load: constant(60),
    durationMs: 6 * MINUTE,
    clientAttempts: 3,
    timeoutMs: 300,
    faults: [{ service: 'bank', fromMs: MINUTE, toMs: 2 * MINUTE, slowdown: 5 }],
  };
  const without = runChain(storm);
  const withBudget = runChain({ ...storm, deadlineMs: 600 });

  test('outlives its cause where retries go on and nobody knows who has gone', () => {
    expect(succeeded(without[0])).toBeGreaterThan(0.95);
    expect(succeeded(without[1])).toBeLessThan(0.5);
    expect(succeeded(without[5])).toBeLessThan(0.05);
    // It works as hard as ever, for clients that have gone.
    expect(wasted(without[5], 'gateway')).toBeGreaterThan(0.95);
  });

  test('a budget that travels with the call ends it', () => {
    expect(succeeded(withBudget[0])).toBeGreaterThan(0.95);
    expect(succeeded(withBudget[5])).toBeGreaterThan(0.95);
    expect(wasted(withBudget[5], 'gateway')).toBeLessThan(0.05);
  });
});

describe('nonsense is refused', () => {
  const [gateway, ...others] = shop() as [ChainService, ...ChainService[]];
  test.each([
    ['services', { services: [] }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['durationMs', { durationMs: Number.NaN }],
    ['gateway.workers', { services: [{ ...gateway, workers: 0 }, ...others] }],
    ['gateway.meanServiceMs', { services: [{ ...gateway, meanServiceMs: -1 }, ...others] }],
    ['gateway.calls', { services: [{ ...gateway, calls: ['nobody'] }] }],
    ['gateway.calls', { services: [{ ...gateway, calls: ['gateway'] }] }],
  ] as const)('%s: %o', (field, more) => {
    expect(() => runChain({ ...CALM, ...more })).toThrowError(new RegExp(`^${field} is `));
  });
});
