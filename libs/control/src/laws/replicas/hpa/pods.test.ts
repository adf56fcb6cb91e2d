import { expect, test } from 'vitest';
import { groupPods, type HpaPod, type HpaSample } from './pods.ts';

const NOW = 1_000_000;
const SAMPLE: HpaSample = { valueMilli: 500, atMs: NOW, windowMs: 30_000 };

/** In which group one pod lands, by default with a sample and long ready. */
function groupOf(pod: Partial<HpaPod>, sample: Partial<HpaSample> | null = {}, cpu = true) {
  const full: HpaPod = {
    name: 'a',
    phase: 'running',
    startedAtMs: NOW - 3_600_000,
    ready: { is: true, sinceMs: NOW - 3_500_000 },
    ...pod,
  };
  const samples = new Map(sample === null ? [] : [['a', { ...SAMPLE, ...sample }]]);
  const groups = groupPods([full], samples, { nowMs: NOW, cpu });
  if (groups.ready === 1) {
    return 'ready';
  }
  return groups.unready.has('a')
    ? 'unready'
    : groups.missing.has('a')
      ? 'missing'
      : groups.ignored.has('a') && 'ignored';
}

test('deleted and failed pods are ignored, whatever else they are', () => {
  expect(groupOf({ deleted: true, phase: 'pending' })).toBe('ignored');
  expect(groupOf({ phase: 'failed' }, null)).toBe('ignored');
  expect(groupOf({ deleted: false })).toBe('ready');
});

test('a pending pod is unready even with a sample, and for every resource', () => {
  expect(groupOf({ phase: 'pending' })).toBe('unready');
  expect(groupOf({ phase: 'pending' }, null, false)).toBe('unready');
});

test('a running pod without a sample is missing', () => {
  expect(groupOf({}, null)).toBe('missing');
  expect(groupOf({ ready: null }, null)).toBe('missing');
});

test('only CPU looks at readiness', () => {
  const never = { ready: { is: false, sinceMs: NOW - 3_600_000 } };
  expect(groupOf(never)).toBe('unready');
  expect(groupOf(never, {}, false)).toBe('ready');
});

test('a pod that has not started or has no condition is unready', () => {
  expect(groupOf({ startedAtMs: null })).toBe('unready');
  expect(groupOf({ ready: null })).toBe('unready');
});

/*
 * Start-up period of 5 min: the sample counts once it covers only time in which the pod was ready
 *
 *     started          ready since S                    sample at T, window 30 s
 *     |----------------|--------------------------------|
 *                                           [T - 30 s, T] must not reach before S
 */
test.each([
  [{ startedAtMs: NOW - 100_000, ready: { is: true, sinceMs: NOW - 30_000 } }, 'ready'],
  [{ startedAtMs: NOW - 100_000, ready: { is: true, sinceMs: NOW - 29_999 } }, 'unready'],
  [{ startedAtMs: NOW - 100_000, ready: { is: false, sinceMs: NOW - 90_000 } }, 'unready'],
  // the period's end: at 5 min exactly it is over
  [{ startedAtMs: NOW - 299_999, ready: { is: true, sinceMs: NOW - 1 } }, 'unready'],
  [{ startedAtMs: NOW - 300_000, ready: { is: true, sinceMs: NOW - 1 } }, 'ready'],
])('within the start-up period: %j is %s', (pod, expected) => {
  expect(groupOf(pod)).toBe(expected);
});

test.each([
  // never ready: its condition is as old as the start, up to 30 s later
  [{ is: false, sinceMs: NOW - 3_600_000 + 29_999 }, 'unready'],
  // it was ready once and is not now: it counts
  [{ is: false, sinceMs: NOW - 3_600_000 + 30_000 }, 'ready'],
  [{ is: true, sinceMs: NOW - 3_600_000 }, 'ready'],
])('after the start-up period: condition %j is %s', (ready, expected) => {
  expect(groupOf({ ready })).toBe(expected);
});

test('the periods can be set', () => {
  const pod: HpaPod = {
    name: 'a',
    phase: 'running',
    startedAtMs: NOW - 60_000,
    ready: { is: false, sinceMs: NOW - 50_000 },
  };
  const samples = new Map([['a', SAMPLE]]);
  const rules = { nowMs: NOW, cpu: true, initializationMs: 60_000 };
  expect(groupPods([pod], samples, rules).ready).toBe(0);
  expect(groupPods([pod], samples, { ...rules, readinessDelayMs: 10_000 }).ready).toBe(1);
});
