import { describe, expect, it } from 'vitest';
import { explain } from '../../explain.ts';
import { type ReplicaLawSpec, type ReplicaLawState, replicaLawOf } from './law-of.ts';
import type { ReplicaObservation } from './observation.ts';

const SPECS: readonly ReplicaLawSpec[] = [
  { kind: 'autoscale', config: { p99Ms: 300 } },
  { kind: 'pid', config: { setpoint: 0.7, ki: 0.01 } },
  { kind: 'hpa', config: { maxReplicas: 100 } },
  { kind: 'stablePanic', config: { capacity: 2 } },
  { kind: 'capacity', config: { workersPerReplica: 2 } },
  { kind: 'predictive', config: {} },
  { kind: 'schedule', config: { windows: [{ when: 'Mon 00:00 - Sun 23:00 UTC', min: 4 }] } },
];

const seen = (second: number, more: Partial<ReplicaObservation> = {}): ReplicaObservation => ({
  nowMs: 1_767_000_000_000 + second * 1_000,
  evidenceAgeMs: 2_000,
  windowMs: 10_000,
  ratePerSecond: 120,
  utilization: 0.9,
  inFlight: 14,
  p99Ms: 450,
  errorRatio: 0,
  applied: 3,
  ready: 3,
  starting: 0,
  ...more,
});

function run(
  spec: ReplicaLawSpec,
  steps: number,
  through: (state: ReplicaLawState) => ReplicaLawState,
) {
  const law = replicaLawOf(spec);
  let state = law.init();
  let applied = 3;
  return Array.from({ length: steps }, (_, index) => {
    const rate = 120 + 60 * Math.sin(index / 5);
    const utilization = Math.min(1, (rate * 0.05) / applied);
    const observation = { ratePerSecond: rate, utilization, applied, ready: applied };
    const step = law.step(through(state), seen(15 * index, observation));
    state = step.state;
    applied = Math.max(1, Math.min(20, step.output.value));
    return step.output;
  });
}

describe.each(SPECS.map((spec) => [spec.kind, spec] as const))('%s', (kind, spec) => {
  it('has a name, decides, and explains itself', () => {
    const law = replicaLawOf(spec);
    expect(law.name).toBe(kind);
    const { state, output } = law.step(law.init(), seen(0));
    expect(state.kind).toBe(kind);
    expect(Number.isInteger(output.value)).toBe(true);
    expect(explain(output)).not.toContain('?');
  });

  it('goes on identically from its state as JSON text', () => {
    const kept = run(spec, 40, (state) => state);
    const read = run(spec, 40, (state) => JSON.parse(JSON.stringify(state)));
    expect(read).toEqual(kept);
  });

  it('keeps its memory over a retune, and begins anew with that of another law', () => {
    const retuned = run(spec, 40, (state) => replicaLawOf(spec).retune(state));
    expect(retuned).toEqual(run(spec, 40, (state) => state));
    const law = replicaLawOf(spec);
    const foreign = { kind: 'other', state: { strange: true } } as unknown as ReplicaLawState;
    expect(law.retune(foreign)).toEqual(law.init());
    expect(law.step(foreign, seen(0))).toEqual(law.step(law.init(), seen(0)));
  });

  it('takes nothing away without evidence', () => {
    const law = replicaLawOf(spec);
    const blind = {
      evidenceAgeMs: null,
      ratePerSecond: null,
      utilization: null,
      inFlight: null,
      p99Ms: null,
      errorRatio: null,
    };
    const { output } = law.step(law.init(), seen(0, { ...blind, applied: 9, ready: 9 }));
    expect(output.value).toBe(9);
    expect(law.evidence(seen(0, blind))).toBeNull();
    expect(law.evidence(seen(0))).toBeGreaterThan(0);
  });
});

it('refuses figures that cannot work when the law is made', () => {
  expect(() => replicaLawOf({ kind: 'pid', config: { setpoint: 0 } })).toThrow('setpoint is 0');
  const none = { kind: 'schedule', config: { windows: [] } } as const;
  expect(() => replicaLawOf(none)).toThrow('windows');
});

it('knows which figure nothing may be taken away without', () => {
  const evidence = (spec: ReplicaLawSpec) => replicaLawOf(spec).evidence(seen(0, { ready: 2 }));
  expect(evidence({ kind: 'autoscale', config: {} })).toBe(120);
  expect(evidence({ kind: 'hpa', config: { maxReplicas: 9 } })).toBe(0.9);
  expect(evidence({ kind: 'stablePanic', config: { capacity: 2 } })).toBe(14);
  expect(evidence({ kind: 'stablePanic', config: { capacity: 2, metric: 'rps' } })).toBe(120);
  expect(evidence({ kind: 'pid', config: { setpoint: 300, signal: 'p99Ms' } })).toBe(450);
  expect(evidence({ kind: 'capacity', config: {} })).toBe(120);
  expect(evidence({ kind: 'predictive', config: {} })).toBe(120);
  const windows = [{ when: 'Mon 00:00 - Sun 23:00 UTC', min: 4 }];
  const byClock = replicaLawOf({ kind: 'schedule', config: { windows } });
  expect(byClock.evidence(seen(0))).toBe(120);
  expect(byClock.evidence(seen(0, { ratePerSecond: null }))).toBe(0.9);
  expect(byClock.evidence(seen(0, { ratePerSecond: null, utilization: null }))).toBeNull();
  expect(byClock.evidence(seen(0, { ratePerSecond: 0 }))).toBe(0);
  const inside = { setpoint: 2, signal: 'inFlightPerReplica' } as const;
  expect(evidence({ kind: 'pid', config: inside })).toBe(7);
});
