import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { Bench, START_MS } from './breaker.fixture.ts';
import { breakerFigures } from './breaker.ts';

/** Only the rule under test. */
const RATIO = { failures: null, slowRatioAbove: null };
const SLOW = { failures: null, failureRatioAbove: null };
const COUNT = { failureRatioAbove: null, slowRatioAbove: null, adaptive: false };

describe('closed', () => {
  test('opens on the fifth failure, not on the fourth', () => {
    const bench = new Bench();
    expect(bench.calls('xxxx')).toMatchObject({ value: true, reason: 'result-counted' });
    expect(bench.kind).toBe('closed');
    const output = bench.calls('x');
    expect(output).toMatchObject({
      value: true,
      reason: 'circuit-failures',
      terms: { failures: 5, calls: 5, threshold: 5 },
      circuit: 'open',
      transitions: [{ from: 'closed', to: 'open', cause: 'circuit-failures', atMs: START_MS }],
    });
    expect(explain(output)).toBe('5 of the last 5 calls failed, 5 are enough to open the circuit.');
  });

  test('the count rule looks at the last ten calls only', () => {
    const bench = new Bench(COUNT);
    bench.calls('xxxx......');
    expect(bench.calls('x').reason).toBe('result-counted');
    expect(bench.kind).toBe('closed');
    // Four of the last ten: the first three have been pushed out.
    expect(bench.calls('xxx').reason).toBe('result-counted');
    expect(bench.calls('x')).toMatchObject({
      reason: 'circuit-failures',
      terms: { failures: 5, calls: 10 },
    });
  });

  test('a failure counts for less than 60 s', () => {
    const at = (gapMs: number) => {
      const bench = new Bench(COUNT);
      bench.calls('xxxx');
      bench.wait(gapMs).calls('x');
      return bench.kind;
    };
    expect(at(59_999)).toBe('open');
    expect(at(60_000)).toBe('closed');
  });

  test('opens when more than half of at least ten calls failed', () => {
    expect(new Bench(RATIO).calls('x.x.x.x.x.').reason).toBe('result-counted');
    const bench = new Bench(RATIO);
    expect(bench.calls('xxxxxx...').reason).toBe('result-counted');
    expect(bench.calls('.')).toMatchObject({
      reason: 'circuit-failure-ratio',
      terms: { failures: 6, calls: 10, ratio: 0.6, above: 0.5 },
      circuit: 'open',
    });
  });

  test('a ratio over time looks back 60 s and at most a twelfth further', () => {
    const at = (gapMs: number) => {
      const bench = new Bench({ ...RATIO, minCalls: 6 });
      bench.calls('xxxxx');
      bench.wait(gapMs).calls('x');
      return bench.kind;
    };
    // START_MS is a multiple of 5 s: the part it begins leaves after 65 s.
    expect(at(64_999)).toBe('open');
    expect(at(65_000)).toBe('closed');
  });

  test('a ratio over calls looks back on the last ones', () => {
    const bench = new Bench({ ...RATIO, ratioWindow: 'calls', lastCalls: 4, minCalls: 4 });
    bench.calls('.........x');
    expect(bench.calls('x').reason).toBe('result-counted');
    expect(bench.calls('x')).toMatchObject({
      reason: 'circuit-failure-ratio',
      terms: { failures: 3, calls: 4 },
    });
    const forgetful = new Bench({ ...RATIO, ratioWindow: 'calls', lastCalls: 4, minCalls: 4 });
    forgetful.calls('..xx');
    expect(forgetful.wait(60_000).calls('xxx').reason).toBe('result-counted');
    expect(forgetful.calls('x').reason).toBe('circuit-failure-ratio');
  });

  test('opens when more than half of the calls were slower than 1 s', () => {
    expect(new Bench(SLOW).calls('s.s.s.s.s.').reason).toBe('result-counted');
    const bench = new Bench(SLOW);
    bench.calls('ssssss...');
    const output = bench.calls('.');
    expect(output).toMatchObject({
      reason: 'circuit-slow-ratio',
      terms: { slow: 6, calls: 10, ratio: 0.6, above: 0.5, slowMs: 1_000 },
    });
    expect(explain(output)).toBe(
      '6 of 10 calls took longer than 1 s, more than the share of 0.5 that opens the circuit.',
    );
  });

  test('exactly 1 s is not slow, and an unknown duration is not either', () => {
    const bench = new Bench();
    bench.end(bench.begin(), 'ok', 1_000);
    bench.end(bench.begin(), 'ok', null);
    expect(bench.state.stats.slow).toBe(0);
    bench.end(bench.begin(), 'error', 1_000.5);
    expect(bench.state.stats).toMatchObject({ slow: 1, failed: 1, succeeded: 2 });
  });

  test('rules that are off never open', () => {
    const bench = new Bench({ failures: null, failureRatioAbove: null, slowRatioAbove: null });
    bench.calls('x'.repeat(50) + 's'.repeat(50));
    expect(bench.kind).toBe('closed');
  });
});

describe('adaptive threshold', () => {
  const config = { failureRatioAbove: null, slowRatioAbove: null, lastCalls: 5 };
  const thresholdAfter = (calls: string, more = {}) => {
    const bench = new Bench({ ...config, ...more });
    bench.calls(calls);
    return breakerFigures(bench.state, bench.nowMs).threshold;
  };

  test('one less while more than ten failures lie in the window', () => {
    const pairs = (count: number) => 'x....'.repeat(count);
    expect(thresholdAfter(pairs(10))).toBe(5);
    expect(thresholdAfter(pairs(11))).toBe(4);
  });

  test('one less while p99 is above slowMs: more than 1 % of at least ten calls', () => {
    expect(thresholdAfter(`s${'.'.repeat(8)}`)).toBe(5);
    expect(thresholdAfter(`s${'.'.repeat(9)}`)).toBe(4);
    expect(thresholdAfter(`s${'.'.repeat(98)}`)).toBe(4);
    expect(thresholdAfter(`s${'.'.repeat(99)}`)).toBe(5);
    expect(thresholdAfter(`ss${'.'.repeat(98)}`)).toBe(4);
  });

  test('never below three', () => {
    const both = `${'x....'.repeat(11)}ssss`;
    expect(thresholdAfter(both)).toBe(3);
    expect(thresholdAfter(both, { failures: 4 })).toBe(3);
    expect(thresholdAfter(both, { failures: 3 })).toBe(3);
    expect(thresholdAfter(both, { failures: 2 })).toBe(2);
    expect(thresholdAfter(both, { lowestFailures: 4 })).toBe(4);
    expect(thresholdAfter(both, { adaptive: false })).toBe(5);
    expect(thresholdAfter(both, { failures: null })).toBeNull();
  });

  test('comes back by itself when the window has forgotten', () => {
    const bench = new Bench(config);
    bench.calls('x....'.repeat(11));
    expect(breakerFigures(bench.state, bench.nowMs + 64_999).threshold).toBe(4);
    expect(breakerFigures(bench.state, bench.nowMs + 65_000).threshold).toBe(5);
  });

  test('opens sooner by it', () => {
    const bench = new Bench(config);
    bench.calls('x....'.repeat(11));
    expect(bench.calls('xxx').reason).toBe('result-counted');
    expect(bench.calls('x')).toMatchObject({
      reason: 'circuit-failures',
      terms: { failures: 4, calls: 5, threshold: 4 },
    });
  });
});

describe('open', () => {
  test('refuses with the wait that is left and the fallback; probes go after 60 s', () => {
    const bench = new Bench({ fallback: 'last known answer' }).open();
    expect(bench.wait(20_000).ask()).toMatchObject({
      value: false,
      reason: 'circuit-open',
      waitMs: 40_000,
      ticket: null,
      circuit: 'open',
      fallback: 'last known answer',
    });
    expect(bench.wait(39_999).ask()).toMatchObject({ value: false, waitMs: 1 });
    expect(bench.wait(1).ask()).toMatchObject({
      value: true,
      reason: 'circuit-probe',
      ticket: { generation: 3, probe: 1 },
      circuit: 'half-open',
      transitions: [{ from: 'open', to: 'half-open', cause: 'circuit-trial' }],
    });
  });

  test('30 s for a remote callee; no fallback unless given', () => {
    const bench = new Bench({ remote: true }).open();
    expect(bench.ask()).toMatchObject({ waitMs: 30_000, fallback: null });
    expect(new Bench({ remote: true, openMs: 7_000 }).open().ask().waitMs).toBe(7_000);
  });

  test('lasts longer each time without a closing, up to the limit', () => {
    const bench = new Bench({ openMs: 1_000, openFactor: 3, maxOpenMs: 20_000 }).open();
    const waits: (number | null)[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { waitMs } = bench.ask();
      waits.push(waitMs);
      bench.wait(waitMs ?? 0);
      bench.end(bench.begin(), 'error');
    }
    expect(waits).toEqual([1_000, 3_000, 9_000, 20_000, 20_000]);
    bench.wait(20_000);
    bench.end(bench.begin(), 'ok');
    bench.end(bench.begin(), 'ok');
    expect(bench.kind).toBe('closed');
    expect(bench.open().ask().waitMs).toBe(1_000);
  });

  test('time alone is enough: a tick shows half-open', () => {
    const bench = new Bench().open();
    expect(bench.wait(59_999).send({ kind: 'tick' }).circuit).toBe('open');
    expect(bench.wait(1).send({ kind: 'tick' })).toMatchObject({
      circuit: 'half-open',
      reason: 'circuit-trial',
    });
  });
});

describe('half-open', () => {
  const trying = (config = {}) => new Bench(config).open().wait(60_000);

  test('three probes are let through, no more', () => {
    const bench = trying();
    for (const probe of [1, 2, 3]) {
      expect(bench.ask()).toMatchObject({ value: true, ticket: { probe } });
    }
    expect(bench.ask()).toMatchObject({
      value: false,
      reason: 'circuit-probes-out',
      waitMs: null,
      terms: { probes: 3, out: 3, successes: 0 },
    });
  });

  test('old failures do not use up the quota, round after round', () => {
    const bench = trying();
    for (let round = 0; round < 5; round += 1) {
      bench.end(bench.begin(), 'error');
      bench.wait(60_000);
    }
    bench.end(bench.begin(), 'ok');
    expect(bench.kind).toBe('half-open');
    expect(bench.end(bench.begin(), 'ok')).toMatchObject({
      reason: 'circuit-recovered',
      terms: { successes: 2, closeAfter: 2 },
      circuit: 'closed',
    });
  });

  test('closes on the second success and starts with an empty window', () => {
    const bench = trying();
    const [a, b, c] = [bench.begin(), bench.begin(), bench.begin()];
    expect(bench.end(a, 'ok')).toMatchObject({
      reason: 'circuit-probe-succeeded',
      circuit: 'half-open',
    });
    expect(bench.ask()).toMatchObject({ value: false, terms: { out: 2, successes: 1 } });
    expect(bench.end(c, 'ok').circuit).toBe('closed');
    // The third one began while half-open: its failure says nothing about now.
    expect(bench.end(b, 'error')).toMatchObject({ value: false, reason: 'result-late' });
    expect(breakerFigures(bench.state, bench.nowMs)).toMatchObject({ calls: 0, threshold: 5 });
    expect(bench.calls('xxxx').circuit).toBe('closed');
  });

  test('any failure opens it again', () => {
    const bench = trying({ closeAfter: 3 });
    const [a, b, c] = [bench.begin(), bench.begin(), bench.begin()];
    bench.end(a, 'ok');
    bench.end(b, 'ok');
    expect(bench.end(c, 'error')).toMatchObject({
      reason: 'circuit-probe-failed',
      circuit: 'open',
      transitions: [{ from: 'half-open', to: 'open', cause: 'circuit-probe-failed' }],
    });
    expect(bench.ask().waitMs).toBe(60_000);
  });

  test('a probe that never comes back opens it again after 30 s', () => {
    const bench = trying();
    bench.begin();
    bench.wait(10_000).begin();
    expect(bench.wait(19_999).send({ kind: 'tick' }).circuit).toBe('half-open');
    const output = bench.wait(1).ask();
    expect(output).toMatchObject({
      value: false,
      reason: 'circuit-open',
      waitMs: 60_000,
      transitions: [{ from: 'half-open', to: 'open', cause: 'circuit-probe-lost' }],
    });
  });

  test('an ignored outcome gives its place back', () => {
    const bench = trying({ probes: 1, closeAfter: 1 });
    expect(bench.end(bench.begin(), 'cancelled')).toMatchObject({
      value: true,
      reason: 'result-ignored',
      circuit: 'half-open',
    });
    expect(bench.end(bench.begin(), 'ok').circuit).toBe('closed');
  });

  test('a probe answers once', () => {
    const bench = trying();
    const probe = bench.begin();
    bench.end(probe, 'ok');
    expect(bench.end(probe, 'ok')).toMatchObject({ value: false, reason: 'result-late' });
    expect(bench.kind).toBe('half-open');
  });

  test('a slow probe failed, where slow calls open the circuit', () => {
    const slow = trying();
    expect(slow.end(slow.begin(), 'ok', 1_001).circuit).toBe('open');
    const fast = trying({ slowRatioAbove: null });
    expect(fast.end(fast.begin(), 'ok', 1_001).circuit).toBe('half-open');
  });
});

describe('generations', () => {
  test('what began before the opening counts neither while open nor half-open', () => {
    const bench = new Bench();
    const early = Array.from({ length: 4 }, () => bench.begin());
    bench.open();
    expect(bench.end(early[0]!, 'ok')).toMatchObject({ value: false, reason: 'result-late' });
    bench.wait(60_000).begin();
    expect(bench.end(early[1]!, 'ok')).toMatchObject({ reason: 'result-late' });
    expect(bench.end(early[2]!, 'error')).toMatchObject({ circuit: 'half-open' });
    expect(bench.state.circuit).toMatchObject({ successes: 0 });
    expect(bench.state.stats.late).toBe(3);
  });
});

describe('outcomes', () => {
  test('a wrong call is no failure of the callee, a cancelled one says nothing', () => {
    const bench = new Bench();
    for (const outcome of ['ok', 'client-error', 'cancelled', 'timeout', 'constructor']) {
      bench.end(bench.begin(), outcome);
    }
    expect(bench.state.stats).toMatchObject({ succeeded: 2, ignored: 1, failed: 2 });
    expect(breakerFigures(bench.state, bench.nowMs)).toMatchObject({
      calls: 4,
      failureRatio: 0.5,
      slowRatio: 0,
    });
  });

  test('the table is the user’s', () => {
    const bench = new Bench({ outcomes: { ok: 'failure', error: 'success', odd: 'ignored' } });
    bench.end(bench.begin(), 'odd');
    expect(bench.calls('xxxxx').circuit).toBe('closed');
    expect(bench.calls('.....').circuit).toBe('open');
  });
});
