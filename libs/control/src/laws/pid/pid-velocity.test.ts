import { describe, expect, test } from 'vitest';
import { type PidState, pid } from './pid.ts';
import { type PidVelocityConfig, type PidVelocityState, pidVelocity } from './pid-velocity.ts';
import type { PidInput } from './sample.ts';

const CPU: PidVelocityConfig = { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5 };
const FINE: PidVelocityConfig = { ...CPU, resolution: 0 };

type Sample = Partial<PidInput> & { readonly measured: number | null };

/** Steps 10 s apart. What is applied follows the proposal, unless a sample says otherwise. */
function drive(
  config: PidVelocityConfig,
  samples: readonly Sample[],
  applied: number,
  from?: PidVelocityState,
) {
  let now = from ?? pidVelocity.init(config);
  let inForce = applied;
  const startMs = now.lastMs === null ? 1_000_000 : now.lastMs + 10_000;
  return samples.map((sample, index) => {
    const input = { nowMs: startMs + index * 10_000, evidenceAgeMs: 0, applied: inForce };
    const step = pidVelocity.step(now, { ...input, ...sample });
    now = step.state;
    inForce = step.output.value;
    return { ...step.output, state: now };
  });
}

const valuesOf = (outputs: readonly { readonly value: number }[]) =>
  outputs.map((output) => output.value);

describe('while nothing is refused', () => {
  test.each([
    { ...FINE, kd: 60 },
    { ...FINE, kd: 60, setpointWeight: 0.4 },
    { ...FINE, kd: 20, action: 'direct' as const, setpoint: 0.5 },
    {
      ...FINE,
      schedule: [
        { at: 0, kp: 10, ki: 0.2, kd: 0 },
        { at: 1, kp: 40, ki: 1, kd: 0 },
      ],
    },
  ])('it does what the position form does, step by step: %o', (config) => {
    let position: PidState = pid.init(config);
    let velocity: PidVelocityState = pidVelocity.init(config);
    let applied = 1_000;
    for (let index = 0; index < 300; index += 1) {
      const measured = 0.7 + 0.2 * Math.sin(index / 7) + 0.05 * Math.sin(index * 1.9);
      const input = {
        nowMs: index * (9_000 + (index % 3) * 1_000),
        evidenceAgeMs: 0,
        measured,
        applied,
        setpoint: index < 150 ? 0.7 : 0.65,
        scheduling: Math.abs(Math.sin(index / 40)),
      };
      const one = pid.step(position, input);
      const two = pidVelocity.step(velocity, input);
      expect(two.output.value).toBeCloseTo(one.output.value, 6);
      expect(two.output.reason).toBe(one.output.reason);
      position = one.state;
      velocity = two.state;
      applied = one.output.value;
    }
    // It has been somewhere.
    expect(Math.abs(applied - 1_000)).toBeGreaterThan(5);
  });

  test('reverse: 85 % against 70 % scales up, 35 % scales down', () => {
    expect(valuesOf(drive(CPU, [{ measured: 0.7 }, { measured: 0.85 }], 10))).toEqual([10, 14]);
    expect(valuesOf(drive(CPU, [{ measured: 0.7 }, { measured: 0.35 }], 10))).toEqual([10, 1]);
    const direct = { ...CPU, action: 'direct' } as const;
    expect(valuesOf(drive(direct, [{ measured: 0.7 }, { measured: 0.85 }], 10))).toEqual([10, 6]);
  });

  test('terms tell the change by its parts', () => {
    const outputs = drive(CPU, [{ measured: 0.7 }, { measured: 0.85 }], 10);
    expect(outputs[1]).toMatchObject({
      reason: 'above-setpoint',
      terms: {
        setpoint: 0.7,
        measured: 0.85,
        error: expect.closeTo(0.15, 12),
        p: expect.closeTo(3, 12),
        i: expect.closeTo(0.75, 12),
        d: expect.closeTo(0, 12),
        wanted: expect.closeTo(13.75, 12),
        applied: 10,
      },
    });
  });
});

describe('whole positions', () => {
  test('fractions are carried until they are one', () => {
    const slow = { ...CPU, kp: 0, ki: 0.03 };
    const outputs = drive(
      slow,
      Array.from({ length: 20 }, () => ({ measured: 0.8 })),
      10,
    );
    // 0.03 x 0.1 x 10 s a step: half a replica after 17 steps.
    expect(valuesOf(outputs)).toEqual([...Array.from({ length: 17 }, () => 10), 11, 11, 11]);
    expect(outputs[17]?.state.remainder).toBeCloseTo(0.51 - 1, 9);
  });

  test('the sum of what was carried out is the sum of what was wanted', () => {
    const samples = Array.from({ length: 200 }, (_, k) => ({
      measured: 0.7 + 0.1 * Math.sin(k / 9),
    }));
    const fine = valuesOf(drive(FINE, samples, 100));
    const whole = valuesOf(drive(CPU, samples, 100));
    whole.forEach((value, index) => {
      expect(Number.isInteger(value)).toBe(true);
      expect(Math.abs(value - (fine[index] ?? 0))).toBeLessThanOrEqual(0.5 + 1e-9);
    });
  });

  test('limits: nothing winds up at them, and the way back begins at once', () => {
    const config = { ...CPU, min: 2, max: 12 };
    const high = Array.from({ length: 50 }, () => ({ measured: 1 }));
    const outputs = drive(config, [{ measured: 0.7 }, ...high, { measured: 0.6 }], 10);
    expect(Math.max(...valuesOf(outputs))).toBe(12);
    // A quarter of the first 8 was carried out: P is still measured from 0.7 + 0.3 / 4.
    expect(outputs.at(-1)?.terms.p).toBeCloseTo(20 * (0.6 - 0.775), 9);
    expect(outputs.at(-1)?.value).toBe(8);
    expect(drive(config, [{ measured: 0.7 }, { measured: 0 }], 3)[1]?.value).toBe(2);
  });
});

describe('what is refused', () => {
  test('an approval that takes long: the proposal is neither forgotten nor inflated', () => {
    const waiting = Array.from({ length: 100 }, () => ({ measured: 0.9, applied: 10 }));
    const outputs = drive(CPU, [{ measured: 0.7 }, ...waiting], 10);
    expect(new Set(valuesOf(outputs.slice(1)))).toEqual(new Set([15]));
    const approved = drive(CPU, [{ measured: 0.9, applied: 15 }], 15, outputs.at(-1)?.state)[0];
    // Only the integral goes on: 0.5 x 0.2 x 10 s.
    expect(approved?.value).toBe(16);
  });

  test('of a part that was carried out the same part of the difference is done', () => {
    const outputs = drive(
      FINE,
      [{ measured: 0.7 }, { measured: 0.9 }, { measured: 0.9, applied: 11 }],
      10,
    );
    // 15 was wanted, 11 is: 4/5 of P's 4 are still to come, and this step's integral.
    expect(outputs[2]?.value).toBeCloseTo(11 + 4 * 0.8 + 1, 9);
    const slope = drive(
      { ...FINE, kd: 100 },
      [{ measured: 0.7 }, { measured: 0.9 }, { measured: 0.9, applied: 10 }],
      10,
    );
    expect(slope[2]?.terms.p).toBeCloseTo(4, 9);
    // Nothing was done: D is still measured from none, and what is left of it is the filter's tail.
    const tail = 0.2 - 0.2 * (10 / 10.5);
    expect(slope[2]?.terms.d).toBeCloseTo((100 * (tail * (10 / 10.5))) / 10, 9);
  });

  test('another hand moves it: the law goes on from there', () => {
    const outputs = drive(
      FINE,
      [{ measured: 0.7 }, { measured: 0.9 }, { measured: 0.9, applied: 40 }],
      10,
    );
    expect(outputs[2]?.value).toBeCloseTo(41, 9);
    const against = drive(
      FINE,
      [{ measured: 0.7 }, { measured: 0.9 }, { measured: 0.9, applied: 5 }],
      10,
    );
    expect(against[2]?.value).toBeCloseTo(5 + 4 + 1, 9);
  });

  test('the remainder goes back to what it was before a proposal nobody carried out', () => {
    const slow = { ...CPU, kp: 0, ki: 0.3 };
    const outputs = drive(
      slow,
      [{ measured: 0.8 }, { measured: 0.8 }, { measured: 0.8 }, { measured: 0.8, applied: 10 }],
      10,
    );
    // 0.3, 0.6 (asks for 11, refused), again 0.3 + 0.3.
    expect(valuesOf(outputs)).toEqual([10, 10, 11, 11]);
    expect(outputs[3]?.terms.wanted).toBeCloseTo(10.6, 9);
  });
});

describe('bumpless transfer', () => {
  test.each([0.2, 0.7, 0.95])('the first value is the applied one, measured %s', (measured) => {
    expect(drive(CPU, [{ measured }], 17)[0]?.value).toBe(17);
  });

  test('in hand it follows, and gives back without a bump', () => {
    const outputs = drive(
      CPU,
      [
        { measured: 0.7 },
        { measured: 0.9, applied: 30, hand: true },
        { measured: 0.9, applied: 40, hand: true },
        { measured: 0.9, applied: 40 },
      ],
      10,
    );
    expect(outputs[2]).toMatchObject({
      value: 40,
      reason: 'tracking',
      terms: { p: 0, i: 0, d: 0, wanted: 40, applied: 40 },
    });
    expect(outputs[3]?.value).toBe(41);
  });

  test('hand control forgets the fraction', () => {
    const slow = { ...CPU, kp: 0, ki: 0.4 };
    const outputs = drive(
      slow,
      [{ measured: 0.8 }, { measured: 0.8 }, { measured: 0.8, hand: true }, { measured: 0.8 }],
      10,
    );
    expect(outputs[1]?.state.remainder).toBeCloseTo(0.4, 9);
    expect(outputs[3]).toMatchObject({ value: 10 });
    expect(outputs[3]?.terms.wanted).toBeCloseTo(10.4, 9);
  });

  test('new gains act on what comes, not on what was', () => {
    const before = drive(FINE, [{ measured: 0.7 }, { measured: 0.8 }], 10)[1];
    const state = pidVelocity.retune(before?.state as PidVelocityState, {
      ...FINE,
      kp: 90,
      ki: 0.01,
    });
    const [next] = drive(FINE, [{ measured: 0.8 }], before?.value ?? 0, state);
    expect(next?.value).toBeCloseTo((before?.value ?? 0) + 0.01, 9);
  });

  test('another direction keeps the slope, with its sign', () => {
    const config = { ...FINE, kd: 60 };
    const before = drive(config, [{ measured: 0.7 }, { measured: 0.8 }], 10)[1]
      ?.state as PidVelocityState;
    const turned = pidVelocity.retune(before, { ...config, action: 'direct' });
    expect(turned.filtered).toBeCloseTo(-(before.filtered ?? 0), 12);
    expect(turned.last?.slope).toBeCloseTo(-(before.last?.slope ?? 0), 12);
    expect(turned.done?.slope).toBeCloseTo(-(before.done?.slope ?? 0), 12);
    expect(before.last?.slope).toBeLessThan(0);
    expect(pidVelocity.retune(pidVelocity.init(config), { ...config, action: 'direct' })).toEqual(
      pidVelocity.init({ ...config, action: 'direct' }),
    );
  });
});

describe('gaps and what cannot be used', () => {
  const first = () =>
    drive(FINE, [{ measured: 0.8 }, { measured: 0.8 }], 10)[1]?.state as PidVelocityState;
  const good = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.9, applied: 10.5 };

  test.each([
    [{ measured: null }, 'no-evidence'],
    [{ measured: Number.NaN }, 'invalid-measure'],
    [{ evidenceAgeMs: 30_001 }, 'stale-evidence'],
    [{ nowMs: 1_010_000 }, 'same-instant'],
    [{ nowMs: 1_000_000 }, 'clock-went-back'],
    [{ measured: 1.01e12 }, 'invalid-measure'],
  ])('%o holds what is applied: %s', (wrong, reason) => {
    const { output } = pidVelocity.step(first(), { ...good, ...wrong });
    expect(output).toEqual({ value: 10.5, reason, terms: { setpoint: 0.7, applied: 10.5 } });
  });

  test('a repeated instant changes nothing', () => {
    const state = first();
    expect(pidVelocity.step(state, { ...good, nowMs: 1_010_000 }).state).toBe(state);
  });

  test('across a gap the difference counts, the time does not', () => {
    const blind = pidVelocity.step(first(), { ...good, measured: null }).state;
    const next = pidVelocity.step(blind, { ...good, nowMs: 1_030_000 });
    expect(next.output.value).toBeCloseTo(10.5 + 2, 9);
    expect(next.output.terms.i).toBe(0);
  });
});
