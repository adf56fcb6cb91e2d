import fc from 'fast-check';
import { expect, test } from 'vitest';
import { modeMachine } from './machine.ts';
import type { Dimension, Mode, ModeInputs, ModeReport, ModeState } from './mode.ts';
import { calm, seen } from './scene.fixture.ts';
import { DIMENSIONS } from './triggers.ts';

/** The only ways there are. */
const ALLOWED = new Set([
  'target>degraded',
  'degraded>floor',
  'degraded>recovery',
  'floor>recovery',
  'recovery>degraded',
  'recovery>floor',
  'recovery>target',
]);

/** Short times, so that few steps reach every state; the structure is the same. */
const FAST = {
  exitDwellMs: 10,
  validateForMs: 10,
  stableForMs: 40,
  thresholds: {
    'failure-ratio-high': { dwellMs: 10 },
    'load-imbalance': { dwellMs: 10 },
    'load-imbalance-severe': { dwellMs: 10 },
    'one-instance-left': { dwellMs: 0 },
  },
};
const STEP_MS = 10;

/** What two dimensions may show in one step; enough to make every order of events. */
const RESILIENCE = {
  well: { burnPage: false, failureRatio: 0 },
  uneasy: { burnPage: false, failureRatio: 0.1 },
  page: { burnPage: true, failureRatio: 0.1 },
  failing: { burnPage: true, failureRatio: 0.9 },
  blind: null,
} as const;
const LOAD = {
  well: { imbalance: 1, oneInstanceLeft: false },
  skewed: { imbalance: 1.4, oneInstanceLeft: false },
  alone: { imbalance: 1, oneInstanceLeft: true },
  blind: null,
} as const;

type Show = readonly [keyof typeof RESILIENCE, keyof typeof LOAD];
const SHOWS = Object.keys(RESILIENCE).flatMap((a) => Object.keys(LOAD).map((b) => [a, b] as Show));

function inputsFor([resilience, load]: Show, atMs: number): ModeInputs {
  const r = RESILIENCE[resilience];
  const l = LOAD[load];
  return {
    resilience:
      r === null
        ? { burnPage: null, failureRatio: null }
        : {
            burnPage: seen('slo.page', r.burnPage, atMs),
            failureRatio: seen('errors.ratio', r.failureRatio, atMs),
          },
    load:
      l === null
        ? { imbalance: null }
        : {
            imbalance: seen('load.imbalance', l.imbalance, atMs),
            oneInstanceLeft: seen('load.one-left', l.oneInstanceLeft, atMs),
          },
  };
}

function step(state: ModeState, show: Show): { state: ModeState; output: ModeReport } {
  const nowMs = (state.lastMs ?? 1_000_000) + STEP_MS;
  return modeMachine.step(state, { nowMs, inputs: inputsFor(show, nowMs) });
}

/** What matters of a state: its times are only compared with thresholds. */
function keyOf(state: ModeState): string {
  const capped = Object.entries(state.aboveMs).map(([id, ms]) => [id, Math.min(ms ?? 0, 20)]);
  const dimensions = DIMENSIONS.map((d) => {
    const dimension = state.dimensions[d];
    return dimension.mode === 'degraded' || dimension.mode === 'floor'
      ? [dimension.mode, Math.min(dimension.clearedMs, 20)]
      : dimension;
  });
  return JSON.stringify([state.overall, dimensions, capped, state.active]);
}

/** Severity order is the specification's, written out once more. */
function worst(modes: Readonly<Record<Dimension, Mode>>): Mode {
  const order: readonly Mode[] = ['floor', 'degraded', 'recovery', 'target'];
  return order.find((mode) => Object.values(modes).includes(mode)) ?? 'target';
}

test('every reachable transition is one of the seven, and nothing skips Recovery', () => {
  const start = modeMachine.init(FAST);
  const reached = new Map<string, ModeState>([[keyOf(start), start]]);
  const frontier = [start];
  const taken = { overall: new Set<string>(), dimension: new Set<string>() };
  for (let state = frontier.pop(); state !== undefined; state = frontier.pop()) {
    for (const show of SHOWS) {
      const next = step(state, show);
      const { transition, dimensionTransitions, mode, dimensions } = next.output;
      if (transition !== null) {
        taken.overall.add(`${transition.from}>${transition.to}`);
        expect(transition.from).toBe(state.overall);
      }
      for (const each of dimensionTransitions) {
        taken.dimension.add(`${each.from}>${each.to}`);
      }
      // The service shows its worst dimension, but for the one step from Floor through Recovery.
      const passing = transition?.from === 'floor' && mode === 'recovery';
      expect(passing || mode === worst(dimensions)).toBe(true);
      const key = keyOf(next.state);
      if (!reached.has(key)) {
        reached.set(key, next.state);
        frontier.push(next.state);
      }
    }
    expect(reached.size).toBeLessThan(50_000);
  }
  expect(taken.overall).toEqual(ALLOWED);
  expect(taken.dimension).toEqual(ALLOWED);
  expect(reached.size).toBeGreaterThan(300);

  // From every state there is, health leads to Target, and within the time promised.
  const worstCase = FAST.exitDwellMs + FAST.stableForMs + 5 * STEP_MS;
  for (const from of reached.values()) {
    let state = from;
    for (let elapsed = 0; elapsed < worstCase; elapsed += STEP_MS) {
      state = step(state, ['well', 'well']).state;
    }
    expect(state.overall).toBe('target');
    expect(state.active).toEqual([]);
  }
});

test('random histories at the real times: allowed ways only, back to Target when healthy', () => {
  const shows = fc.array(
    fc.record({
      show: fc.constantFrom(...SHOWS),
      forMs: fc.integer({ min: 1_000, max: 120_000 }),
      gapMs: fc.integer({ min: 500, max: 40_000 }),
    }),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(shows, (history) => {
      let state = modeMachine.init();
      let nowMs = 1_000_000;
      const advance = (gapMs: number, inputs: (atMs: number) => ModeInputs) => {
        nowMs += gapMs;
        const before = state.overall;
        const stored = JSON.parse(JSON.stringify(state)) as ModeState;
        const next = modeMachine.step(state, { nowMs, inputs: inputs(nowMs) });
        const same = modeMachine.step(stored, { nowMs, inputs: inputs(nowMs) });
        expect(JSON.stringify(same)).toBe(JSON.stringify(next));
        state = next.state;
        if (before !== state.overall) {
          expect(ALLOWED).toContain(`${before}>${state.overall}`);
        }
      };
      for (const { show, forMs, gapMs } of history) {
        for (let elapsed = 0; elapsed < forMs; elapsed += gapMs) {
          advance(gapMs, (atMs) => inputsFor(show, atMs));
        }
      }
      for (let elapsed = 0; elapsed < 400_000; elapsed += 10_000) {
        advance(10_000, calm);
      }
      expect(state.overall).toBe('target');
    }),
    { numRuns: 200 },
  );
});
