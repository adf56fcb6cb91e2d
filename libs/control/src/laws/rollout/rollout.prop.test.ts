import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { Draws } from '../../sim/random.ts';
import { type RolloutInput, rollout } from './rollout.ts';

const odd = fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY);
const figures = fc.option(
  fc.record({
    requests: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 5_000 }) }, odd),
    errors: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 50 }) }, odd),
    p99Ms: fc.option(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 500 }) }, odd)),
  }),
);
const look = fc.record({
  gapMs: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 400_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -500_000, max: 0 }) },
  ),
  evidenceAgeMs: fc.option(fc.integer({ min: 0, max: 70_000 })),
  applied: fc.oneof(fc.constant('follows'), fc.constantFrom(0, 0.1, 0.5, 1, Number.NaN, 2)),
  canary: figures,
  control: figures,
  command: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    fc.constantFrom('pause', 'resume', 'advance', 'promote', 'rollback', 'kill', 'restart'),
  ),
});

type Look = typeof look extends fc.Arbitrary<infer Value> ? Value : never;

function inputsOf(looks: readonly Look[]) {
  let nowMs = 1_000_000_000;
  return looks.map(({ gapMs, ...rest }) => {
    nowMs += gapMs;
    return { ...rest, nowMs };
  });
}

test('whatever is seen and said: a share from 0 to 1, explained, and the same through JSON', () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 40 }), (looks) => {
      let state = rollout.init({});
      let stored = state;
      let share = 0;
      for (const input of inputsOf(looks)) {
        const applied = input.applied === 'follows' ? share : (input.applied as number);
        const full = { ...input, applied } as RolloutInput;
        const step = rollout.step(state, full);
        const twin = rollout.step(JSON.parse(JSON.stringify(stored)), full);
        expect(JSON.stringify(twin)).toBe(JSON.stringify(step));
        state = step.state;
        stored = twin.state;
        const { value, terms } = step.output;
        expect(value >= 0 && value <= 1).toBe(true);
        expect(Object.values(terms).every(Number.isFinite)).toBe(true);
        expect(explain(step.output)).toMatch(/^\S.*\.$/);
        share = value;
      }
    }),
  );
});

test('without a word the share goes up by one step at most, or to nothing for good', () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
      let state = rollout.init({});
      let share = 0.1;
      let ended = false;
      for (const input of inputsOf(looks)) {
        const full = { ...input, applied: share, command: null } as RolloutInput;
        const { output, ...next } = rollout.step(state, full);
        state = next.state;
        expect(output.value === 0 || output.value >= share).toBe(true);
        expect(output.value - share).toBeLessThan(0.1 + 1e-9);
        expect(ended && output.value > 0).toBe(false);
        ended = output.value === 0;
        share = output.value;
      }
    }),
  );
});

/** A rollout of a version that fails `ratio` of its calls where the old one fails 1 %. */
function roll(ratio: number, seed: number) {
  const draws = new Draws({ seed: seed * 7_919 });
  const none = { requests: 0, errors: 0, p99Ms: 100 };
  const add = (to: typeof none, requests: number, failing: number) => ({
    ...to,
    requests: to.requests + requests,
    errors: to.errors + draws.binomial(requests, failing),
  });
  let state = rollout.init({});
  let share = 0;
  let [canary, control] = [none, none];
  for (let look = 0; state.phase.kind === 'stepping'; look += 1) {
    // 2,000 requests a minute, a look every half of one.
    canary = add(canary, Math.round(1_000 * share), ratio);
    control = add(control, Math.round(1_000 * (1 - share)), 0.01);
    const nowMs = 1_000_000 + look * 30_000;
    const { output, ...next } = rollout.step(state, {
      nowMs,
      evidenceAgeMs: 0,
      applied: share,
      canary,
      control,
    });
    state = next.state;
    [canary, control] = output.value === share ? [canary, control] : [none, none];
    share = output.value;
  }
  return state.phase.kind;
}

test('a fair version is seldom rolled back, one twice as bad nearly always', () => {
  const seeds = Array.from({ length: 60 }, (_, seed) => seed + 1);
  const good = seeds.map((seed) => roll(0.01, seed));
  expect(good.filter((kind) => kind === 'rolled-back').length).toBeLessThanOrEqual(2);
  expect(good.filter((kind) => kind === 'promoted').length).toBeGreaterThanOrEqual(55);
  const bad = seeds.map((seed) => roll(0.02, seed));
  expect(bad.filter((kind) => kind === 'rolled-back').length).toBeGreaterThanOrEqual(55);
  expect(bad).not.toContain('promoted');
});
