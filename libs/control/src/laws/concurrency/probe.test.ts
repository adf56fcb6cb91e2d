import { expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { gradient2 } from './gradient2.ts';
import type { ConcurrencyInput } from './limit.ts';

type Figures = (limit: number) => Pick<ConcurrencyInput, 'inFlight' | 'latencyMs'>;

/** Latency goes with the limit: a queue. */
const QUEUE: Figures = (limit) => ({ inFlight: limit, latencyMs: limit * 10 });
/** Latency does not care. */
const CALM: Figures = (limit) => ({ inFlight: limit, latencyMs: 100 });

/** A second a step; `limit` is held by others where `hold` says so. */
function run(
  figures: Figures,
  seconds: number,
  config: object = {},
  hold: (second: number, limit: number) => number = (_second, limit) => limit,
) {
  let state = gradient2.init({ queue: 0, ...config });
  let applied = 40;
  const points: { second: number; value: number; reason: string }[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    const input: ConcurrencyInput = {
      nowMs: 1_000_000 + second * 1_000,
      evidenceAgeMs: 0,
      applied,
      completedPerSecond: null,
      dropRatio: 0,
      ...figures(applied),
    };
    const step = gradient2.step(state, input);
    state = step.state;
    points.push({ second, value: step.output.value, reason: step.output.reason });
    applied = hold(second, step.output.value);
  }
  const probes = points.filter((point) => point.reason === 'baseline-probe');
  return { points, probes, state, valueAt: (second: number) => points[second]?.value };
}

test('the first probe comes after 30 periods, takes a quarter for eight, and gives it back', () => {
  const { probes, valueAt } = run(CALM, 60);
  expect(probes.map(({ second }) => second)).toEqual([30, 31, 32, 33, 34, 35, 36, 37, 38]);
  expect(valueAt(29)).toBe(40);
  expect(valueAt(30)).toBe(30);
  expect(valueAt(37)).toBe(30);
  expect(valueAt(38)).toBe(40);
  expect(valueAt(60)).toBe(40);
});

test('the next one comes five minutes after the last has ended', () => {
  const { probes } = run(CALM, 340);
  expect(probes.map(({ second }) => second).slice(9, 11)).toEqual([338, 339]);
});

test('where latency falls with the limit it goes on until it does not', () => {
  // Below 10 there is no queue any more; the base began at 400 ms.
  const knee: Figures = (limit) => ({ inFlight: limit, latencyMs: Math.max(10, limit) * 10 });
  const { points, state } = run(knee, 120, { minLimit: 2 });
  const eased = points.filter(({ reason }) => reason === 'baseline-probe').map((p) => p.value);
  expect(eased.slice(0, 9)).toEqual([30, 30, 30, 30, 30, 30, 30, 30, 22]);
  expect(Math.min(...eased)).toBeLessThan(10);
  expect(state.baseline?.ms).toBeLessThan(115);
});

test('at the lowest limit it ends where it is', () => {
  const { probes, valueAt } = run(QUEUE, 50, { minLimit: 30 });
  expect(probes.at(-1)?.second).toBe(38);
  expect(valueAt(38)).toBe(30);
});

test('a limit that cannot be eased is not probed', () => {
  expect(run(CALM, 60, { minLimit: 40 }).probes).toEqual([]);
});

test('an unused limit is not probed, one used to four fifths is', () => {
  const used =
    (share: number): Figures =>
    (limit) => ({ inFlight: share * limit, latencyMs: 100 });
  expect(run(used(0.79), 60).probes).toEqual([]);
  expect(run(used(0.8), 60).probes.length).toBe(9);
});

test('0 switches probes off, a shorter period brings the first one forward', () => {
  expect(run(CALM, 400, { probeEveryMs: 0 }).probes).toEqual([]);
  expect(run(CALM, 60, { probeEveryMs: 10_000 }).probes[0]?.second).toBe(10);
});

test('a probe lasts eight latencies when these are longer than a period', () => {
  const slow: Figures = (limit) => ({ inFlight: limit, latencyMs: 2_000 });
  const { probes } = run(slow, 90);
  expect(probes.length).toBe(17);
});

test('others that move the limit end the probe', () => {
  const { probes, points } = run(CALM, 60, {}, (second, limit) => (second === 33 ? 35 : limit));
  expect(probes.at(-1)?.second).toBe(33);
  expect(points[34]?.value).toBe(35);
  expect(points[60]?.value).toBe(35);
});

test('drops end the probe and put the next one off', () => {
  let state = gradient2.init({ queue: 0 });
  let applied = 40;
  const reasons: string[] = [];
  for (let second = 0; second <= 60; second += 1) {
    const dropRatio = second === 33 ? 0.5 : 0;
    const step = gradient2.step(state, {
      nowMs: 1_000_000 + second * 1_000,
      evidenceAgeMs: 0,
      applied,
      completedPerSecond: null,
      dropRatio,
      ...CALM(applied),
    });
    state = step.state;
    applied = step.output.value;
    reasons.push(step.output.reason);
  }
  expect(reasons.slice(32, 35)).toEqual(['baseline-probe', 'calls-dropped', 'queue-steady']);
  expect(reasons.slice(34)).not.toContain('baseline-probe');
  expect(applied).toBe(27);
});

test('a clock that is set back puts the probe off, never brings it forward', () => {
  const state = run(CALM, 29).state;
  const back = gradient2.step(state, {
    nowMs: 1_000,
    evidenceAgeMs: 0,
    applied: 40,
    completedPerSecond: null,
    dropRatio: 0,
    ...CALM(40),
  });
  expect(back.output.reason).toBe('clock-went-back');
  expect(back.state.probe).toEqual({ kind: 'waiting', sinceMs: 1_000 });
});

test('a clock that is set back begins a probe anew, one that is no number does not', () => {
  const { state } = run(CALM, 33);
  const input = { evidenceAgeMs: 0, applied: 30, completedPerSecond: null, dropRatio: 0 };
  const at = (nowMs: number) => gradient2.step(state, { ...input, nowMs, ...CALM(30) }).state.probe;
  expect(at(5_000)).toMatchObject({ kind: 'probing', fromMs: 5_000, before: 40 });
  expect(at(Number.NaN)).toBe(state.probe);
  const waiting = run(CALM, 5).state;
  const odd = gradient2.step(waiting, { ...input, nowMs: Number.NaN, ...CALM(30) }).state;
  expect(odd.probe).toBe(waiting.probe);
});

test('it explains itself', () => {
  const terms = { baselineMs: 80 };
  expect(explain({ value: 30, reason: 'baseline-probe', terms })).toBe(
    'The limit is at 30 for a moment, to see the latency without a queue.',
  );
});
