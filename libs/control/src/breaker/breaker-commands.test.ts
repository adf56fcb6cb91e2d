import { describe, expect, test } from 'vitest';
import { Bench } from './breaker.fixture.ts';
import { breakerFigures, circuitBreaker } from './breaker.ts';
import { breakerSettings } from './breaker-config.ts';

/** Only the rule under test. */
const RATIO = { failures: null, slowRatioAbove: null };
const COUNT = { failureRatioAbove: null, slowRatioAbove: null, adaptive: false };

describe('by hand', () => {
  test('forced open refuses without end, and tries first when let go', () => {
    const bench = new Bench();
    expect(bench.send({ kind: 'force', to: 'open' })).toMatchObject({
      value: true,
      reason: 'circuit-forced-open',
      circuit: 'forced-open',
    });
    expect(bench.wait(10 ** 9).ask()).toMatchObject({
      value: false,
      reason: 'circuit-forced-open',
      waitMs: null,
    });
    expect(bench.send({ kind: 'force', to: 'automatic' })).toMatchObject({
      circuit: 'half-open',
      transitions: [{ from: 'forced-open', to: 'half-open', cause: 'circuit-automatic' }],
    });
  });

  test('forced closed lets everything pass and judges nothing', () => {
    const bench = new Bench().open();
    bench.send({ kind: 'force', to: 'closed' });
    expect(bench.calls('x'.repeat(30))).toMatchObject({
      reason: 'result-counted',
      circuit: 'forced-closed',
    });
    expect(bench.ask().reason).toBe('circuit-forced-closed');
    bench.send({ kind: 'force', to: 'automatic' });
    expect(bench.calls('xxxx').circuit).toBe('closed');
    expect(bench.state.reopened).toBe(0);
  });

  test('metrics-only says what it would do and does not do it', () => {
    const bench = new Bench();
    bench.send({ kind: 'force', to: 'metrics-only' });
    expect(bench.calls('xxxxx')).toMatchObject({
      reason: 'circuit-failures',
      circuit: 'metrics-only',
      transitions: [],
    });
    expect(bench.ask()).toMatchObject({ value: true, reason: 'circuit-metrics-only' });
    expect(bench.state.stats.opened).toBe(0);
    expect(breakerFigures(bench.state, bench.nowMs)).toMatchObject({ calls: 5, threshold: 5 });
    bench.send({ kind: 'force', to: 'automatic' });
    expect(breakerFigures(bench.state, bench.nowMs)).toMatchObject({ circuit: 'closed', calls: 0 });
  });

  test('automatic leaves a circuit alone that was not forced', () => {
    const bench = new Bench().open();
    const output = bench.send({ kind: 'force', to: 'automatic' });
    expect(output).toMatchObject({ value: true, circuit: 'open', transitions: [] });
  });

  test('a reset closes it, forgets its results and keeps its totals', () => {
    const bench = new Bench({ openFactor: 2 }).open().wait(60_000);
    bench.end(bench.begin(), 'error');
    expect(bench.ask().waitMs).toBe(120_000);
    expect(bench.send({ kind: 'reset' })).toMatchObject({
      value: true,
      reason: 'circuit-reset',
      circuit: 'closed',
      transitions: [{ from: 'open', to: 'closed', cause: 'circuit-reset' }],
    });
    expect(bench.calls('xxxx').circuit).toBe('closed');
    expect(bench.state.stats).toMatchObject({ failed: 10, opened: 2 });
    expect(bench.calls('x').circuit).toBe('open');
    expect(bench.ask().waitMs).toBe(60_000);
  });
});

describe('a clock that goes back', () => {
  test('an open circuit waits its time from now, not until the old time comes again', () => {
    const bench = new Bench().open().wait(-3_600_000);
    expect(bench.ask().waitMs).toBe(60_000);
    expect(bench.wait(60_000).ask().value).toBe(true);
  });

  test('results from ahead count as of now, in both windows', () => {
    const count = new Bench(COUNT);
    count.calls('xxxx');
    count.wait(-3_600_000).send({ kind: 'tick' });
    expect(count.wait(59_999).calls('x').circuit).toBe('open');
    const ratio = new Bench({ ...RATIO, minCalls: 6 });
    ratio.calls('xx');
    ratio.wait(30_000).calls('xxx');
    ratio.wait(-3_600_000).send({ kind: 'tick' });
    expect(breakerFigures(ratio.state, ratio.nowMs).calls).toBe(5);
    expect(breakerFigures(ratio.state, ratio.nowMs + 65_000).calls).toBe(0);
  });

  test('a probe that is out has its time from now', () => {
    const bench = new Bench().open().wait(60_000);
    bench.begin();
    bench.wait(-3_600_000).send({ kind: 'tick' });
    expect(bench.wait(29_999).send({ kind: 'tick' }).circuit).toBe('half-open');
    expect(bench.wait(1).send({ kind: 'tick' }).circuit).toBe('open');
  });

  test('openings from ahead are of now', () => {
    const bench = new Bench().open();
    bench.wait(-3_600_000).send({ kind: 'tick' });
    expect(breakerFigures(bench.state, bench.nowMs + 59_999).tripsPerMinute).toBe(1);
    expect(breakerFigures(bench.state, bench.nowMs + 60_000).tripsPerMinute).toBe(0);
  });
});

test('stats and figures tell what happened', () => {
  const bench = new Bench({ openMs: 1_000 });
  bench.calls('.s');
  bench.open();
  bench.ask();
  bench.wait(1_000);
  bench.end(bench.begin(), 'error');
  expect(bench.state.stats).toEqual({
    admitted: 8,
    refused: 1,
    succeeded: 2,
    failed: 6,
    slow: 1,
    ignored: 0,
    late: 0,
    opened: 2,
  });
  expect(breakerFigures(bench.state, bench.nowMs)).toEqual({
    circuit: 'open',
    calls: 0,
    failureRatio: null,
    slowRatio: null,
    threshold: null,
    tripsPerMinute: 2,
  });
});

test('remembers the latest sixteen openings', () => {
  const bench = new Bench({ openMs: 1_000 }).open();
  for (let round = 0; round < 20; round += 1) {
    bench.wait(1_000);
    bench.end(bench.begin(), 'error');
  }
  expect(bench.state.openings).toHaveLength(16);
  expect(bench.state.openings.at(-1)).toBe(bench.nowMs);
});

test('a new window length keeps the counts as if they had come last', () => {
  const bench = new Bench(RATIO);
  bench.calls('xxxxxx...');
  for (const windowMs of [600_000, 6_000]) {
    const state = circuitBreaker.retune(bench.state, { ...RATIO, windowMs });
    expect(breakerFigures(state, bench.nowMs)).toMatchObject({ calls: 9, failureRatio: 6 / 9 });
    expect(breakerFigures(state, bench.nowMs + 2 * windowMs).calls).toBe(0);
  }
});

describe('configuration', () => {
  test('the defaults of the mission', () => {
    expect(breakerSettings({})).toMatchObject({
      failures: 5,
      lastCalls: 10,
      failureRatioAbove: 0.5,
      slowRatioAbove: 0.5,
      windowMs: 60_000,
      minCalls: 10,
      probes: 3,
      closeAfter: 2,
      openMs: 60_000,
      lowestFailures: 3,
      clusterAbove: 10,
    });
    expect(breakerSettings({ openMs: 900_000 }).maxOpenMs).toBe(900_000);
  });

  test.each([
    [{ failures: 0 }, 'failures'],
    [{ failures: 11 }, 'failures'],
    [{ failures: 2.5 }, 'failures'],
    [{ lastCalls: 65 }, 'lastCalls'],
    [{ lastCalls: 0 }, 'lastCalls'],
    [{ failureRatioAbove: 1.1 }, 'failureRatioAbove'],
    [{ slowRatioAbove: Number.NaN }, 'slowRatioAbove'],
    [{ slowMs: 0 }, 'slowMs'],
    [{ ratioWindow: 'both' as never }, 'ratioWindow'],
    [{ windowMs: 0 }, 'windowMs'],
    [{ minCalls: 0 }, 'minCalls'],
    [{ ratioWindow: 'calls' as const, minCalls: 11 }, 'minCalls'],
    [{ lowestFailures: 2 }, 'lowestFailures'],
    [{ clusterAbove: -1 }, 'clusterAbove'],
    [{ probes: 0 }, 'probes'],
    [{ probes: 101 }, 'probes'],
    [{ closeAfter: 4 }, 'closeAfter'],
    [{ closeAfter: 0 }, 'closeAfter'],
    [{ probeTimeoutMs: 0 }, 'probeTimeoutMs'],
    [{ openMs: -1 }, 'openMs'],
    [{ openFactor: 0.9 }, 'openFactor'],
    [{ openFactor: Number.POSITIVE_INFINITY }, 'openFactor'],
    [{ maxOpenMs: 59_999 }, 'maxOpenMs'],
    [{ outcomes: { odd: 'maybe' as never } }, 'outcomes.odd'],
  ])('refuses %j', (config, field) => {
    expect(() => circuitBreaker.init(config)).toThrow(new RegExp(`^${field} is `));
  });

  test('accepts the bounds themselves', () => {
    const config = {
      failures: 64,
      lastCalls: 64,
      failureRatioAbove: 0,
      slowRatioAbove: 1,
      minCalls: 64,
      ratioWindow: 'calls' as const,
      clusterAbove: 0,
      probes: 100,
      closeAfter: 100,
      openFactor: 1,
      maxOpenMs: 60_000,
    };
    expect(breakerSettings(config)).toMatchObject(config);
  });
});
