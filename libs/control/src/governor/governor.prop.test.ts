import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replicaLawOf } from '../laws/replicas/law-of.ts';
import type { ReplicaObservation } from '../laws/replicas/observation.ts';
import { type GovernorConfig, governorOf } from './governor.ts';

/*
 * Whatever the law, the limits and the hours: nothing is taken away that is not seen, and the least
 * that is asked for is reached all the same.
 */
const MONDAY_MS = Date.UTC(2026, 0, 5);

const LAWS: readonly GovernorConfig['law'][] = [
  { kind: 'autoscale', config: { p99Ms: 200 } },
  { kind: 'pid', config: { setpoint: 0.6 } },
  { kind: 'capacity', config: { serviceTimeMs: 50 } },
  { kind: 'stablePanic', config: { capacity: 10 } },
  { kind: 'predictive', config: {} },
  { kind: 'schedule', config: { windows: [{ when: 'daily 00:00 - 12:00 UTC', min: 3, max: 9 }] } },
];

const hours = fc.record({
  when: fc.constantFrom('Mon 00:00 - Mon 12:00 UTC', 'Tue 00:00 - Tue 12:00 UTC'),
  min: fc.integer({ min: 0, max: 40 }),
});

const configs: fc.Arbitrary<GovernorConfig> = fc
  .record({
    law: fc.constantFrom(...LAWS),
    min: fc.integer({ min: 0, max: 10 }),
    room: fc.integer({ min: 0, max: 20 }),
    confirmed: fc.boolean(),
    schedule: fc.option(
      fc.tuple(hours, fc.nat({ max: 20 })).map(([{ when, min }, room]) => ({
        windows: [{ when, min, max: min + room }],
      })),
    ),
  })
  .map(({ law, min, room, confirmed, schedule }) => ({
    law,
    bounds: {
      min,
      max: min + room,
      stepUp: 10,
      stepDown: 1,
      cooldownUpMs: 0,
      cooldownDownMs: 0,
      dwellMs: 0,
      evidenceMaxAgeMs: 30_000,
      actionsPerHour: 10_000,
      reversalsPerHour: 10_000,
      freeze: [],
      ...(confirmed ? { confirmDownMs: 60_000 } : {}),
      ...(schedule === null ? {} : { schedule }),
    },
  }));

const figure = (max: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0, max, noNaN: true }) },
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY) },
  );

const sights = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 1_000, max: 60_000 }),
    evidenceAgeMs: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, 30_001, -40_000) },
    ),
    ratePerSecond: figure(1_000),
    utilization: figure(1),
    p99Ms: figure(500),
    applied: fc.integer({ min: 0, max: 40 }),
  }),
  { minLength: 1, maxLength: 30, size: 'max' },
);

const isFresh = ({ evidenceAgeMs }: ReplicaObservation) =>
  evidenceAgeMs !== null && Math.abs(evidenceAgeMs) <= 30_000;

test('what is not seen is not taken away, and what is asked for at least is reached', () => {
  fc.assert(
    fc.property(configs, sights, (config, sequence) => {
      const { bounds } = config;
      const governor = governorOf(config);
      const law = replicaLawOf(config.law);
      let state = governor.init();
      let nowMs = MONDAY_MS;
      for (const { afterMs, ...sight } of sequence) {
        nowMs += afterMs;
        const { applied } = sight;
        const seen: ReplicaObservation = {
          nowMs,
          windowMs: 15_000,
          inFlight: null,
          errorRatio: null,
          ready: applied,
          starting: 0,
          ...sight,
        };
        const step = governor.step(state, seen);
        state = step.state;
        const { value } = step.output;
        const isSound = (state.confirmation?.look ?? 'sound') === 'sound';
        if (!isFresh(seen) || law.evidence(seen) === null || !isSound) {
          expect(value).toBeGreaterThanOrEqual(applied);
        }
        expect(value).toBeLessThanOrEqual(Math.max(applied, bounds.max));
        expect(value).toBeGreaterThanOrEqual(Math.min(bounds.max, bounds.min));
        const [window] = bounds.schedule?.windows ?? [];
        if (window?.when.startsWith('Mon') === true) {
          expect(value).toBeGreaterThanOrEqual(Math.min(bounds.max, window.min ?? 0));
        }
      }
    }),
    { numRuns: 300 },
  );
});
