import { expect, test } from 'vitest';
import { type HpaConfig, type HpaPolicy, hpaSettings } from './hpa-config.ts';

const settings = (config: Partial<HpaConfig>) => hpaSettings({ maxReplicas: 10, ...config });

test('the defaults are those of Kubernetes, without behaviour unless one is given', () => {
  expect(settings({})).toEqual({
    targetPercent: 80,
    metrics: [],
    minReplicas: 1,
    maxReplicas: 10,
    tolerance: { up: 0.1, down: 0.1 },
    downscaleStabilizationMs: 300_000,
    behavior: null,
    evidenceMaxAgeMs: 60_000,
  });
  expect(settings({ behavior: {} }).behavior).toEqual({
    up: {
      stabilizationMs: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodMs: 15_000 },
        { type: 'Percent', value: 100, periodMs: 15_000 },
      ],
      tolerance: null,
    },
    down: {
      stabilizationMs: 300_000,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodMs: 15_000 }],
      tolerance: null,
    },
  });
});

test('a behaviour says what differs, the tolerance too', () => {
  const { behavior, tolerance } = settings({
    tolerance: 0.2,
    behavior: { scaleUp: { tolerance: 0 }, scaleDown: { selectPolicy: 'Min' } },
  });
  expect(tolerance).toEqual({ up: 0, down: 0.2 });
  expect(behavior?.down.selectPolicy).toBe('Min');
  expect(behavior?.down.stabilizationMs).toBe(300_000);
  expect(settings({ behavior: { scaleDown: { tolerance: 0.3 } } }).tolerance).toEqual({
    up: 0.1,
    down: 0.3,
  });
});

const policy = (more: Partial<HpaPolicy>): HpaPolicy => ({
  type: 'Pods',
  value: 1,
  periodMs: 1_000,
  ...more,
});

test.each<[Partial<HpaConfig>, RegExp]>([
  [{ targetPercent: 0 }, /^targetPercent is 0: .*at least 1/],
  [{ targetPercent: 70.5 }, /^targetPercent is 70.5/],
  [{ targetPercent: null }, /^targetPercent is null/],
  [{ metrics: [{ figure: 'inFlight', type: 'Value', target: 0 }] }, /^metrics.0.target is 0/],
  [{ minReplicas: -1 }, /^minReplicas is -1/],
  [{ minReplicas: 1.5 }, /^minReplicas is 1.5/],
  [{ minReplicas: 11 }, /^minReplicas is 11: it must be at most 10/],
  [{ maxReplicas: 0 }, /^maxReplicas is 0: .*at least 1/],
  [{ maxReplicas: Number.POSITIVE_INFINITY }, /^maxReplicas is/],
  [{ tolerance: -0.1 }, /^tolerance is -0.1/],
  [{ downscaleStabilizationMs: -1 }, /^downscaleStabilizationMs is -1: .*0 to 1 h/],
  [{ downscaleStabilizationMs: 3_600_001 }, /^downscaleStabilizationMs is 3600001/],
  [{ evidenceMaxAgeMs: 0 }, /^evidenceMaxAgeMs is 0/],
  [{ behavior: { scaleUp: { stabilizationMs: 3_600_001 } } }, /^scaleUp.stabilizationMs/],
  [{ behavior: { scaleDown: { stabilizationMs: Number.NaN } } }, /^scaleDown.stabilizationMs/],
  [{ behavior: { scaleUp: { policies: [] } } }, /^scaleUp.policies is \[\]: .*at least one/],
  [{ behavior: { scaleDown: { tolerance: -1 } } }, /^scaleDown.tolerance is -1/],
  [{ behavior: { scaleUp: { policies: [policy({ value: 0 })] } } }, /^scaleUp.policies.0.value/],
  [
    { behavior: { scaleUp: { policies: [policy({}), policy({ periodMs: 999 })] } } },
    /^scaleUp.policies.1.periodMs is 999: .*1 s to 30 min/,
  ],
  [
    { behavior: { scaleUp: { policies: [policy({ periodMs: 1_800_001 })] } } },
    /^scaleUp.policies.0.periodMs/,
  ],
])('%j is refused', (config, message) => {
  expect(() => settings(config)).toThrowError(message);
});

test.each<Partial<HpaConfig>>([
  { targetPercent: 1 },
  { targetPercent: null, metrics: [{ figure: 'p99Ms', type: 'Value', target: 100 }] },
  { minReplicas: 0 },
  { minReplicas: 10 },
  { minReplicas: 1, maxReplicas: 1 },
  { tolerance: 0, downscaleStabilizationMs: 0 },
  { downscaleStabilizationMs: 3_600_000 },
  { behavior: { scaleUp: { policies: [policy({ periodMs: 1_800_000 })], tolerance: 0 } } },
])('%j is taken', (config) => {
  expect(settings(config)).toMatchObject({ evidenceMaxAgeMs: 60_000 });
});
