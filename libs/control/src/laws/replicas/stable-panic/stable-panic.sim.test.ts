import { describe, expect, test } from 'vitest';
import { changesOf, type FluidScenario, runFluid } from '../fluid.fixture.ts';
import { type StablePanicState, stablePanic } from './stable-panic.ts';
import type { StablePanicConfig } from './stable-panic-config.ts';

/** Ten requests at once are a replica's capacity: 7 of them, 70 requests/s each. */
const STEP: FluidScenario<StablePanicConfig, StablePanicState> = {
  law: stablePanic,
  config: { capacity: 10 },
  load: (second) => (second < 300 ? 700 : 2_100),
  seconds: 2_400,
  initial: 10,
  startS: 30,
  everyS: 2,
  windowS: 2,
  lagS: 2,
};

const startTimes = [2, 5, 30, 60, 90];

describe.each(['concurrency', 'rps'] as const)('%s', (metric) => {
  const config = { capacity: metric === 'rps' ? 100 : 10, metric };

  test.each(startTimes)('settles after a step of three with a start-up of %i s', (startS) => {
    const points = runFluid({ ...STEP, config, startS });
    const last = points.slice(-600);
    expect(changesOf(last)).toBe(0);
    expect(last.at(-1)).toMatchObject({ applied: 30, ready: 30, queued: 0 });
  });

  test('a surge is answered within seconds', () => {
    const points = runFluid({ ...STEP, config });
    const asked = points.find(({ second, applied }) => second >= 300 && applied >= 21);
    expect((asked?.second ?? 0) - 300).toBeLessThanOrEqual(8);
  });
});

test('requests per second are not the queue: they ask for no more than the load needs', () => {
  const config = { capacity: 100, metric: 'rps' as const };
  const points = runFluid({ ...STEP, config, startS: 90 });
  expect(Math.max(...points.map(({ applied }) => applied))).toBe(30);
});

test('concurrency grows with the queue: a long start-up asks for far too much', () => {
  const points = runFluid({ ...STEP, startS: 90 });
  expect(Math.max(...points.map(({ applied }) => applied))).toBeGreaterThan(300);
});
