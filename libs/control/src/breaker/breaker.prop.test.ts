import fc from 'fast-check';
import { expect, test } from 'vitest';
import { START_MS } from './breaker.fixture.ts';
import { circuitBreaker } from './breaker.ts';
import { type BreakerConfig, type BreakerSettings, breakerSettings } from './breaker-config.ts';
import type { BreakerInput, BreakerState, CircuitKind } from './circuit.ts';

interface Seen {
  readonly atMs: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

/** The rules as they are told, over every result since the circuit was closed. */
function wouldOpen(settings: BreakerSettings, seen: readonly Seen[], nowMs: number): boolean {
  const partMs = settings.windowMs / 12;
  const partOf = (atMs: number) => Math.floor(atMs / partMs);
  const timed = seen.filter((each) => partOf(each.atMs) >= partOf(nowMs) - 12);
  const recent = seen
    .slice(-settings.lastCalls)
    .filter((each) => each.atMs > nowMs - settings.windowMs);
  const failures = (of: readonly Seen[]) => of.filter((each) => each.failed).length;
  const slow = (of: readonly Seen[]) => of.filter((each) => each.slow).length;
  let threshold = settings.failures ?? Number.POSITIVE_INFINITY;
  if (settings.adaptive) {
    const clustered = failures(timed) > settings.clusterAbove;
    // The call at rank ceil(0.99 n), had the calls been sorted by their durations.
    const sorted = timed.map((each) => each.slow).toSorted((a, b) => Number(a) - Number(b));
    const p99Slow =
      timed.length >= settings.minCalls && sorted[Math.ceil(0.99 * timed.length) - 1] === true;
    threshold -= (clustered ? 1 : 0) + (p99Slow ? 1 : 0);
    threshold = Math.min(settings.failures ?? 0, Math.max(settings.lowestFailures, threshold));
  }
  const judged = settings.ratioWindow === 'time' ? timed : recent;
  const enough = judged.length >= settings.minCalls;
  const above = (count: number, share: number | null) =>
    share !== null && enough && count / judged.length > share;
  return (
    (settings.failures !== null && failures(recent) >= threshold) ||
    above(failures(judged), settings.failureRatioAbove) ||
    above(slow(judged), settings.slowRatioAbove)
  );
}

const share = fc.constantFrom(null, 0.2, 0.5, 0.75);
const configs = fc
  .record({
    failures: fc.constantFrom(null, 4, 5, 7),
    lastCalls: fc.integer({ min: 7, max: 20 }),
    failureRatioAbove: share,
    slowRatioAbove: share,
    ratioWindow: fc.constantFrom('time' as const, 'calls' as const),
    windowMs: fc.constantFrom(12_000, 60_000),
    minCalls: fc.integer({ min: 2, max: 7 }),
    adaptive: fc.boolean(),
    clusterAbove: fc.integer({ min: 0, max: 6 }),
  })
  .map((config): BreakerConfig => ({ ...config, adaptive: config.adaptive && !!config.failures }));
const results = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 70_000 })),
    failed: fc.constantFrom(false, false, true),
    slow: fc.constantFrom(false, false, true),
  }),
  { maxLength: 80, size: 'max' },
);

test('opens exactly when its rules, told the slow way, say so', () => {
  let opened = 0;
  fc.assert(
    fc.property(configs, results, (config, sequence) => {
      const settings = breakerSettings(config);
      let state = circuitBreaker.init(config);
      let nowMs = START_MS;
      const seen: Seen[] = [];
      for (const { gapMs, failed, slow } of sequence) {
        nowMs += gapMs;
        seen.push({ atMs: nowMs, failed, slow });
        const next = circuitBreaker.step(state, {
          kind: 'result',
          nowMs,
          ticket: { generation: state.generation, probe: null },
          outcome: failed ? 'error' : 'ok',
          durationMs: slow ? 1_500 : 20,
        });
        const open = wouldOpen(settings, seen, nowMs);
        expect(next.output.circuit).toBe(open ? 'open' : 'closed');
        if (open) {
          opened += 1;
          // Begin anew.
          state = circuitBreaker.step(next.state, { kind: 'reset', nowMs }).state;
          seen.length = 0;
        } else {
          state = next.state;
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(opened).toBeGreaterThan(300);
});

/** What a callee may do to a call, and a person to a breaker. */
const acts = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })),
    act: fc.constantFrom('ask', 'ask', 'ok', 'error', 'error', 'cancelled', 'lose'),
  }),
  { maxLength: 150, size: 'max' },
);
const QUICK = { openMs: 5_000, probeTimeoutMs: 4_000, failures: 3, closeAfter: 2 };

test('whatever the callee does: openings lie apart, probes are few, and health closes it', () => {
  fc.assert(
    fc.property(acts, (sequence) => {
      let state = circuitBreaker.init(QUICK);
      let nowMs = START_MS;
      const tickets: { generation: number; probe: number | null }[] = [];
      const openings: number[] = [];
      const send = (input: BreakerInput) => {
        const next = circuitBreaker.step(state, input);
        state = next.state;
        for (const { to, atMs } of next.output.transitions) {
          if (to === 'open') openings.push(atMs);
        }
        return next.output;
      };
      for (const { gapMs, act } of sequence) {
        nowMs += gapMs;
        if (act === 'ask') {
          const { ticket } = send({ kind: 'ask', nowMs });
          if (ticket !== null) tickets.push(ticket);
        } else if (act === 'lose') {
          tickets.shift();
        } else {
          const ticket = tickets.shift();
          if (ticket !== undefined) {
            send({ kind: 'result', nowMs, ticket, outcome: act, durationMs: 5 });
          }
        }
        if (state.circuit.kind === 'half-open') {
          const { out, successes } = state.circuit;
          expect(out.length + successes).toBeLessThanOrEqual(3);
        }
      }
      openings.slice(1).forEach((atMs, at) => {
        expect(atMs - (openings[at] as number)).toBeGreaterThanOrEqual(QUICK.openMs);
      });
      // Health: every call answers well from now on.
      nowMs += QUICK.openMs + QUICK.probeTimeoutMs;
      send({ kind: 'tick', nowMs });
      nowMs += QUICK.openMs;
      for (let call = 0; call < 2; call += 1) {
        const { ticket } = send({ kind: 'ask', nowMs });
        expect(ticket).not.toBeNull();
        send({ kind: 'result', nowMs, ticket: ticket!, outcome: 'ok', durationMs: 5 });
      }
      expect(state.circuit.kind).toBe('closed');
    }),
  );
});

const ALLOWED: { readonly [from in CircuitKind]: readonly CircuitKind[] } = {
  closed: ['closed', 'forced-closed', 'forced-open', 'metrics-only', 'open'],
  open: ['closed', 'forced-closed', 'forced-open', 'half-open', 'metrics-only'],
  'half-open': ['closed', 'forced-closed', 'forced-open', 'metrics-only', 'open'],
  'forced-open': ['closed', 'forced-closed', 'forced-open', 'half-open', 'metrics-only'],
  'forced-closed': ['closed', 'forced-closed', 'forced-open', 'metrics-only'],
  'metrics-only': ['closed', 'forced-closed', 'forced-open', 'metrics-only'],
};

/** All that can be told of a state but its totals and its absolute times. */
function keyOf({ circuit, lastMs, generation }: BreakerState): string {
  const now = lastMs ?? 0;
  switch (circuit.kind) {
    case 'closed':
    case 'metrics-only':
      return `${circuit.kind} ${circuit.window.last.map((call) => (call.failed ? 'x' : '.'))}`;
    case 'open':
      return `open ${circuit.untilMs - now}`;
    case 'half-open':
      return `half-open ${circuit.out.map((p) => `${p.id}:${now - p.atMs}`)} ${circuit.successes}`;
    default:
      return `${circuit.kind} ${generation > 0}`;
  }
}

test('every transition that can be reached is one that is allowed, and all of them are', () => {
  const config: BreakerConfig = {
    failures: 2,
    lastCalls: 3,
    failureRatioAbove: null,
    slowRatioAbove: null,
    adaptive: false,
    openMs: 2_000,
    probeTimeoutMs: 2_000,
    probes: 2,
  };
  const inputsFor = (state: BreakerState): BreakerInput[] => {
    const nowMs = (state.lastMs ?? START_MS) + 1_000;
    const out = state.circuit.kind === 'half-open' ? state.circuit.out : [];
    const tickets = [
      { generation: state.generation, probe: null },
      { generation: state.generation - 1, probe: null },
      ...out.map(({ id }) => ({ generation: state.generation, probe: id })),
    ];
    return [
      { kind: 'ask', nowMs },
      { kind: 'tick', nowMs },
      { kind: 'reset', nowMs },
      ...(['open', 'closed', 'metrics-only', 'automatic'] as const).map((to) => ({
        kind: 'force' as const,
        to,
        nowMs,
      })),
      ...tickets.flatMap((ticket) =>
        ['ok', 'error', 'cancelled'].map((outcome) => ({
          kind: 'result' as const,
          ticket,
          outcome,
          durationMs: 1,
          nowMs,
        })),
      ),
    ];
  };
  const start = circuitBreaker.init(config);
  const frontier = [start];
  const reached = new Set([keyOf(start)]);
  const taken: { [from: string]: string[] } = {};
  for (let state = frontier.pop(); state !== undefined; state = frontier.pop()) {
    for (const input of inputsFor(state)) {
      const next = circuitBreaker.step(state, input);
      let at: CircuitKind = state.circuit.kind;
      for (const { from, to } of next.output.transitions) {
        expect(from).toBe(at);
        taken[from] = [...new Set([...(taken[from] ?? []), to])].toSorted();
        at = to;
      }
      expect(next.state.circuit.kind).toBe(at);
      expect(next.state.generation - state.generation).toBe(next.output.transitions.length);
      const key = keyOf(next.state);
      if (!reached.has(key)) {
        reached.add(key);
        frontier.push(next.state);
      }
    }
    expect(reached.size).toBeLessThan(2_000);
  }
  expect(reached.size).toBeGreaterThan(20);
  expect(taken).toEqual(ALLOWED);
});
