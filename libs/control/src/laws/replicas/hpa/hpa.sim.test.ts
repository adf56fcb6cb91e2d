import { describe, expect, test } from 'vitest';
import { changesOf, type FluidScenario, runFluid } from '../fluid.fixture.ts';
import { type HpaState, hpa } from './hpa.ts';
import type { HpaConfig } from './hpa-config.ts';

const STEP: FluidScenario<HpaConfig, HpaState> = {
  law: hpa,
  config: { targetPercent: 70, maxReplicas: 200 },
  // 10 replicas at 70 %, then three times as much
  load: (second) => (second < 600 ? 700 : 2_100),
  seconds: 3_600,
  initial: 10,
  startS: 30,
  everyS: 15,
  windowS: 15,
  lagS: 5,
};

function settled(more: Partial<typeof STEP>) {
  const points = runFluid({ ...STEP, ...more });
  const last = points.slice(-900);
  return { changes: changesOf(last), count: last.at(-1)?.applied ?? 0 };
}

describe('stability at a constant load', () => {
  const startTimes = [5, 30, 60, 90, 120];
  const signals = [
    { windowS: 5, lagS: 2 },
    { windowS: 15, lagS: 5 },
    { windowS: 30, lagS: 15 },
  ];
  const cases = startTimes.flatMap((startS) =>
    signals.flatMap((signal) => [
      { startS, ...signal, behavior: undefined },
      { startS, ...signal, behavior: {} },
      { startS, ...signal, behavior: { scaleDown: { stabilizationMs: 60_000 } } },
    ]),
  );

  test.each(cases)('settles after a step: %j', ({ behavior, ...plant }) => {
    const config = behavior === undefined ? STEP.config : { ...STEP.config, behavior };
    const { changes, count } = settled({ ...plant, config });
    expect(changes).toBe(0);
    expect(count).toBeGreaterThanOrEqual(28);
    expect(count).toBeLessThanOrEqual(33);
  });

  test('without a down window an old signal makes it go up and down for ever', () => {
    const behavior = { scaleDown: { stabilizationMs: 0 } };
    const config = { ...STEP.config, behavior };
    expect(settled({ config, startS: 5, windowS: 30, lagS: 15 }).changes).toBeGreaterThan(10);
  });
});

test('capacity grows by 1 / target at most in one start-up: a step of three takes several', () => {
  const points = runFluid({ ...STEP, startS: 90 });
  const enough = points.find(({ second, ready }) => second >= 600 && ready >= 21)?.second ?? 0;
  expect(enough - 600).toBeGreaterThan(180);
});
