import { describe, expect, it } from 'vitest';
import { pidReplicas } from '../../pid/pid-replicas.ts';
import type { ReplicaObservation } from '../observation.ts';
import { type PidLawConfig, pidLaw, pidMeasure } from './pid-law.ts';

const seen = (more: Partial<ReplicaObservation> = {}): ReplicaObservation => ({
  nowMs: 1_000_000,
  evidenceAgeMs: 1_000,
  windowMs: 20_000,
  ratePerSecond: 100,
  utilization: 0.84,
  inFlight: 20,
  p99Ms: 600,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
  ...more,
});

const first = (config: PidLawConfig, more: Partial<ReplicaObservation> = {}) =>
  pidLaw.step(pidLaw.init(config), seen(more)).output;

describe('pid over the whole observation', () => {
  it('holds the figure it is told to at the setpoint', () => {
    expect(first({ setpoint: 0.7 })).toMatchObject({ value: 12, reason: 'above-setpoint' });
    expect(first({ setpoint: 300, signal: 'p99Ms' }).value).toBe(20);
    expect(first({ setpoint: 1, signal: 'inFlightPerReplica' }).value).toBe(20);
  });

  it('shares what is inside among those that serve, one at least', () => {
    expect(pidMeasure('inFlightPerReplica', seen({ ready: 4 }))).toBe(5);
    expect(pidMeasure('inFlightPerReplica', seen({ ready: 0 }))).toBe(20);
    expect(pidMeasure('inFlightPerReplica', seen({ inFlight: null }))).toBeNull();
  });

  it('is pidReplicas, step by step', () => {
    const config = { setpoint: 0.7, ki: 0.02, kd: 5, hysteresis: { up: 0.8, down: 0.6 } };
    let own = pidLaw.init(config);
    let plain = pidReplicas.init(config);
    for (let index = 0; index < 20; index += 1) {
      const utilization = index === 7 ? null : 0.5 + (index % 5) / 10;
      const observation = seen({
        nowMs: 1_000_000 + 30_000 * index,
        utilization,
        starting: index % 3,
        ...(index === 11 ? { hand: true } : {}),
      });
      const { nowMs, evidenceAgeMs, applied, ready, starting, hand } = observation;
      const step = pidLaw.step(own, observation);
      const input = { nowMs, evidenceAgeMs, measured: utilization, applied, ready, starting };
      const other = pidReplicas.step(plain, hand === undefined ? input : { ...input, hand });
      expect(step.output).toEqual(other.output);
      own = step.state;
      plain = other.state;
    }
    expect(own.pid).toEqual(plain);
  });

  it('keeps its integral over new gains, and nothing of another signal', () => {
    const config = { setpoint: 0.7, ki: 0.02 };
    const { state } = pidLaw.step(pidLaw.init(config), seen());
    const retuned = pidLaw.retune(state, { ...config, kp: 0.5 });
    expect(retuned.pid).toEqual(pidReplicas.retune(state.pid, { ...config, kp: 0.5 }));
    const other = { ...config, setpoint: 300, signal: 'p99Ms' } as const;
    expect(pidLaw.retune(state, other)).toEqual(pidLaw.init(other));
  });

  it('refuses a signal there is not', () => {
    const signal = 'cpu' as never;
    expect(() => pidLaw.init({ setpoint: 1, signal })).toThrow(
      'signal is "cpu": it must be one of utilization, p99Ms, inFlightPerReplica',
    );
  });
});
