import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hpa } from './hpa.ts';
import { type HpaConfig, type HpaPolicy, hpaSettings } from './hpa-config.ts';
import { HpaTwin } from './twin.fixture.ts';

const windowMs = fc.constantFrom(0, 15_000, 30_000, 60_000, 300_000);
const policy: fc.Arbitrary<HpaPolicy> = fc.record({
  type: fc.constantFrom('Pods', 'Percent'),
  value: fc.integer({ min: 1, max: 120 }),
  periodMs: fc.constantFrom(15_000, 30_000, 60_000, 180_000),
});
const rules = fc.record(
  {
    stabilizationMs: windowMs,
    selectPolicy: fc.constantFrom('Max', 'Max', 'Min', 'Min', 'Disabled'),
    policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
    tolerance: fc.constantFrom(null, 0, 0.05, 0.3),
  },
  { requiredKeys: [] },
);
const config = fc.record({
  targetPercent: fc.integer({ min: 20, max: 120 }),
  minReplicas: fc.integer({ min: 0, max: 4 }),
  maxReplicas: fc.integer({ min: 5, max: 60 }),
  // a window of no length is tested by example: the twin's first entry would be in it
  downscaleStabilizationMs: windowMs.filter((each) => each > 0),
  behavior: fc.option(fc.record({ scaleUp: rules, scaleDown: rules }), { nil: undefined }),
});
const stepOf = fc.record({
  gapMs: fc.constantFrom(15_000, 15_000, 15_000, 5_000, 31_000, 200_000),
  utilization: fc.integer({ min: 0, max: 1_300 }).map((milli) => milli / 1_000),
  unready: fc.integer({ min: 0, max: 5 }),
});

test('does what its slow twin does, step by step', () => {
  const steps = fc.array(stepOf, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(config, fc.integer({ min: 0, max: 70 }), steps, (given_, first, sequence) => {
      const { behavior, ...rest } = given_;
      const given = (behavior === undefined ? rest : { ...rest, behavior }) as HpaConfig;
      const twin = new HpaTwin(hpaSettings(given));
      let state = hpa.init(given);
      let nowMs = 1_000_000;
      let applied = first;
      for (const { gapMs, utilization, unready } of sequence) {
        nowMs += gapMs;
        const ready = Math.max(0, applied - unready);
        const step = hpa.step(state, {
          nowMs,
          evidenceAgeMs: 0,
          windowMs: 15_000,
          ratePerSecond: null,
          utilization,
          inFlight: null,
          p99Ms: null,
          errorRatio: null,
          applied,
          ready,
          starting: applied - ready,
        });
        state = step.state;
        expect(step.output.value).toBe(twin.sync({ nowMs, utilization, current: applied, ready }));
        applied = step.output.value;
      }
    }),
    { numRuns: 400 },
  );
});
