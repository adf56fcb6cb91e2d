import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from '../explain.ts';
import { setAt } from '../persistent/table.ts';
import { type SingleFlightConfig, singleFlight } from './single-flight.ts';

const T = 1_000_000;

class Bench {
  state;
  nowMs = T;

  constructor(config: SingleFlightConfig = {}) {
    this.state = singleFlight.init(config);
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  ask(key = 'k') {
    const step = singleFlight.step(this.state, { kind: 'ask', nowMs: this.nowMs, key });
    this.state = step.state;
    return step.output;
  }

  done(token: number, key = 'k') {
    const step = singleFlight.step(this.state, { kind: 'done', nowMs: this.nowMs, key, token });
    this.state = step.state;
    return step.output;
  }
}

test('the first leads, the others follow', () => {
  const bench = new Bench();
  expect(bench.ask()).toEqual({
    value: true,
    reason: 'flight-leader',
    terms: { token: 1, leaseMs: 10_000 },
    waitMs: 0,
    role: 'leader',
    token: 1,
  });
  const follower = bench.wait(4_000).ask();
  expect(follower).toEqual({
    value: false,
    reason: 'flight-follower',
    terms: { followers: 1, waitMs: 6_000 },
    waitMs: 6_000,
    role: 'follower',
    token: null,
  });
  expect(explain(follower)).toBe('Somebody fetches this already; 1 wait, at most 6 s.');
  expect(bench.ask().terms.followers).toBe(2);
});

test('keys fly apart, whatever their names', () => {
  const bench = new Bench();
  const keys = ['a', 'b', '', '__proto__', 'constructor'];
  expect(keys.map((key) => bench.ask(key).token)).toEqual([1, 2, 3, 4, 5]);
  expect(keys.map((key) => bench.ask(key).role)).toEqual(keys.map(() => 'follower'));
});

test('when it is done the next to ask leads, with a larger token', () => {
  const bench = new Bench();
  bench.ask();
  bench.ask();
  expect(bench.done(1)).toMatchObject({
    value: true,
    reason: 'flight-done',
    terms: { followers: 1 },
    role: null,
    token: null,
  });
  expect(bench.ask()).toMatchObject({ role: 'leader', token: 2 });
});

test('a leader that is silent loses the lead exactly when its lease ends', () => {
  const bench = new Bench();
  bench.ask();
  expect(bench.wait(9_999).ask()).toMatchObject({ role: 'follower', waitMs: 1 });
  expect(bench.wait(1).ask()).toMatchObject({ role: 'leader', token: 2 });
  expect(bench.ask().terms.followers).toBe(1);
});

test('the answer of a leader that was replaced is not taken', () => {
  const bench = new Bench();
  bench.ask();
  bench.wait(10_000).ask();
  expect(bench.done(1)).toMatchObject({ value: false, reason: 'flight-not-leader' });
  expect(bench.ask().role).toBe('follower');
  expect(bench.done(2).value).toBe(true);
  expect(bench.done(2)).toMatchObject({ value: false, reason: 'flight-not-leader' });
});

test('a late leader whom nobody replaced is still the leader', () => {
  const bench = new Bench();
  bench.ask();
  expect(bench.wait(60_000).done(1).value).toBe(true);
});

test('more followers than allowed are turned away', () => {
  const bench = new Bench({ maxFollowers: 2 });
  bench.ask();
  bench.ask();
  expect(bench.ask().role).toBe('follower');
  expect(bench.wait(1_000).ask()).toEqual({
    value: false,
    reason: 'flight-crowded',
    terms: { followers: 2, waitMs: 9_000 },
    waitMs: 9_000,
    role: null,
    token: null,
  });
  expect(new Bench({ maxFollowers: 0 }).ask().role).toBe('leader');
});

test('a key without a place fetches alone; a place whose lease is over is taken', () => {
  const bench = new Bench({ maxKeys: 8, leaseMs: 5_000 });
  for (let key = 0; key < 8; key += 1) {
    expect(bench.ask(`key ${key}`).role).toBe('leader');
    bench.wait(100);
  }
  expect(bench.ask('ninth')).toMatchObject({
    value: true,
    reason: 'flight-alone',
    role: 'alone',
    token: null,
  });
  expect(bench.ask('key 3').role).toBe('follower');
  expect(bench.wait(4_199).ask('ninth').role).toBe('alone');
  expect(bench.wait(1).ask('ninth')).toMatchObject({ role: 'leader', token: 9 });
  expect(bench.ask('tenth').role).toBe('alone');
  expect(bench.done(5, 'key 4').value).toBe(true);
  expect(bench.ask('tenth')).toMatchObject({ role: 'leader', token: 10 });
});

test('a key whose own lease is over leads again in a full set', () => {
  const bench = new Bench({ maxKeys: 8, leaseMs: 5_000 });
  for (let key = 0; key < 8; key += 1) bench.ask(`key ${key}`);
  expect(bench.wait(5_000).ask('key 7').token).toBe(9);
  expect(setAt(bench.state.flights, 0).keys).toHaveLength(8);
});

test('when the clock goes back nobody waits longer than one lease', () => {
  const bench = new Bench();
  bench.ask();
  expect(bench.wait(-3_600_000).ask().waitMs).toBe(10_000);
  expect(bench.wait(9_999).ask().waitMs).toBe(1);
  expect(bench.wait(1).ask().role).toBe('leader');
});

describe('configuration', () => {
  test('defaults', () => {
    const { config, flights } = singleFlight.init({});
    expect(config).toEqual({ leaseMs: 10_000, maxFollowers: 1_000 });
    expect(flights.width ** flights.depth * 8).toBeGreaterThanOrEqual(4_000);
  });

  test.each([
    [{ leaseMs: 0 }, 'leaseMs'],
    [{ maxFollowers: -1 }, 'maxFollowers'],
    [{ maxFollowers: 0.5 }, 'maxFollowers'],
    [{ maxKeys: 0 }, 'maxKeys'],
    [{ seed: 0.5 }, 'seed'],
  ])('refuses %j', (config, field) => {
    expect(() => singleFlight.init(config)).toThrow(new RegExp(`^${field} is `));
  });
});

test('one leader a key at any time, and what a map of leases says', () => {
  const steps = fc.array(
    fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      act: fc.constantFrom('ask', 'ask', 'done'),
      token: fc.nat({ max: 3 }),
    }),
    { maxLength: 150, size: 'max' },
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      const bench = new Bench({ leaseMs: 4_000, maxFollowers: 3 });
      const flights = new Map<string, { token: number; untilMs: number; followers: number }>();
      let tokens = 0;
      for (const { gapMs, key, act, token } of sequence) {
        bench.wait(gapMs);
        const flight = flights.get(key);
        if (act === 'done') {
          const said = tokens - token;
          const accepted = flight !== undefined && flight.token === said;
          expect(bench.done(said, key).value).toBe(accepted);
          if (accepted) flights.delete(key);
        } else if (flight === undefined || flight.untilMs <= bench.nowMs) {
          tokens += 1;
          flights.set(key, { token: tokens, untilMs: bench.nowMs + 4_000, followers: 0 });
          expect(bench.ask(key)).toMatchObject({ role: 'leader', token: tokens });
        } else {
          const room = flight.followers < 3;
          flight.followers += room ? 1 : 0;
          expect(bench.ask(key)).toMatchObject({
            value: false,
            role: room ? 'follower' : null,
            waitMs: flight.untilMs - bench.nowMs,
          });
        }
      }
    }),
  );
});
