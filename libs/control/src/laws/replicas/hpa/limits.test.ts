import { describe, expect, test } from 'vitest';
import { type HpaConfig, type HpaPolicy, type HpaRules, hpaSettings } from './hpa-config.ts';
import { downLimit, type HpaMemory, normalize, upLimit } from './limits.ts';

const NOW = 1_000_000;
const NONE: HpaMemory = { highs: [], lows: [], ups: [], downs: [] };

function rules(
  selectPolicy: HpaRules['selectPolicy'],
  ...policies: readonly (readonly [HpaPolicy['type'], number, number?])[]
): HpaRules {
  return {
    stabilizationMs: 0,
    selectPolicy,
    tolerance: null,
    policies: policies.map(([type, value, periodMs = 15_000]) => ({ type, value, periodMs })),
  };
}

describe('rate up', () => {
  test('Pods and Percent of the count at the beginning of the period', () => {
    expect(upLimit(rules('Max', ['Pods', 4]), NONE, 10, NOW)).toBe(14);
    expect(upLimit(rules('Max', ['Percent', 100]), NONE, 10, NOW)).toBe(20);
    expect(upLimit(rules('Max', ['Percent', 15]), NONE, 10, NOW)).toBe(12);
  });

  test('a percentage is rounded up with the noise of binary fractions, as in Kubernetes', () => {
    // 50 x 1.1 is 55.00000000000001
    expect(upLimit(rules('Max', ['Percent', 10]), NONE, 50, NOW)).toBe(56);
    expect(upLimit(rules('Max', ['Percent', 10]), NONE, 40, NOW)).toBe(44);
  });

  test('Max, Min and Disabled', () => {
    const both = [
      ['Pods', 4],
      ['Percent', 100],
    ] as const;
    expect([2, 4, 10].map((count) => upLimit(rules('Max', ...both), NONE, count, NOW))).toEqual([
      6, 8, 20,
    ]);
    expect([2, 4, 10].map((count) => upLimit(rules('Min', ...both), NONE, count, NOW))).toEqual([
      4, 8, 14,
    ]);
    expect(upLimit(rules('Disabled', ...both), NONE, 10, NOW)).toBe(10);
  });

  test('what was added and removed within the period is taken back first', () => {
    const memory = {
      ups: [
        { atMs: NOW - 15_000, change: 3 },
        { atMs: NOW - 14_999, change: 2 },
      ],
      downs: [{ atMs: NOW - 5_000, change: 1 }],
    };
    expect(upLimit(rules('Max', ['Pods', 4]), memory, 10, NOW)).toBe(10 - 2 + 1 + 4);
    expect(upLimit(rules('Max', ['Pods', 4, 30_000]), memory, 10, NOW)).toBe(10 - 5 + 1 + 4);
  });
});

describe('rate down', () => {
  test('Pods and Percent, cut to whole', () => {
    expect(downLimit(rules('Max', ['Pods', 4]), NONE, 10, NOW)).toBe(6);
    expect(downLimit(rules('Max', ['Percent', 100]), NONE, 10, NOW)).toBe(0);
    expect(downLimit(rules('Max', ['Percent', 25]), NONE, 10, NOW)).toBe(7);
    expect(downLimit(rules('Max', ['Percent', 10]), NONE, 10, NOW)).toBe(9);
    // 10 x (1 - 0.9) is 0.9999999999999998, and Kubernetes cuts that to 0 too
    expect(downLimit(rules('Max', ['Percent', 90]), NONE, 10, NOW)).toBe(0);
  });

  test('Max takes the most away, Min the least, Disabled nothing', () => {
    const both = [
      ['Pods', 4],
      ['Percent', 10],
    ] as const;
    expect(downLimit(rules('Max', ...both), NONE, 10, NOW)).toBe(6);
    expect(downLimit(rules('Min', ...both), NONE, 10, NOW)).toBe(9);
    expect(downLimit(rules('Disabled', ...both), NONE, 10, NOW)).toBe(10);
  });

  test('what was added and removed within the period is taken back first', () => {
    const memory = {
      ups: [{ atMs: NOW - 1, change: 2 }],
      downs: [{ atMs: NOW - 14_999, change: 3 }],
    };
    expect(downLimit(rules('Max', ['Pods', 4]), memory, 10, NOW)).toBe(10 - 2 + 3 - 4);
  });
});

function normal(
  config: Partial<HpaConfig>,
  current: number,
  desired: number,
  memory: Partial<HpaMemory> = {},
) {
  const settings = hpaSettings({ maxReplicas: 100, ...config });
  const { value, stabilized, limit } = normalize(
    settings,
    { ...NONE, ...memory },
    { nowMs: NOW, current, desired },
  );
  return [value, stabilized, limit];
}

const rec = (ageMs: number, replicas: number) => ({ atMs: NOW - ageMs, replicas });

describe('with behaviour', () => {
  const behavior = {};

  test('defaults: up by 4 or to twice, down to anything', () => {
    expect(normal({ behavior }, 2, 9)).toEqual([6, 9, 'step-up-limit']);
    expect(normal({ behavior }, 10, 19)).toEqual([19, 19, null]);
    expect(normal({ behavior }, 10, 20)).toEqual([20, 20, null]);
    expect(normal({ behavior }, 10, 21)).toEqual([20, 21, 'step-up-limit']);
    expect(normal({ behavior }, 10, 1)).toEqual([1, 1, null]);
    expect(normal({ behavior }, 10, 10)).toEqual([10, 10, null]);
  });

  test('down to the highest of the down window of 300 s, which ends at 300 s', () => {
    expect(normal({ behavior }, 10, 2, { highs: [rec(299_999, 8)] })).toEqual([8, 8, null]);
    expect(normal({ behavior }, 10, 2, { highs: [rec(300_000, 8)] })).toEqual([2, 2, null]);
    // the highest is above the present count: it stays, it does not go up
    expect(normal({ behavior }, 10, 2, { highs: [rec(1, 12)] })).toEqual([10, 10, null]);
  });

  test('the down window is the general one unless the behaviour names its own', () => {
    const highs = [rec(60_000, 8)];
    const general = { downscaleStabilizationMs: 60_000 };
    expect(normal({ behavior, ...general }, 10, 2, { highs })[0]).toBe(2);
    const own = { scaleDown: { stabilizationMs: 60_001 } };
    expect(normal({ behavior: own, ...general }, 10, 2, { highs })[0]).toBe(8);
  });

  test('up to the lowest of the up window, in which there is none by default', () => {
    const lows = [rec(1, 11)];
    expect(normal({ behavior }, 10, 15, { lows })).toEqual([15, 15, null]);
    const slow = { scaleUp: { stabilizationMs: 60_000 } };
    expect(normal({ behavior: slow }, 10, 15, { lows })).toEqual([11, 11, null]);
    expect(normal({ behavior: slow }, 10, 15, { lows: [rec(60_000, 11)] })[0]).toBe(15);
    expect(normal({ behavior: slow }, 10, 15, { lows: [rec(1, 4)] })).toEqual([10, 10, null]);
  });

  test('the order is stabilise, rate, limits', () => {
    // stabilised to 40, then at most twice, then the maximum
    const slow = { scaleUp: { stabilizationMs: 60_000 } };
    const memory = { lows: [rec(1, 40)] };
    expect(normal({ behavior: slow }, 10, 90, memory)).toEqual([20, 40, 'step-up-limit']);
    expect(normal({ behavior: slow, maxReplicas: 15 }, 10, 90, memory)).toEqual([15, 40, 'at-max']);
    expect(normal({ behavior, maxReplicas: 20 }, 10, 90)).toEqual([20, 90, 'at-max']);
    const gentle = {
      scaleDown: { policies: [{ type: 'Pods', value: 3, periodMs: 60_000 }] as const },
    };
    const high = { highs: [rec(1, 5)] };
    expect(normal({ behavior: gentle }, 10, 1, high)).toEqual([7, 5, 'step-down-limit']);
    expect(normal({ behavior: gentle, minReplicas: 8 }, 10, 1, high)).toEqual([8, 5, 'at-min']);
    expect(normal({ behavior: gentle, minReplicas: 7 }, 10, 1, high)).toEqual([7, 5, 'at-min']);
    expect(normal({ behavior, minReplicas: 2 }, 10, 1)).toEqual([2, 1, 'at-min']);
  });

  test('a spent rate never moves against the direction', () => {
    const ups = [{ atMs: NOW - 1, change: 9 }];
    // the period began at 1: at most 5, which is below what is there
    expect(normal({ behavior }, 10, 15, { ups })).toEqual([10, 15, 'step-up-limit']);
    const gentle = {
      scaleDown: { policies: [{ type: 'Pods', value: 3, periodMs: 60_000 }] as const },
    };
    const downs = [{ atMs: NOW - 1, change: 9 }];
    expect(normal({ behavior: gentle }, 10, 5, { downs })).toEqual([10, 5, 'step-down-limit']);
  });

  test('a direction that is off says so', () => {
    const off = { scaleUp: { selectPolicy: 'Disabled' }, scaleDown: { selectPolicy: 'Disabled' } };
    const both = { behavior: off as NonNullable<HpaConfig['behavior']> };
    expect(normal(both, 10, 15)).toEqual([10, 15, 'direction-off']);
    expect(normal(both, 10, 5)).toEqual([10, 5, 'direction-off']);
    expect(normal({ ...both, maxReplicas: 10 }, 10, 15)).toEqual([10, 15, 'at-max']);
    expect(normal({ ...both, minReplicas: 10 }, 10, 5)).toEqual([10, 5, 'at-min']);
  });
});

describe('without behaviour', () => {
  test('up to twice the count, at least to 4', () => {
    expect(normal({}, 1, 9)).toEqual([4, 9, 'step-up-limit']);
    expect(normal({}, 2, 9)).toEqual([4, 9, 'step-up-limit']);
    expect(normal({}, 3, 9)).toEqual([6, 9, 'step-up-limit']);
    expect(normal({}, 3, 6)).toEqual([6, 6, null]);
    expect(normal({ maxReplicas: 6 }, 3, 9)).toEqual([6, 9, 'at-max']);
    expect(normal({ maxReplicas: 5 }, 3, 9)).toEqual([5, 9, 'at-max']);
    expect(normal({}, 10, 1)).toEqual([1, 1, null]);
    expect(normal({ minReplicas: 2 }, 10, 1)).toEqual([2, 1, 'at-min']);
  });

  test('the highest within the window is applied on the way up too', () => {
    const highs = [rec(300_000, 8)];
    expect(normal({}, 5, 6, { highs })).toEqual([8, 8, null]);
    expect(normal({}, 10, 2, { highs })).toEqual([8, 8, null]);
    expect(normal({}, 10, 2, { highs: [rec(300_001, 8)] })).toEqual([2, 2, null]);
    expect(normal({ downscaleStabilizationMs: 60_000 }, 10, 2, { highs })).toEqual([2, 2, null]);
  });
});
