import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { type DeadlineConfig, type DeadlineInput, deadlineBudget } from './deadline-budget.ts';

const T = 1_000_000;
const EXACT = { budgetMs: 1_000, reserveMs: 100, networkMs: 10, minMs: 20 };

function ask(
  config: Partial<DeadlineConfig>,
  ...asks: (readonly [atMs: number, input?: Omit<DeadlineInput, 'nowMs'>])[]
) {
  let state = deadlineBudget.init({ startedMs: T, ...EXACT, ...config });
  return asks.map(([atMs, input = {}]) => {
    const step = deadlineBudget.step(state, { nowMs: T + atMs, ...input });
    state = step.state;
    return step.output;
  });
}

test('the last call has all that is left but the reserve', () => {
  const [output] = ask({}, [200]);
  expect(output).toEqual({
    value: true,
    reason: 'deadline-share',
    terms: {
      budgetMs: 1_000,
      remainingMs: 800,
      reserveMs: 100,
      timeoutMs: 700,
      minMs: 20,
      networkMs: 10,
    },
    waitMs: 0,
    timeoutMs: 700,
    passOnMs: 690,
  });
  expect(explain(output!)).toBe('Of 800 ms that are left the call has 700 ms.');
});

test('each call gets its share by weight; what one leaves over goes to the next', () => {
  const outputs = ask(
    {},
    [0, { weight: 2, laterWeight: 1 }],
    [100, { laterWeight: 0 }],
    [600, { weight: 7 }],
  );
  expect(outputs.map((each) => each.timeoutMs)).toEqual([600, 800, 300]);
});

test('tries share what the call has', () => {
  const outputs = ask({}, [0, { tries: 3 }], [300, { tries: 2 }], [600, { tries: 1 }]);
  expect(outputs.map((each) => each.timeoutMs)).toEqual([300, 300, 300]);
});

test('a call that would get less than the minimum and the network is not made', () => {
  const [enough, short, nothing] = ask({}, [870], [870.5], [950]);
  expect(enough).toMatchObject({ value: true, timeoutMs: 30, passOnMs: 20 });
  expect(short).toMatchObject({
    value: false,
    reason: 'deadline-too-short',
    timeoutMs: null,
    passOnMs: null,
    waitMs: null,
    terms: { timeoutMs: 29.5 },
  });
  expect(nothing).toMatchObject({ reason: 'deadline-too-short', terms: { timeoutMs: 0 } });
});

test('when the time is over it says so', () => {
  const [before, at, after] = ask({ reserveMs: 0 }, [999], [1_000], [5_000]);
  expect(before?.reason).toBe('deadline-too-short');
  expect(at).toMatchObject({ value: false, reason: 'deadline-passed', terms: { remainingMs: 0 } });
  expect(after?.terms.remainingMs).toBe(0);
  expect(explain(after!)).toBe('The 1 s of the request are over.');
});

test('a clock that goes back gives nothing back; a leap is spent', () => {
  const outputs = ask({}, [300], [-5_000], [-4_900], [-4_400]);
  expect(outputs.map((each) => each.timeoutMs)).toEqual([600, 600, 500, null]);
  expect(ask({}, [-500], [0])[1]?.timeoutMs).toBe(400);
});

test('a retune keeps what is spent', () => {
  const { state } = deadlineBudget.step(deadlineBudget.init({ startedMs: T, ...EXACT }), {
    nowMs: T + 400,
  });
  const longer = deadlineBudget.retune(state, { startedMs: T, ...EXACT, budgetMs: 2_000 });
  expect(deadlineBudget.step(longer, { nowMs: T + 400 }).output.timeoutMs).toBe(1_500);
});

describe('configuration', () => {
  test('defaults', () => {
    expect(deadlineBudget.init({ startedMs: T })).toEqual({
      config: { startedMs: T, budgetMs: 30_000, reserveMs: 50, networkMs: 5, minMs: 10 },
      lastMs: T,
      spentMs: 0,
    });
  });

  test.each([
    [{ startedMs: Number.NaN }, 'startedMs'],
    [{ budgetMs: 0 }, 'budgetMs'],
    [{ reserveMs: -1 }, 'reserveMs'],
    [{ networkMs: -1 }, 'networkMs'],
    [{ minMs: 0 }, 'minMs'],
  ])('refuses %j', (config, field) => {
    expect(() => deadlineBudget.init({ startedMs: T, ...config })).toThrow(
      new RegExp(`^${field} is `),
    );
  });
});

/** A service that calls others one after the other, each with what it was passed on. */
interface Service {
  readonly workMs: number;
  readonly calls: readonly { readonly weight: number; readonly to: Service }[];
}

function serviceOf(depth: number): fc.Arbitrary<Service> {
  const call = fc.record({
    weight: fc.integer({ min: 1, max: 4 }),
    to: depth === 0 ? fc.constant({ workMs: 30, calls: [] }) : serviceOf(depth - 1),
  });
  return fc.record({
    workMs: fc.integer({ min: 0, max: 400 }),
    calls: fc.array(call, { maxLength: 3, size: 'max' }),
  });
}

/** Serves a request; the answer's instant. Callers give up at their time-out. */
function serve(service: Service, startedMs: number, budgetMs: number): number {
  const config = { ...EXACT, startedMs, budgetMs };
  let state = deadlineBudget.init(config);
  let nowMs = startedMs;
  service.calls.forEach(({ weight, to }, at) => {
    const laterWeight = service.calls.slice(at + 1).reduce((sum, each) => sum + each.weight, 0);
    const step = deadlineBudget.step(state, { nowMs, weight, laterWeight });
    state = step.state;
    const { timeoutMs, passOnMs } = step.output;
    if (timeoutMs === null || passOnMs === null) return;
    expect(passOnMs).toBeGreaterThanOrEqual(EXACT.minMs);
    expect(passOnMs).toBeLessThan(budgetMs);
    const backMs = serve(to, nowMs + EXACT.networkMs / 2, passOnMs) + EXACT.networkMs / 2;
    nowMs = Math.min(nowMs + timeoutMs, backMs);
  });
  expect(nowMs - startedMs).toBeLessThanOrEqual(Math.max(0, budgetMs - EXACT.reserveMs) + 1e-6);
  return nowMs + service.workMs;
}

test('at any depth the calls end before the reserve begins', () => {
  fc.assert(
    fc.property(serviceOf(3), fc.integer({ min: 1, max: 3_000 }), (service, budgetMs) => {
      serve(service, T, budgetMs);
    }),
  );
});
