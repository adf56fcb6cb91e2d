import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../config.ts';
import { explain } from '../../explain.ts';
import { type PidReplicasInput, type PidReplicasState, pidReplicas } from './pid-replicas.ts';
import type { PidReplicasConfig } from './pid-replicas-config.ts';

/** The policy file's example. */
const POLICY: PidReplicasConfig = {
  setpoint: 0.7,
  kp: 1,
  ki: 0.02,
  hysteresis: { up: 0.8, down: 0.6 },
};

type Sample = Partial<PidReplicasInput> & { readonly measured: number | null };

/** Steps every 30 s unless `everyMs` says otherwise; returns each step's output. */
function drive(config: PidReplicasConfig, samples: readonly Sample[], everyMs = 30_000) {
  let state: PidReplicasState = pidReplicas.init(config);
  return samples.map((sample, index) => {
    const step = pidReplicas.step(state, {
      nowMs: 1_000_000 + index * everyMs,
      evidenceAgeMs: 0,
      applied: 10,
      ...sample,
    });
    state = step.state;
    return { ...step.output, state };
  });
}

describe('direction', () => {
  test('85 % against 70 % scales up, to exactly the count that brings it back', () => {
    const [first] = drive(POLICY, [{ measured: 0.85 }]);
    expect(first).toMatchObject({ value: 12, reason: 'above-setpoint' });
    expect(first?.terms.wanted).toBeCloseTo((10 * 0.85) / 0.7, 9);
    expect(first && explain(first, { signal: 'CPU', knob: 'replicas' })).toBe(
      'CPU at 0.85 is above the setpoint 0.7: replicas from 10 to 12.',
    );
  });

  test('35 % against 70 % halves the count', () => {
    const [first] = drive(POLICY, [{ measured: 0.35 }]);
    expect(first).toMatchObject({ value: 5, reason: 'below-setpoint' });
  });

  test.each([0.6, 0.65, 0.7, 0.75, 0.8])('between the thresholds nothing moves: %s', (measured) => {
    const [first] = drive(POLICY, [{ measured }]);
    expect(first).toMatchObject({ value: 10, reason: 'within-band' });
  });

  test('an old integral damps a move but never turns it round', () => {
    const high = Array.from({ length: 10 }, () => ({ measured: 1, applied: 10 }));
    const config = { ...POLICY, trackingTimeMs: 1e12 };
    const last = drive(config, [...high, { measured: 0.55 }]).at(-1);
    expect(last?.reason).toBe('below-setpoint');
    expect(last?.value).toBeLessThanOrEqual(10);
  });

  test('does not ask for zero replicas, however idle they are', () => {
    expect(drive(POLICY, [{ measured: 0 }])[0]?.value).toBe(1);
    expect(drive(POLICY, [{ measured: 0, applied: 0 }])[0]?.value).toBe(0);
  });
});

describe('terms', () => {
  test('the first sample has no derivative and no integral', () => {
    const [first] = drive({ ...POLICY, kd: 30 }, [{ measured: 0.9 }]);
    expect(first?.terms).toMatchObject({ i: 0, d: 0 });
  });

  test('the derivative pushes up while the signal rises: minus sign, reverse-acting', () => {
    const [, second] = drive({ ...POLICY, ki: 0, kd: 30 }, [
      { measured: 0.85 },
      { measured: 0.95 },
    ]);
    expect(second?.terms.d).toBeGreaterThan(0);
    const [, falling] = drive({ ...POLICY, ki: 0, kd: 30 }, [
      { measured: 0.95 },
      { measured: 0.85 },
    ]);
    expect(falling?.terms.d).toBeLessThan(0);
  });

  test('a new setpoint makes no derivative kick', () => {
    const before = drive({ ...POLICY, kd: 30 }, [{ measured: 0.75 }, { measured: 0.75 }]).at(-1);
    const state = pidReplicas.retune(before?.state as PidReplicasState, { setpoint: 0.5, kd: 30 });
    const input = { nowMs: 1_060_000, evidenceAgeMs: 0, measured: 0.75, applied: 10 };
    expect(pidReplicas.step(state, input).output.terms.d).toBeCloseTo(0, 9);
  });

  test('the integral grows by ki, error and the real time between two samples', () => {
    const outputs = drive(POLICY, [{ measured: 0.85 }, { measured: 0.84, applied: 12 }], 10_000);
    // 12.14 was asked for and 12 applied: rounding is no saturation.
    expect(outputs[1]?.state.integral).toBeCloseTo(0.02 * 0.2 * 10, 9);
  });

  test('a gap counts as at most maxStepMs', () => {
    const outputs = drive(
      { ...POLICY, maxStepMs: 60_000 },
      [{ measured: 0.84 }, { measured: 0.84, applied: 12 }],
      86_400_000,
    );
    expect(outputs[1]?.state.integral).toBeCloseTo(0.02 * 0.2 * 60, 9);
  });

  test('a gain means the same at any period: six steps of 5 s close what one of 30 s does', () => {
    // A plant that answers at once: utilisation = load / replicas, counts large enough to hide
    // the rounding.
    const settle = (everyMs: number, steps: number) => {
      const config = { setpoint: 0.7, kp: 0.4 };
      let state = pidReplicas.init(config);
      let applied = 10_000;
      for (let index = 0; index <= steps; index += 1) {
        const nowMs = 1_000_000 + index * everyMs;
        const measured = index === 0 ? 0.7 : 9_100 / applied;
        const step = pidReplicas.step(state, { nowMs, evidenceAgeMs: 0, measured, applied });
        state = step.state;
        applied = step.output.value;
      }
      return applied;
    };
    expect(settle(5_000, 6) / settle(30_000, 1)).toBeCloseTo(1, 2);
  });

  test('fractions of a replica are kept until they are one', () => {
    // 2 replicas, 15 % too busy: 0.3 of a replica each time.
    const outputs = drive({ setpoint: 0.7 }, [
      { measured: 0.805, applied: 2 },
      { measured: 0.805, applied: 2 },
    ]);
    expect(outputs.map((output) => output.value)).toEqual([2, 3]);
  });
});

describe('anti-windup', () => {
  test('a fraction of a request that nobody carries out does not add up', () => {
    // 10.83 are wanted: 11, again and again.
    const outputs = drive(
      { setpoint: 0.6 },
      Array.from({ length: 12 }, () => ({ measured: 0.65 })),
    );
    expect(new Set(outputs.map((output) => output.value))).toEqual(new Set([11]));
    // Once it is carried out, the rest of it counts: 10.83 - 11 + 11.92 = 11.75.
    const state = outputs.at(-1)?.state as PidReplicasState;
    const input = { nowMs: 9_000_000, evidenceAgeMs: 0, measured: 0.65, applied: 11 };
    expect(pidReplicas.step(state, input).output.terms.wanted).toBeCloseTo(
      11 * (0.65 / 0.6) - 1 / 6,
      9,
    );
  });

  test('waiting for an approval neither winds up nor changes the proposal', () => {
    const waiting = Array.from({ length: 100 }, () => ({ measured: 0.98 }));
    const outputs = drive(POLICY, waiting);
    const proposals = new Set(outputs.slice(2).map((output) => output.value));
    expect([...proposals]).toEqual([14]);
    expect(Math.abs(outputs.at(-1)?.state.integral ?? 1)).toBeLessThan(1e-9);
  });

  test('being given the same configuration before every step makes no difference', () => {
    let state = pidReplicas.init(POLICY);
    const values: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const input = { evidenceAgeMs: 0, measured: 0.98, applied: 10 };
      const step = pidReplicas.step(pidReplicas.retune(state, POLICY), {
        ...input,
        nowMs: 1_000_000 + index * 30_000,
      });
      state = step.state;
      values.push(step.output.value);
    }
    const plain = drive(
      POLICY,
      Array.from({ length: 20 }, () => ({ measured: 0.98 })),
    );
    expect(values).toEqual(plain.map((output) => output.value));
  });

  test('a step limit that lets a part through keeps the integral bounded', () => {
    let applied = 10;
    let state = pidReplicas.init(POLICY);
    for (let index = 0; index < 60; index += 1) {
      const nowMs = 1_000_000 + index * 30_000;
      const step = pidReplicas.step(state, { nowMs, evidenceAgeMs: 0, measured: 1, applied });
      state = step.state;
      applied = Math.min(applied + 1, step.output.value, 20);
    }
    expect(Math.abs(state.integral)).toBeLessThan(0.5);
  });

  test('replicas that somebody else added do not wind it up', () => {
    const outputs = drive(POLICY, [{ measured: 0.84 }, { measured: 0.84, applied: 100 }]);
    expect(outputs[1]?.state.integral).toBeCloseTo(0.02 * 0.2 * 30, 9);
  });

  test('what was asked for and not applied is tracked back with the tracking time', () => {
    // 40 % more was asked for, 10 % applied: 0.3 x 10 s / 100 s comes off the integral.
    const config = { ...POLICY, everyMs: 10_000, trackingTimeMs: 100_000 };
    const outputs = drive(config, [{ measured: 0.98 }, { measured: 0.98, applied: 11 }], 10_000);
    expect(outputs[1]?.state.integral).toBeCloseTo(0.02 * 0.4 * 10 - 0.03, 9);
  });

  test('the integral alone, and with a derivative, is a law too', () => {
    const outputs = drive({ setpoint: 0.7, kp: 0, ki: 0.02, kd: 10 }, [
      { measured: 0.84, applied: 100 },
      { measured: 0.84, applied: 100 },
      { measured: 0.91, applied: 100 },
    ]);
    expect(outputs[0]?.value).toBe(100);
    expect(outputs[1]?.value).toBe(112);
    expect(outputs[2]?.terms.d).toBeGreaterThan(0);
  });

  test('in the band the integral leaks away', () => {
    const busy = Array.from({ length: 4 }, (_, index) => ({ measured: 0.84, applied: 10 + index }));
    const calm = Array.from({ length: 20 }, () => ({ measured: 0.7, applied: 14 }));
    expect(Math.abs(drive(POLICY, [...busy, ...calm]).at(-1)?.state.integral ?? 1)).toBeLessThan(
      0.001,
    );
  });
});

describe('bumpless transfer', () => {
  test('from hand to automatic the proposal starts where the hand left it', () => {
    const [, back] = drive(POLICY, [
      { measured: 0.9, applied: 100, hand: true },
      { measured: 0.9, applied: 100 },
    ]);
    // Only what the integral has grown by since: ki error dt = 0.02 x 0.286 x 30 s = 17 %.
    expect(back?.value).toBe(117);
  });

  test('in hand the applied value is proposed, whatever is measured', () => {
    expect(drive(POLICY, [{ measured: 0.99, hand: true }])[0]).toMatchObject({
      value: 10,
      reason: 'tracking',
    });
  });

  test('without an integral there is no lasting offset after hand control', () => {
    const config = { setpoint: 0.7 };
    const [, back] = drive(config, [{ measured: 0.84, hand: true }, { measured: 0.84 }]);
    expect(back?.value).toBe(12);
  });

  test('new gains do not make the output jump', () => {
    const before = drive({ setpoint: 0.7, kp: 0.5, ki: 0.01 }, [
      { measured: 0.84, applied: 100 },
      { measured: 0.84, applied: 110 },
    ]);
    const state = before[1]?.state as PidReplicasState;
    const config = { setpoint: 0.7, kp: 0.25, ki: 0.01 };
    const input = { nowMs: 1_030_001, evidenceAgeMs: 0, measured: 0.84, applied: 110 };
    const move = (of: PidReplicasState) => of.integral + of.config.kp * of.lastError;
    expect(move(pidReplicas.retune(state, config))).toBeCloseTo(move(state), 9);
    expect(pidReplicas.step(pidReplicas.retune(state, config), input).output.value).toBe(110);
  });
});

describe('dead time', () => {
  test('capacity that is starting is not asked for again', () => {
    const [first] = drive(POLICY, [{ measured: 0.85, applied: 12, ready: 10, starting: 2 }]);
    expect(first).toMatchObject({ value: 12, reason: 'capacity-starting' });
    expect(first?.terms.predicted).toBeCloseTo((0.85 * 10) / 12, 9);
  });

  test('more is asked for when what is starting will not do', () => {
    const [first] = drive(POLICY, [{ measured: 1.2, applied: 12, ready: 10, starting: 2 }]);
    expect(first).toMatchObject({ value: 17, reason: 'above-setpoint' });
  });

  test('a prediction never turns a scale-up into a scale-down', () => {
    const [first] = drive(POLICY, [{ measured: 0.9, applied: 30, ready: 10, starting: 20 }]);
    expect(first).toMatchObject({ value: 30, reason: 'capacity-starting' });
  });

  test('what is leaving is counted as gone', () => {
    const [first] = drive(POLICY, [{ measured: 0.4, applied: 6, ready: 10 }]);
    expect(first).toMatchObject({ value: 6, reason: 'capacity-leaving' });
  });

  test('a signal that still shows the old count is read as such', () => {
    // 10 replicas at 98 % until the count becomes 14; the signal is a mean over 60 s.
    const config = { ...POLICY, signalWindowMs: 60_000 };
    const outputs = drive(config, [
      { measured: 0.98, applied: 10 },
      { measured: 0.98, applied: 10 },
      { measured: 0.98, applied: 14 },
      { measured: 0.84, applied: 14 },
    ]);
    expect(outputs.slice(2).map((output) => output.value)).toEqual([14, 14]);
    expect(outputs[2]?.reason).toBe('capacity-starting');
  });
});

describe('holding', () => {
  test.each([
    ['no-evidence', { measured: null }],
    ['no-evidence', { measured: 0.9, evidenceAgeMs: null }],
    ['stale-evidence', { measured: 0.9, evidenceAgeMs: 30_001 }],
    ['stale-evidence', { measured: 0.9, evidenceAgeMs: -40_000 }],
    ['invalid-measure', { measured: Number.NaN }],
    ['invalid-measure', { measured: -0.1 }],
    ['invalid-measure', { measured: 0.9, ready: Number.NaN }],
  ] as const)('%s: %o', (reason, sample) => {
    expect(drive(POLICY, [{ measured: 0.7 }, sample])[1]).toMatchObject({ value: 10, reason });
  });

  test('zeros in place of values are not told from idleness, but blindness is', () => {
    expect(drive(POLICY, [{ measured: 0, evidenceAgeMs: null }])[0]?.value).toBe(10);
  });

  test('a NaN does not poison the steps after it', () => {
    const outputs = drive({ ...POLICY, kd: 20 }, [
      { measured: 0.85 },
      { measured: Number.NaN },
      { measured: 0.85 },
      { measured: 0.85 },
    ]);
    expect(outputs.slice(2).every((output) => output.value >= 12)).toBe(true);
  });

  test('a clock that goes back is refused once, then believed', () => {
    const state = drive(POLICY, [{ measured: 0.7 }])[0]?.state as PidReplicasState;
    const input = { evidenceAgeMs: 0, measured: 0.9, applied: 10 };
    const back = pidReplicas.step(state, { ...input, nowMs: 500_000 });
    expect(back.output).toMatchObject({ value: 10, reason: 'clock-went-back' });
    const after = pidReplicas.step(back.state, { ...input, nowMs: 530_000 });
    expect(after.output.reason).toBe('above-setpoint');
  });
});

describe('configuration', () => {
  test.each([
    ['setpoint', { setpoint: 0 }],
    ['setpoint', { setpoint: Number.NaN }],
    ['kp', { setpoint: 0.7, kp: 3 }],
    ['kp', { setpoint: 0.7, kp: 0 }],
    ['ki', { setpoint: 0.7, ki: -1 }],
    ['hysteresis.up', { setpoint: 0.7, hysteresis: { up: 0.7, down: 0.6 } }],
    ['hysteresis.down', { setpoint: 0.7, hysteresis: { up: 0.8, down: 0.75 } }],
    ['setpointWeight', { setpoint: 0.7, setpointWeight: 0.5 }],
    ['derivativeFilterN', { setpoint: 0.7, derivativeFilterN: 0 }],
  ] as const)('%s is refused: %o', (field, config) => {
    expect(() => pidReplicas.init(config)).toThrowError(ConfigError);
    expect(() => pidReplicas.init(config)).toThrowError(new RegExp(`^${field} is `));
  });
});
