import { describe, expect, test } from 'vitest';
import type { Law } from '../../decision.ts';
import { aimd } from './aimd.ts';
import { envoyGradient } from './envoy-gradient.ts';
import { gradient2 } from './gradient2.ts';
import type { ConcurrencyInput } from './limit.ts';
import { littlesLaw } from './littles-law.ts';
import {
  leak,
  meanOf,
  originalGradient2,
  runQueue,
  type Scene,
  type Second,
} from './queue.fixture.ts';
import { vegas } from './vegas.ts';

/** 20 workers of 100 ms serve 200 a second; 300 come. */
const FULL = { workers: 20, offered: () => 300, serviceMs: () => 100, seconds: 480 };
const CAPACITY = 200;

type AnyLaw = Law<object, never, ConcurrencyInput, number>;
const GUARDED: readonly (readonly [string, AnyLaw, most: number, late: number])[] = [
  ['vegas', vegas as never, 45, 55],
  ['gradient2', gradient2 as never, 45, 45],
  ['littlesLaw', littlesLaw as never, 35, 35],
];

function run(law: AnyLaw, scene: Omit<Scene, 'seed'>, seed = 1, config = {}) {
  return runQueue(law, law.init(config), { ...scene, seed });
}

function highest(points: readonly Second[]): number {
  return Math.max(...points.map((point) => point.limit));
}

describe.each(GUARDED)('%s on a service that is full', (_name, law, most, late) => {
  test.each([1, 2, 3])('keeps the workers busy and the queue short, seed %i', (seed) => {
    const settled = run(law, FULL, seed).slice(120);
    expect(highest(settled)).toBeLessThanOrEqual(most);
    expect(meanOf(settled, (point) => point.answered)).toBeGreaterThan(0.94 * CAPACITY);
    expect(meanOf(settled, (point) => point.latencyMs ?? 0)).toBeLessThan(200);
  });

  test.each([1, 4])('with figures %i s late too', (lag) => {
    const settled = run(law, { ...FULL, lag }, 2).slice(120);
    expect(highest(settled)).toBeLessThanOrEqual(late);
    expect(meanOf(settled, (point) => point.answered)).toBeGreaterThan(0.9 * CAPACITY);
  });

  test('finds down from a limit ten times too high, learned with the queue already there', () => {
    const settled = run(law, { ...FULL, start: 200 }).slice(240);
    expect(highest(settled)).toBeLessThanOrEqual(most);
    expect(meanOf(settled, (point) => point.latencyMs ?? 0)).toBeLessThan(200);
  });

  test.each([1, 2])('does not climb while the service time leaks sevenfold, seed %i', (seed) => {
    const points = run(law, { ...FULL, serviceMs: leak, seconds: 1_000 }, seed);
    expect(highest(points.slice(60))).toBeLessThanOrEqual(most + 5);
    const slow = points.slice(-200);
    // 20 workers of 700 ms; a limit that only shrank would leave them idle.
    expect(meanOf(slow, (point) => point.answered)).toBeGreaterThan(0.9 * (20 / 0.7));
    expect(meanOf(slow, (point) => point.latencyMs ?? 0)).toBeLessThan(2 * 700);
  });

  test('backs off while the service refuses a tenth, whatever its latency', () => {
    const refused = (second: number) => (second >= 60 && second < 90 ? 0.1 : 0);
    const points = run(law, { ...FULL, workers: 60, seconds: 240, refused, start: 40 });
    expect(highest(points.slice(75, 90))).toBeLessThanOrEqual(20);
    expect(points.slice(75, 90).some((point) => point.reason === 'calls-dropped')).toBe(true);
    expect(meanOf(points.slice(-30), (point) => point.answered)).toBeGreaterThan(280);
  });
});

describe.each(GUARDED)('%s on a service with workers to spare', (_name, law) => {
  test('turns next to nobody away', () => {
    const points = run(law, { ...FULL, offered: () => 100 }).slice(60);
    expect(meanOf(points, (point) => point.turnedAway)).toBeLessThan(2);
    expect(highest(points)).toBeLessThan(40);
  });

  test('lets in what a service needs that has become slow but not full', () => {
    const scene = { workers: 200, offered: () => 100, serviceMs: leak, seconds: 1_200 };
    const points = run(law, scene).slice(-300);
    expect(meanOf(points, (point) => point.answered)).toBeGreaterThan(80);
    expect(highest(points)).toBeLessThan(200);
  });
});

test('the original Gradient2 makes latency sevenfold by itself where ours rests', () => {
  const scene = { ...FULL, seconds: 960, seed: 1 };
  const original = runQueue(originalGradient2(1_000) as never, null as never, scene);
  expect(original.at(-1)?.limit).toBeGreaterThan(140);
  expect(original.at(-1)?.latencyMs).toBeGreaterThan(650);
  expect(run(gradient2 as never, { ...FULL, seconds: 960 }).at(-1)?.limit).toBeLessThan(45);
});

describe('envoyGradient', () => {
  const law = envoyGradient as never as AnyLaw;

  test.each([1, 2])('keeps the workers busy but for its probes, seed %i', (seed) => {
    const settled = run(law, FULL, seed).slice(120);
    expect(highest(settled)).toBeLessThanOrEqual(50);
    expect(meanOf(settled, (point) => point.answered)).toBeGreaterThan(0.9 * CAPACITY);
    expect(settled.filter((point) => point.limit === 3).length).toBeGreaterThan(5);
  });

  test('swings, but stays bounded, with figures a second late', () => {
    const settled = run(law, { ...FULL, lag: 1 }).slice(120);
    expect(highest(settled)).toBeLessThanOrEqual(80);
  });

  test('does not climb away while the service time leaks sevenfold', () => {
    const points = run(law, { ...FULL, serviceMs: leak, seconds: 1_000 });
    expect(highest(points.slice(60))).toBeLessThanOrEqual(120);
    expect(meanOf(points.slice(-200), (point) => point.answered)).toBeGreaterThan(20);
  });
});

test('aimd saws below the time-out', () => {
  const scene = { ...FULL, timeoutMs: 1_000 };
  const settled = run(aimd as never, scene, 1, { backoff: 0.9 }).slice(240);
  expect(meanOf(settled, (point) => point.answered)).toBeGreaterThan(0.85 * CAPACITY);
  expect(highest(settled)).toBeLessThan(260);
});
