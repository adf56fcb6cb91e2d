import { describe, expect, it } from 'vitest';
import type { ReplicaObservation } from '../observation.ts';
import { type CapacityLawConfig, capacityLaw } from './capacity-law.ts';

const seen = (more: Partial<ReplicaObservation> = {}): ReplicaObservation => ({
  nowMs: 1_000_000,
  evidenceAgeMs: 1_000,
  windowMs: 10_000,
  ratePerSecond: 100,
  utilization: 0.5,
  inFlight: null,
  p99Ms: null,
  errorRatio: null,
  applied: 10,
  ready: 10,
  starting: 0,
  ...more,
});

function run(config: CapacityLawConfig, ...observations: readonly Partial<ReplicaObservation>[]) {
  let state = capacityLaw.init(config);
  const outputs = observations.map((observation, index) => {
    const step = capacityLaw.step(
      state,
      seen({ nowMs: 1_000_000 + 10_000 * index, ...observation }),
    );
    state = step.state;
    return step.output;
  });
  return { state, outputs, values: outputs.map(({ value }) => value) };
}

describe('capacity with a learned service time', () => {
  it('learns it from how busy the replicas are', () => {
    // 10 half busy replicas at 100/s: 50 ms each; 5 busy ones at 70 % are 7.2 replicas.
    const { outputs } = run({}, {});
    expect(outputs[0]).toEqual({
      value: 8,
      reason: 'capacity-need',
      terms: expect.objectContaining({ serviceTimeMs: 50, utilization: 0.7, applied: 10 }),
    });
    expect(run({ workersPerReplica: 4 }, {}).outputs[0]?.terms.serviceTimeMs).toBe(200);
  });

  it('answers a surge by the rate at once, with the time it knows', () => {
    const surge = { ratePerSecond: 300, utilization: 1 };
    expect(run({}, {}, surge).values).toEqual([8, 22]);
    // Without the figure of how busy they are too.
    expect(run({}, {}, { ratePerSecond: 300, utilization: null }).values).toEqual([8, 22]);
  });

  it('learns no shorter time from workers busy at 95 % or more, but a longer one', () => {
    const time = (utilization: number, ratePerSecond: number) =>
      run({}, {}, { utilization, ratePerSecond }).state.learned.mean;
    expect(time(0.95, 200)).toBe(50);
    expect(time(0.94, 200)).toBeLessThan(50);
    expect(time(0.95, 189)).toBeGreaterThan(50);
    // However long the time that is seen, it counts as half as much again.
    expect(time(1, 1)).toBeCloseTo(50 + 25 * (1 - Math.exp(-10 / 120)), 9);
    // The first figure is better than none.
    expect(run({}, { utilization: 1 }).values).toEqual([15]);
  });

  it('smooths over two minutes', () => {
    const { state } = run({}, {}, { utilization: 0.6 });
    expect(state.learned.mean).toBeCloseTo(50 + 10 * (1 - Math.exp(-10 / 120)), 9);
  });

  it('takes the time that is given', () => {
    const { outputs, state } = run({ serviceTimeMs: 100 }, { utilization: null });
    expect(outputs[0]?.value).toBe(15);
    expect(state.learned.mean).toBeNull();
    expect(run({ serviceTimeMs: 100 }, {}).state.learned.mean).toBeNull();
  });

  it('worked example: 1000/s of 100 ms at 70 % need 143', () => {
    expect(run({ serviceTimeMs: 100 }, { ratePerSecond: 1_000 }).values).toEqual([143]);
  });

  it('holds before it knows, and learns nothing of nothing', () => {
    const silent = { ratePerSecond: 100, utilization: null };
    expect(run({}, silent).outputs[0]).toMatchObject({ value: 10, reason: 'no-evidence' });
    for (const nothing of [{ ratePerSecond: 0 }, { utilization: 0 }, { ready: 0 }]) {
      expect(run({}, nothing).state.learned.mean).toBeNull();
    }
    for (const poison of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(run({}, {}, { utilization: poison }).state.learned.mean).toBe(50);
      expect(run({}, {}, { ratePerSecond: poison }).state.learned.mean).toBe(50);
      expect(run({}, {}, { ready: poison }).state.learned.mean).toBe(50);
    }
    const old = run({}, {}, { utilization: 0.9, evidenceAgeMs: 30_001 });
    expect(old.outputs[1]).toMatchObject({ value: 10, reason: 'stale-evidence' });
    expect(old.state.learned.mean).toBe(50);
  });

  it('goes on learning after the clock was set back', () => {
    const back = { nowMs: 1_000 };
    const { state } = run({}, {}, back, { nowMs: 11_000, utilization: 0.6 });
    expect(state.learned.lastMs).toBe(11_000);
    const later = { nowMs: 21_000, utilization: 0.6 };
    expect(
      run({}, {}, back, { nowMs: 11_000, utilization: 0.6 }, later).state.learned.mean,
    ).toBeCloseTo(50 + 10 * (1 - Math.exp(-10 / 120)), 9);
  });

  it('follows a hand', () => {
    expect(run({}, { hand: true }).outputs[0]).toMatchObject({ value: 10, reason: 'tracking' });
    const idle = run({}, {}, { hand: true, ratePerSecond: 0, applied: 1, ready: 1 });
    expect(idle.outputs[1]).toMatchObject({ value: 1, reason: 'tracking' });
  });

  it('keeps what it learned over new figures', () => {
    const { state } = run({}, {});
    const retuned = capacityLaw.retune(state, { utilization: 0.5 });
    expect(retuned.learned.mean).toBe(50);
    const { output } = capacityLaw.step(retuned, seen({ nowMs: 2_000_000, utilization: null }));
    expect(output.value).toBe(10);
    expect(capacityLaw.retune(state, { serviceTimeMs: 70 }).givenMs).toBe(70);
    expect(() => capacityLaw.init({ serviceTimeMs: 0 })).toThrow('serviceTimeMs is 0');
  });
});
