import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import { type PidState, pid } from './pid.ts';
import type { PidConfig } from './pid-config.ts';
import type { PidInput } from './sample.ts';

/** CPU and replicas: above 0.7 more are wanted. */
const CPU: PidConfig = { setpoint: 0.7, action: 'reverse', kp: 20, ki: 0.5 };
/** p99 and an admission rate: above 100 ms less is let in. */
const RATE: PidConfig = { setpoint: 100, action: 'direct', kp: 2, ki: 0.1 };

type Sample = Partial<PidInput> & { readonly measured: number | null };

/** Steps 10 s apart. What is applied follows the proposal, unless a sample says otherwise. */
function drive(config: PidConfig, samples: readonly Sample[], applied: number, state?: PidState) {
  let now: PidState = state ?? pid.init(config);
  let inForce = applied;
  const startMs = now.lastMs === null ? 1_000_000 : now.lastMs + 10_000;
  return samples.map((sample, index) => {
    const input = { nowMs: startMs + index * 10_000, evidenceAgeMs: 0, applied: inForce };
    const step = pid.step(now, { ...input, ...sample });
    now = step.state;
    inForce = step.output.value;
    return { ...step.output, state: now };
  });
}

describe('direction', () => {
  test('reverse: 85 % against 70 % scales up, 35 % scales down', () => {
    const up = drive(CPU, [{ measured: 0.7 }, { measured: 0.85 }], 10)[1];
    // P 20 x 0.15, I 0.5 x 0.15 x 10 s
    expect(up?.value).toBeCloseTo(10 + 3 + 0.75, 9);
    expect(up?.reason).toBe('above-setpoint');
    const down = drive(CPU, [{ measured: 0.7 }, { measured: 0.35 }], 10)[1];
    expect(down?.value).toBeCloseTo(10 - 7 - 1.75, 9);
    expect(down?.reason).toBe('below-setpoint');
  });

  test('direct: p99 above its setpoint lets less in', () => {
    const high = drive(RATE, [{ measured: 100 }, { measured: 120 }], 1_000)[1];
    expect(high?.value).toBeCloseTo(1_000 - 40 - 20, 9);
    const low = drive(RATE, [{ measured: 100 }, { measured: 80 }], 1_000)[1];
    expect(low?.value).toBeCloseTo(1_060, 9);
  });

  test('explains itself', () => {
    const up = drive(CPU, [{ measured: 0.7 }, { measured: 0.85 }], 10)[1];
    expect(up && explain(up, { signal: 'CPU', knob: 'replicas' })).toBe(
      'CPU at 0.85 is above the setpoint 0.7: replicas from 10 to 13.8.',
    );
  });

  test('at its setpoint it stays', () => {
    const rest = drive(CPU, [{ measured: 0.7 }, { measured: 0.7 }], 10)[1];
    expect(rest).toMatchObject({ value: 10, reason: 'at-setpoint' });
  });
});

describe('terms', () => {
  test('are all shown', () => {
    const config = { ...CPU, kd: 100, derivativeFilterN: 10 };
    const second = drive(config, [{ measured: 0.7 }, { measured: 0.8 }], 10)[1];
    // Filter time 100 / 20 / 10 = 0.5 s: 10 / 10.5 of 0.1 in 10 s.
    const d = (100 * 0.1 * (10 / 10.5)) / 10;
    expect(second?.terms).toEqual({
      setpoint: 0.7,
      measured: 0.8,
      error: expect.closeTo(0.1, 12),
      p: expect.closeTo(2, 12),
      i: expect.closeTo(10.5, 12),
      d: expect.closeTo(d, 12),
      wanted: expect.closeTo(12.5 + d, 12),
      applied: 10,
    });
  });

  test('a new setpoint kicks neither D nor, with weight 0, P', () => {
    const config = { ...CPU, kd: 100, setpointWeight: 0 };
    const before = drive(config, [{ measured: 0.7 }, { measured: 0.7 }], 10)[1];
    const after = drive(config, [{ measured: 0.7, setpoint: 0.5 }], 10, before?.state)[0];
    expect(after?.terms.d).toBeCloseTo(0, 12);
    // Only the integral answers: 0.5 x 0.2 x 10 s.
    expect(after?.value).toBeCloseTo(11, 9);
    const full = drive({ ...CPU, kd: 100 }, [{ measured: 0.7 }, { measured: 0.7 }], 10)[1];
    const kicked = drive(CPU, [{ measured: 0.7, setpoint: 0.5 }], 10, full?.state)[0];
    expect(kicked?.value).toBeCloseTo(15, 9);
  });

  test('the integral goes by real time, and a gap counts as maxStepMs', () => {
    const config = { ...CPU, maxStepMs: 30_000 };
    const first = drive(config, [{ measured: 0.7 }], 10)[0]?.state as PidState;
    const grown = (gapMs: number) =>
      pid.step(first, { nowMs: 1_000_000 + gapMs, evidenceAgeMs: 0, measured: 0.8, applied: 10 })
        .output.terms.i as number;
    expect(grown(5_000)).toBeCloseTo(10.25, 9);
    expect(grown(30_000)).toBeCloseTo(11.5, 9);
    expect(grown(86_400_000)).toBeCloseTo(11.5, 9);
  });

  test('without an integral the start gives the bias', () => {
    const config: PidConfig = { setpoint: 0.7, action: 'reverse', kp: 20 };
    const outputs = drive(config, [{ measured: 0.8 }, { measured: 0.9 }, { measured: 0.8 }], 10);
    expect(outputs.map((output) => output.value)).toEqual([
      10,
      expect.closeTo(12, 9),
      expect.closeTo(10, 9),
    ]);
  });
});

describe('limits and positions', () => {
  test('the value stays within its limits', () => {
    const config = { ...CPU, min: 2, max: 12 };
    expect(drive(config, [{ measured: 0.7 }, { measured: 2 }], 10)[1]?.value).toBe(12);
    expect(drive(config, [{ measured: 0.7 }, { measured: 0 }], 10)[1]?.value).toBe(2);
    expect(drive(CPU, [{ measured: 0.7 }, { measured: 0 }], 1)[1]?.value).toBe(0);
  });

  test('rounding is no refusal: the integral goes on', () => {
    const config = { ...CPU, kp: 0.001, ki: 0.06, resolution: 1 };
    const outputs = drive(
      config,
      Array.from({ length: 12 }, () => ({ measured: 0.8 })),
      10,
    );
    // 0.06 a step: more than half a replica after nine.
    const values = [10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 11, 11];
    expect(outputs.map((output) => output.value)).toEqual(values);
  });

  test('a whole position too few is a refusal', () => {
    const config = { ...CPU, resolution: 1 };
    const state = drive(config, [{ measured: 0.7 }, { measured: 0.85 }], 10)[1]?.state as PidState;
    const input = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.85 };
    // 13.75 was wanted, 14 asked for: 14 is all of it, 13 is not.
    const all = pid.step(state, { ...input, applied: 14 }).output.terms.i as number;
    const some = pid.step(state, { ...input, applied: 13 }).output.terms.i as number;
    expect(all).toBeCloseTo(10.75 + 0.75, 9);
    expect(some).toBeCloseTo(10.75 + 0.75 - 0.75 / 4, 9);
  });
});

describe('anti-windup from what was applied', () => {
  test('waiting for an approval: the proposal neither grows nor is withdrawn', () => {
    const waiting = Array.from({ length: 200 }, () => ({ measured: 0.9, applied: 10 }));
    const outputs = drive(CPU, [{ measured: 0.7 }, ...waiting], 10);
    const values = outputs.slice(1).map((output) => output.value);
    // kp error = 4 beyond what is applied, plus the first step's integral, which fades.
    expect(values[0]).toBeCloseTo(15, 9);
    expect(Math.max(...values)).toBeCloseTo(15, 9);
    expect(values.at(-1)).toBeCloseTo(14, 3);
  });

  test('the proposal comes to rest in the same place wherever it began', () => {
    const waiting = Array.from({ length: 200 }, () => ({ measured: 0.9, applied: 10 }));
    expect(drive(CPU, waiting, 10).at(-1)?.value).toBeCloseTo(14, 3);
  });

  const changeOf = (config: PidConfig) => {
    const start = drive(config, [{ measured: 0.7 }, { measured: 0.9 }], 10)[1]?.state as PidState;
    return (measured: number, applied: number) =>
      (pid.step(start, { nowMs: 1_020_000, evidenceAgeMs: 0, measured, applied }).output.terms
        .i as number) - (start.integral as number);
  };

  test('by back-calculation: growth, and what was missed over Ti', () => {
    const next = changeOf(CPU);
    // 15 was wanted. All refused: (10 - 15) x 10 s / 40 s comes off, less the growth of 1.
    expect(next(0.9, 10)).toBeCloseTo(-1.25 + 1, 9);
    expect(next(0.5, 10)).toBeCloseTo(-1.25 - 1, 9);
    expect(next(1, 14.9)).toBeCloseTo(-0.025 + 1.5, 9);
    // More was applied than asked for.
    expect(next(0.7, 19)).toBeCloseTo(1, 9);
  });

  test('conditional: no growth in the refused direction, all of it in the other', () => {
    const next = changeOf({ ...CPU, antiWindup: 'conditional' });
    expect(next(0.9, 10)).toBe(0);
    expect(next(0.5, 10)).toBeCloseTo(-1, 9);
    expect(next(1, 14.9)).toBe(0);
    expect(next(1, 15)).toBeCloseTo(1.5, 9);
    expect(next(0.7, 10)).toBe(0);
    expect(next(0.8, 19)).toBeCloseTo(0.5, 9);
    expect(next(0.1, 15.1)).toBe(0);
  });

  test('conditional: a proposal that waits stays what it is', () => {
    const config: PidConfig = { ...CPU, antiWindup: 'conditional' };
    const waiting = Array.from({ length: 50 }, () => ({ measured: 0.9, applied: 10 }));
    const outputs = drive(config, [{ measured: 0.7 }, ...waiting], 10);
    const values = outputs.slice(1).map((output) => output.value);
    expect(Math.min(...values)).toBeCloseTo(15, 9);
    expect(Math.max(...values)).toBeCloseTo(15, 9);
  });

  test('an explicit tracking time is shorter than Ti', () => {
    const config = { ...CPU, trackingTimeMs: 20_000 };
    const start = drive(config, [{ measured: 0.7 }, { measured: 0.9 }], 10)[1]?.state as PidState;
    const input = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.7, applied: 10 };
    expect(pid.step(start, input).output.terms.i).toBeCloseTo(11 - 5 / 2, 9);
  });

  test('an integral alone tracks at once', () => {
    const config: PidConfig = { setpoint: 0.7, action: 'reverse', kp: 0, ki: 0.5 };
    const start = drive(config, [{ measured: 0.7 }, { measured: 0.9 }], 10)[1]?.state as PidState;
    const input = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.9, applied: 10 };
    expect(pid.step(start, input).output.value).toBeCloseTo(11, 9);
  });

  test('its own limits count as a refusal too', () => {
    const config = { ...CPU, max: 12 };
    const high = Array.from({ length: 100 }, () => ({ measured: 1 }));
    const outputs = drive(config, [{ measured: 0.7 }, ...high, { measured: 0.6 }], 10);
    // I came to rest at the limit. P goes from +6 to -2, so the value is below it at once; the
    // integral loses 0.5 and 6 / 4.
    expect(outputs.at(-1)?.value).toBeCloseTo(12 - 2 - 0.5 - 1.5, 6);
  });

  test('what happened across a gap in the evidence is tracked, nothing else', () => {
    const config = { ...CPU, kd: 50 };
    const start = drive(config, [{ measured: 0.8 }, { measured: 0.8 }], 10)[1]?.state as PidState;
    const blind = pid.step(start, {
      nowMs: 1_020_000,
      evidenceAgeMs: 0,
      measured: null,
      applied: 11,
    });
    expect(blind.output).toMatchObject({ value: 11, reason: 'no-evidence' });
    const seen = { nowMs: 1_030_000, evidenceAgeMs: 0, measured: 0.9 };
    const same = pid.step(blind.state, { ...seen, applied: start.wanted as number });
    expect(same.output.terms.i).toBe(start.integral);
    expect(same.output.terms.d).toBeCloseTo(0, 12);
    // Wanted 10.5; 12.5 found: half of it in 20 s of 40 s.
    const moved = pid.step(blind.state, { ...seen, applied: (start.wanted as number) + 2 });
    expect(moved.output.terms.i).toBeCloseTo((start.integral as number) + 1, 9);
  });
});

describe('bumpless transfer', () => {
  test.each([0.2, 0.7, 0.95])('the first value is the applied one, measured %s', (measured) => {
    const [first] = drive({ ...CPU, kd: 30 }, [{ measured }], 17);
    expect(first?.value).toBeCloseTo(17, 12);
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
    expect(outputs.slice(1, 3)).toMatchObject([
      { value: 30, reason: 'tracking' },
      { value: 40, reason: 'tracking' },
    ]);
    // Only the integral's growth since: 0.5 x 0.2 x 10 s.
    expect(outputs[3]?.value).toBeCloseTo(41, 9);
  });

  test('new gains keep P + I; a new setpoint acts at once', () => {
    const before = drive(CPU, [{ measured: 0.7 }, { measured: 0.8 }], 10)[1];
    const state = pid.retune(before?.state as PidState, { ...CPU, kp: 5, ki: 0.01 });
    const input = { evidenceAgeMs: 0, measured: 0.8, applied: before?.value ?? 0 };
    const next = pid.step(state, { ...input, nowMs: 1_020_000 }).output;
    expect(next.value).toBeCloseTo((before?.value ?? 0) + 0.01 * 0.1 * 10, 9);
    const moved = pid.retune(before?.state as PidState, { ...CPU, setpoint: 0.6 });
    const answer = pid.step(moved, { ...input, nowMs: 1_020_000 }).output;
    expect(answer.value).toBeCloseTo((before?.value ?? 0) + 20 * 0.1 + 0.5 * 0.2 * 10, 9);
  });

  test('another weight and another direction make no bump either', () => {
    const config = { ...CPU, kd: 40 };
    const before = drive(config, [{ measured: 0.8 }, { measured: 0.8 }], 10)[1];
    const state = before?.state as PidState;
    const input = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.8, applied: 10.5 };
    const weighed = pid.retune(state, { ...config, setpointWeight: 0.2 });
    expect(pid.step(weighed, input).output.value).toBeCloseTo(11, 9);
    const turned = pid.retune(state, { ...config, action: 'direct' });
    const next = pid.step(turned, input).output;
    expect(next.value).toBeCloseTo(10, 9);
    expect(next.terms.d).toBeCloseTo(0, 12);
  });

  test('retuning before the first sample changes only the configuration', () => {
    const other = { ...CPU, kp: 3 };
    expect(pid.retune(pid.init(CPU), other)).toEqual({ ...pid.init(other), setpoint: 0.7 });
  });
});

describe('gain schedule', () => {
  const config: PidConfig = {
    ...CPU,
    schedule: [
      { at: 10, kp: 20, ki: 0.5, kd: 0 },
      { at: 100, kp: 200, ki: 5, kd: 0 },
    ],
  };

  test('the gains follow the scheduling variable without a bump', () => {
    const outputs = drive(
      config,
      [
        { measured: 0.8, scheduling: 10 },
        { measured: 0.8, scheduling: 10 },
        { measured: 0.8, scheduling: 100 },
        { measured: 0.9, scheduling: 100 },
      ],
      10,
    );
    expect(outputs[1]?.value).toBeCloseTo(10.5, 9);
    // New gains: the new integral step, 5 x 0.1 x 10 s, and no jump of P.
    expect(outputs[2]?.value).toBeCloseTo(10.5 + 5, 9);
    expect(outputs[3]?.value).toBeCloseTo(15.5 + 200 * 0.1 + 5 * 0.2 * 10, 9);
    expect(outputs[3]?.state.gains).toEqual({ kp: 200, ki: 5, kd: 0 });
  });

  test('while the variable is not seen the gains stay', () => {
    const outputs = drive(
      config,
      [
        { measured: 0.8, scheduling: 100 },
        { measured: 0.8, scheduling: null },
        { measured: 0.8 },
        { measured: 0.8, scheduling: Number.NaN },
      ],
      10,
    );
    expect(outputs.map((output) => output.state.gains.kp)).toEqual([200, 200, 200, 200]);
    expect(outputs.at(-1)?.state.scheduling).toBe(100);
  });

  test('a new table is entered where the variable stands', () => {
    const before = drive(config, [{ measured: 0.8, scheduling: 100 }], 10)[0]?.state as PidState;
    const table = [{ at: 0, kp: 7, ki: 0.1, kd: 0 }];
    const state = pid.retune(before, { ...config, schedule: table });
    expect(state.gains).toEqual({ kp: 7, ki: 0.1, kd: 0 });
    expect(pid.retune(before, CPU).gains).toEqual({ kp: 20, ki: 0.5, kd: 0 });
  });
});

describe('what cannot be used', () => {
  const first = () => drive(CPU, [{ measured: 0.8 }, { measured: 0.8 }], 10)[1]?.state as PidState;
  const good = { nowMs: 1_020_000, evidenceAgeMs: 0, measured: 0.9, applied: 11 };

  test.each([
    [{ measured: null }, 'no-evidence'],
    [{ measured: Number.NaN }, 'invalid-measure'],
    [{ measured: -0.1 }, 'invalid-measure'],
    [{ setpoint: Number.NaN }, 'invalid-measure'],
    [{ setpoint: -1 }, 'invalid-measure'],
    [{ evidenceAgeMs: null }, 'no-evidence'],
    [{ evidenceAgeMs: 30_001 }, 'stale-evidence'],
    [{ nowMs: 1_010_000 }, 'same-instant'],
    [{ nowMs: 1_000_000 }, 'clock-went-back'],
    [{ measured: 1.01e12 }, 'invalid-measure'],
    [{ setpoint: 1.01e12 }, 'invalid-measure'],
  ])('%o holds what is applied: %s', (wrong, reason) => {
    const state = first();
    const { output, state: after } = pid.step(state, { ...good, ...wrong });
    expect(output).toEqual({ value: 11, reason, terms: { setpoint: 0.7, applied: 11 } });
    expect(after.integral).toBe(state.integral);
  });

  test('an applied value that is none: the last one seen', () => {
    const { output } = pid.step(first(), { ...good, applied: Number.NaN });
    expect(output).toMatchObject({ value: 10, reason: 'invalid-measure' });
    expect(pid.step(pid.init(CPU), { ...good, applied: -1 }).output.value).toBe(0);
  });

  test('a repeated instant changes nothing', () => {
    const state = first();
    expect(pid.step(state, { ...good, nowMs: 1_010_000 }).state).toBe(state);
  });

  test('evidence at its age limit is used', () => {
    const { output } = pid.step(first(), { ...good, evidenceAgeMs: 30_000 });
    expect(output.reason).toBe('above-setpoint');
  });

  test('after the clock went back nothing is tracked over a time that is not known', () => {
    const back = pid.step(first(), { ...good, nowMs: 500_000 }).state;
    expect(back.seenMs).toBeNull();
    const next = pid.step(back, { ...good, nowMs: 510_000, applied: 50 });
    expect(next.output.terms.i).toBe(first().integral);
    const normal = pid.step(next.state, {
      ...good,
      nowMs: 520_000,
      applied: next.state.wanted as number,
    });
    expect(normal.output.terms.i).toBeCloseTo((first().integral ?? 0) + 0.5 * 0.2 * 10, 9);
  });
});
