import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modeMachine } from './machine.ts';
import type { Dimension, ModeConfigInput, ModeInputs, ModeReport, ModeState } from './mode.ts';
import { seen } from './scene.fixture.ts';
import { DIMENSIONS, TRIGGER_IDS, TRIGGERS } from './triggers.ts';

type Value = number | boolean;
type Figures = { readonly [figure: string]: Value | null };

/**
 * What a dimension can show, so that every order of events can be made of it. Unrest: no trigger,
 * but not what Target wants either.
 */
const SHOWS: { readonly [d in Dimension]: { readonly [show: string]: Figures } } = {
  discovery: {
    well: { evidenceAgeMs: 8_000, registryUnreachableMs: 5_000 },
    unrest: { evidenceAgeMs: 9_000, registryUnreachableMs: 0 },
    degraded: { evidenceAgeMs: 10_001, registryUnreachableMs: 0 },
    floor: { evidenceAgeMs: 0, registryUnreachableMs: 300_001 },
    both: { evidenceAgeMs: 10_001, registryUnreachableMs: 300_001 },
    blind: { evidenceAgeMs: null, registryUnreachableMs: 0 },
    nothing: {},
  },
  config: {
    well: { versionsInForce: 1, overridesInForce: 0, unreachableWithoutCache: false },
    unrest: { versionsInForce: 1, overridesInForce: 1, unreachableWithoutCache: false },
    degraded: { versionsInForce: 2, overridesInForce: 0, unreachableWithoutCache: false },
    floor: { versionsInForce: 1, overridesInForce: 0, unreachableWithoutCache: true },
    both: { versionsInForce: 2, overridesInForce: 0, unreachableWithoutCache: true },
    blind: { versionsInForce: null, overridesInForce: 0, unreachableWithoutCache: null },
    nothing: {},
  },
  resilience: {
    well: { burnPage: false, failureRatio: 0.05 },
    unrest: { burnPage: false, failureRatio: 0.1 },
    degraded: { burnPage: true, failureRatio: 0.05 },
    floor: { burnPage: false, failureRatio: 0.51 },
    both: { burnPage: true, failureRatio: 0.51 },
    blind: { burnPage: false, failureRatio: null },
    nothing: {},
  },
  load: {
    well: { imbalance: 1.15, oneInstanceLeft: false },
    unrest: { imbalance: 1.2, oneInstanceLeft: false },
    degraded: { imbalance: 1.21, oneInstanceLeft: false },
    floor: { imbalance: 1, oneInstanceLeft: true },
    both: { imbalance: 1.5, oneInstanceLeft: true },
    blind: { imbalance: null, oneInstanceLeft: null },
    nothing: {},
  },
};

const ALLOWED = [
  'degraded>floor',
  'degraded>recovery',
  'floor>recovery',
  'recovery>degraded',
  'recovery>floor',
  'recovery>target',
  'target>degraded',
];

/** Short times, so that few steps reach every state; the structure is the same. */
const STEP_MS = 10;
const FAST: ModeConfigInput = {
  exitDwellMs: 20,
  validateForMs: 10,
  stableForMs: 40,
  thresholds: Object.fromEntries(
    TRIGGER_IDS.map((id) => [id, { dwellMs: TRIGGERS[id].level === 'floor' ? 10 : 0 }]),
  ),
};
const STABLE_STEPS = 4;
const EXIT_STEPS = 2;

function inputsOf(dimension: Dimension, figures: Figures, atMs: number): ModeInputs {
  const made = Object.entries(figures).map(([figure, value]) => [
    figure,
    value === null ? null : seen(figure, value, atMs),
  ]);
  return { [dimension]: Object.fromEntries(made) };
}

interface Stepped {
  readonly state: ModeState;
  readonly output: ModeReport;
}

function step(state: ModeState, dimension: Dimension, show: string): Stepped {
  const nowMs = (state.lastMs ?? 1_000_000) + STEP_MS;
  const figures = SHOWS[dimension][show] as Figures;
  return modeMachine.step(state, { nowMs, inputs: inputsOf(dimension, figures, nowMs) });
}

/** What matters of a state: its times are only compared with thresholds. */
function keyOf({ dimensions, aboveMs, active }: ModeState, dimension: Dimension): string {
  const capped = Object.entries(aboveMs).map(([id, ms]) => [id, Math.min(ms ?? 0, 20)]);
  const own = dimensions[dimension];
  const { mode } = own;
  const times = mode === 'degraded' || mode === 'floor' ? [mode, Math.min(own.clearedMs, 30)] : own;
  return JSON.stringify([times, capped, active]);
}

/** Every state that some order of shows reaches, with every step that leads on from it. */
function explore(
  dimension: Dimension,
  visit: (from: ModeState, show: string, to: Stepped) => void,
) {
  const start = modeMachine.init(FAST);
  const reached = new Map([[keyOf(start, dimension), start]]);
  const frontier = [start];
  for (let from = frontier.pop(); from !== undefined; from = frontier.pop()) {
    for (const show of Object.keys(SHOWS[dimension])) {
      const to = step(from, dimension, show);
      visit(from, show, to);
      const key = keyOf(to.state, dimension);
      if (!reached.has(key)) {
        reached.set(key, to.state);
        frontier.push(to.state);
      }
    }
    expect(reached.size).toBeLessThan(5_000);
  }
  return [...reached.values()];
}

describe.each(DIMENSIONS)('every state that %s can reach', (dimension) => {
  const taken = new Set<string>();
  const reached = explore(dimension, (from, show, { output }) => {
    const before = from.dimensions[dimension].mode;
    const { mode } = output;
    const triggers = output.activeTriggers.map((id) => TRIGGERS[id].level);
    if (mode !== before) {
      taken.add(`${before}>${mode}`);
    }
    // One dimension alone: the service does as it does.
    expect(output.dimensions[dimension]).toBe(mode);
    expect(output.transition).toEqual(output.dimensionTransitions[0] ?? null);
    // Worse only with a trigger that stands, better only without one, and with sight.
    if (mode === 'floor' && before !== 'floor') {
      expect(triggers).toContain('floor');
    }
    if (mode === 'degraded' && before !== 'degraded') {
      expect(triggers.length).toBeGreaterThan(0);
    }
    if (mode === 'recovery' && before !== 'recovery') {
      expect(triggers).not.toContain('floor');
      expect(before === 'floor' || triggers.length === 0).toBe(true);
    }
    if (mode === 'target') {
      expect(triggers).toEqual([]);
    }
    if (mode === 'target' && before === 'recovery') {
      expect(show).toBe('well');
    }
    if (show === 'blind') {
      expect(output.held).toMatchObject({ dimensions: [dimension] });
      expect(mode === before || mode === 'degraded' || mode === 'floor').toBe(true);
    }
  });

  test('is left and entered by the seven ways only, and all of them are gone', () => {
    expect([...taken].toSorted()).toEqual(ALLOWED);
    expect(reached.length).toBeGreaterThan(20);
  });

  test('leads to Target when it is well, through the whole of Recovery', () => {
    for (const from of reached) {
      const start = from.dimensions[dimension].mode;
      const modes: string[] = [start];
      let state = from;
      while (state.dimensions[dimension].mode !== 'target') {
        state = step(state, dimension, 'well').state;
        modes.push(state.dimensions[dimension].mode);
        expect(modes.length).toBeLessThan(2 + EXIT_STEPS + 1 + STABLE_STEPS + 1);
      }
      if (start === 'degraded' || start === 'floor') {
        expect(modes.filter((mode) => mode === 'recovery')).toHaveLength(STABLE_STEPS);
      }
      const order = modes.filter((mode, k) => mode !== modes[k - 1]);
      const trouble = order.filter((mode) => mode === 'degraded' || mode === 'floor');
      expect(trouble.length).toBeLessThanOrEqual(start === 'recovery' ? 1 : 2);
      expect(state.active).toEqual([]);
    }
  });

  test('never leaves trouble while blind, and never gets into it unseen', () => {
    for (const from of reached) {
      let state = from;
      for (let k = 0; k < 10; k += 1) {
        state = step(state, dimension, 'nothing').state;
      }
      const before = from.dimensions[dimension].mode;
      const after = state.dimensions[dimension].mode;
      // What had fired before may still be obeyed: a floor trigger, or one left in Recovery.
      const obeyed = from.active.length > 0 && (after === 'floor' || after === 'degraded');
      expect(after === before || obeyed).toBe(true);
    }
  });
});

test('histories in all dimensions at once: the worst one shows, and health leads to Target', () => {
  const show = (d: Dimension) => fc.constantFrom(...Object.keys(SHOWS[d]));
  const shows = fc.record({
    discovery: show('discovery'),
    config: show('config'),
    resilience: show('resilience'),
    load: show('load'),
  });
  const order = ['target', 'recovery', 'degraded', 'floor'];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(shows, fc.integer({ min: 1, max: 6 })), { maxLength: 20 }),
      (history) => {
        let state = modeMachine.init(FAST);
        const advance = (shown: { readonly [d in Dimension]: string }) => {
          const nowMs = (state.lastMs ?? 1_000_000) + STEP_MS;
          const inputs = Object.assign(
            {},
            ...DIMENSIONS.map((d) => inputsOf(d, SHOWS[d][shown[d]] as Figures, nowMs)),
          ) as ModeInputs;
          const before = state.overall;
          const { state: next, output } = modeMachine.step(state, { nowMs, inputs });
          state = next;
          const worst = Math.max(...DIMENSIONS.map((d) => order.indexOf(output.dimensions[d])));
          const passing = before === 'floor' && output.mode === 'recovery';
          expect(passing || output.mode === order[worst]).toBe(true);
          if (before !== output.mode) {
            expect(ALLOWED).toContain(`${before}>${output.mode}`);
            expect(output.transition).toMatchObject({ from: before, to: output.mode });
          }
          for (const each of output.dimensionTransitions) {
            expect(ALLOWED).toContain(`${each.from}>${each.to}`);
          }
        };
        for (const [shown, times] of history) {
          for (let k = 0; k < times; k += 1) {
            advance(shown);
          }
        }
        const well = { discovery: 'well', config: 'well', resilience: 'well', load: 'well' };
        for (let k = 0; k < 2 + EXIT_STEPS + 1 + STABLE_STEPS + 1; k += 1) {
          advance(well);
        }
        expect(state.overall).toBe('target');
      },
    ),
    { numRuns: 150 },
  );
});
