import { describe, expect, test } from 'vitest';
import { type PidReplicasInput, type PidReplicasState, pidReplicas } from './pid-replicas.ts';
import type { PidReplicasConfig } from './pid-replicas-config.ts';

/** A second step, 15 s (half a period) after a first at rest, from a state that is given. */
function second(
  config: Partial<PidReplicasConfig>,
  input: Partial<PidReplicasInput>,
  from: Partial<PidReplicasState> = {},
) {
  const begun = pidReplicas.step(pidReplicas.init({ setpoint: 0.5, ...config }), {
    nowMs: 1_000_000,
    evidenceAgeMs: 0,
    measured: 0.5,
    applied: 100,
  }).state;
  return pidReplicas.step(
    { ...begun, ...from },
    { nowMs: 1_015_000, evidenceAgeMs: 0, measured: 0.6, applied: 100, ...input },
  );
}

describe('terms to the digit', () => {
  test('kp below 1 closes 1 - (1 - kp)^h of the error', () => {
    const { output } = second({ kp: 0.36 }, {});
    expect(output.terms.p).toBeCloseTo(0.2 * 0.2, 12);
    expect(output.terms.wanted).toBeCloseTo(104, 9);
    expect(second({ kp: 1 }, {}).output.terms.p).toBeCloseTo(0.2, 12);
    expect(second({ kp: 1.5 }, {}).output.terms.p).toBeCloseTo(0.3, 12);
  });

  test('integral and derivative count for the share of the period that has passed', () => {
    const { output, state } = second({ ki: 0.01, kd: 30, derivativeFilterN: 6 }, {});
    // Grown by 0.01 x 0.2 x 15 s. Filter 30 / 1 / 6 = 5 s: three quarters of 0.2 in 15 s.
    const i = 0.03 * 0.5;
    const d = ((30 * 0.15) / 15) * 0.5;
    expect(state.integral).toBeCloseTo(0.03, 12);
    expect(output.terms).toEqual({
      setpoint: 0.5,
      measured: 0.6,
      predicted: 0.6,
      error: 0.2,
      p: expect.closeTo(0.2, 12),
      i: expect.closeTo(i, 12),
      d: expect.closeTo(d, 12),
      applied: 100,
      wanted: expect.closeTo(100 * (1 + 0.2 + i + d), 6),
    });
    expect(state.lastError).toBeCloseTo(0.2, 12);
    expect(state.asked).toEqual({
      from: 100,
      to: output.value,
      move: expect.closeTo(0.2 + i + d, 12),
      h: 0.5,
      carried: 0,
    });
  });

  test('what was not carried out is tracked back by the period it was asked for', () => {
    const asked = { from: 100, to: 120, move: 0.2, h: 0.5, carried: 0 };
    const { state } = second({ ki: 0.01, trackingTimeMs: 60_000 }, { applied: 110 }, { asked });
    // 0.1 of 0.2 in half a period are 0.2 of a whole one; 15 s of 60 s of it.
    expect(state.integral).toBeCloseTo(Math.max(0, 0.03 - 0.2 / 4), 12);
    const full = second(
      { ki: 0.01, trackingTimeMs: 60_000 },
      { applied: 110 },
      { asked, integral: 0.1 },
    );
    expect(full.state.integral).toBeCloseTo(0.13 - 0.05, 12);
  });

  test('a fraction that went into a refused request is there again', () => {
    const asked = { from: 100, to: 121, move: 0.2, h: 0.5, carried: 0.4 };
    const refused = second({}, {}, { asked, remainder: -0.1 });
    expect(refused.output.terms.wanted).toBeCloseTo(120.4, 9);
    const old = { from: 100, to: 121, move: 0.2, h: 0.5 };
    expect(second({}, {}, { asked: old, remainder: -0.1 }).output.terms.wanted).toBeCloseTo(120, 9);
    const done = { ...asked, from: 99, to: 100 };
    expect(second({}, {}, { asked: done, remainder: -0.1 }).output.terms.wanted).toBeCloseTo(
      119.9,
      9,
    );
    const stayed = { ...asked, to: 100 };
    expect(second({}, {}, { asked: stayed, remainder: 0.3 }).output.terms.wanted).toBeCloseTo(
      120.3,
      9,
    );
  });
});

describe('at rest', () => {
  test('the integral leaks by the time that has passed over the tracking time', () => {
    const rest = (trackingTimeMs: number) =>
      second({ ki: 0.01, trackingTimeMs }, { measured: 0.5 }, { integral: 0.8 }).state.integral;
    expect(rest(60_000)).toBeCloseTo(0.6, 12);
    expect(rest(10_000)).toBe(0);
  });

  test('all terms are 0', () => {
    const { output, state } = second({ ki: 0.01, kd: 5 }, { measured: 0.5 }, { integral: 0.8 });
    expect(output).toEqual({
      value: 100,
      reason: 'at-setpoint',
      terms: {
        setpoint: 0.5,
        measured: 0.5,
        predicted: 0.5,
        error: 0,
        p: 0,
        i: 0,
        d: 0,
        applied: 100,
      },
    });
    expect(state).toMatchObject({ remainder: 0, asked: null });
  });
});

describe('in hand', () => {
  test('the integral is what holds the proposal where the hand has it', () => {
    const { output, state } = second({ kp: 0.36, ki: 0.01 }, { hand: true });
    expect(state.integral).toBeCloseTo(-0.04 / 0.5, 12);
    expect(output.terms).toMatchObject({
      p: expect.closeTo(0.04, 12),
      i: expect.closeTo(-0.04, 12),
      d: 0,
    });
  });

  test('without one there is none', () => {
    const { output, state } = second({ kp: 0.36 }, { hand: true });
    expect(state.integral).toBe(0);
    expect(output.terms.i).toBe(0);
  });
});

describe('prediction', () => {
  const band = { hysteresis: { up: 0.6, down: 0.4 } };

  test('at the edge of the band what is starting or leaving is enough', () => {
    // 0.75 x 80 / 100 = 0.6; 0.32 x 100 / 80 = 0.4.
    const starting = { measured: 0.75, ready: 80, starting: 20 };
    const served = [{ atMs: 0, ready: 80 }];
    expect(second(band, starting, { served }).output.reason).toBe('capacity-starting');
    const more = { ...starting, measured: 0.76 };
    expect(second(band, more, { served }).output.reason).toBe('above-setpoint');
    const leaving = { measured: 0.32, applied: 80, ready: 100 };
    expect(second(band, leaving).output.reason).toBe('capacity-leaving');
    expect(second(band, { ...leaving, measured: 0.31 }).output.reason).toBe('below-setpoint');
  });

  test('with nothing that serves, then or soon, the signal is taken as it is', () => {
    const none = second({}, { ready: 0, applied: 5 }, { served: [] });
    expect(none.output.terms.predicted).toBe(0.6);
    const before = second({}, { ready: 10, applied: 10 }, { served: [{ atMs: 0, ready: 0 }] });
    expect(before.output.terms.predicted).toBe(0.6);
    const cold = second(
      { signalWindowMs: 10_000 },
      { ready: 10, applied: 10 },
      { served: [{ atMs: 0, ready: 0 }] },
    );
    expect(cold.output.terms.predicted).toBe(0.6);
    expect(second({}, { ready: 100, applied: 0 }).output.terms.predicted).toBe(0.6);
  });

  test('the window ends where the evidence does', () => {
    // 50 served until 1,005 s, 100 from then on.
    const served = [
      { atMs: 0, ready: 50 },
      { atMs: 1_005_000, ready: 100 },
    ];
    const predicted = (evidenceAgeMs: number) =>
      second({ signalWindowMs: 10_000 }, { evidenceAgeMs }, { served }).output.terms.predicted;
    expect(predicted(0)).toBeCloseTo(0.6, 9);
    expect(predicted(5_000)).toBeCloseTo(0.45, 9);
    expect(predicted(10_000)).toBeCloseTo(0.3, 9);
    expect(predicted(-5_000)).toBeCloseTo(0.6, 9);
  });

  test('fewer count from the last step on, more from when they are seen', () => {
    const first = { atMs: 1_000_000, ready: 100 };
    expect(second({}, { ready: 60 }).state.served).toEqual([{ atMs: 1_000_000, ready: 60 }]);
    expect(second({}, { ready: 160 }).state.served).toEqual([
      first,
      { atMs: 1_015_000, ready: 160 },
    ]);
    expect(second({}, {}).state.served).toEqual([first]);
  });

  test('what no window can reach any more is forgotten', () => {
    // Window and greatest age reach 55 s back, to 960 s.
    const config = { signalWindowMs: 25_000, evidenceMaxAgeMs: 30_000 };
    const served = [
      { atMs: 900_000, ready: 1 },
      { atMs: 960_000, ready: 2 },
      { atMs: 970_000, ready: 3 },
    ];
    expect(second(config, {}, { served }).state.served).toEqual([
      ...served.slice(1),
      { atMs: 1_015_000, ready: 100 },
    ]);
  });
});

describe('new configuration', () => {
  const state = () => second({ ki: 0.01, kd: 5 }, {}).state;

  test('the filtered signal is told in the new setpoint', () => {
    const filtered = state().filtered ?? 0;
    const retuned = pidReplicas.retune(state(), { setpoint: 0.8, ki: 0.01, kd: 5 });
    expect(filtered).toBeLessThan(-1);
    expect(retuned.filtered).toBeCloseTo(filtered * (0.5 / 0.8), 12);
    const blind = pidReplicas.retune({ ...state(), filtered: null }, { setpoint: 0.8 });
    expect(blind.filtered).toBeNull();
  });

  test('without an integral gain none is kept', () => {
    const held = { ...state(), integral: 0.5 };
    expect(pidReplicas.retune(held, { setpoint: 0.5 }).integral).toBe(0);
    const softer = pidReplicas.retune(held, { setpoint: 0.5, kp: 0.5, ki: 0.01 });
    expect(softer.integral).toBeCloseTo(0.5 + 0.5 * 0.2, 12);
  });
});

test('holding tells the setpoint and what is applied', () => {
  expect(second({}, { measured: null, applied: 7 }).output).toEqual({
    value: 7,
    reason: 'no-evidence',
    terms: { setpoint: 0.5, applied: 7 },
  });
  expect(second({}, { applied: Number.NaN }).output.value).toBe(100);
  expect(second({}, { nowMs: 1_000_000, applied: 7 }).output.reason).toBe('same-instant');
});

test('a repeated instant changes nothing', () => {
  const { state } = second({ ki: 0.01 }, {});
  const input = { nowMs: 1_015_000, evidenceAgeMs: 0, measured: 0.9, applied: 3 };
  expect(pidReplicas.step(state, input).state).toBe(state);
});
