import { describe, expect, test } from 'vitest';
import { explain } from '../../explain.ts';
import type { ReplicaObservation } from '../replicas/observation.ts';
import { type CascadeState, cascade } from './cascade.ts';
import type { CascadeConfig } from './cascade-config.ts';

const CONFIG: CascadeConfig = { targetMs: 200, outerEveryMs: 60_000, everyMs: 15_000 };

const STEADY: ReplicaObservation = {
  nowMs: 0,
  evidenceAgeMs: 0,
  windowMs: 30_000,
  ratePerSecond: 100,
  utilization: 0.6,
  inFlight: 6,
  p99Ms: 200,
  errorRatio: 0,
  applied: 10,
  ready: 10,
  starting: 0,
};

type Seen = Partial<ReplicaObservation>;

/** Every 15 s from 1,000 s on; nothing is carried out unless it is said. */
function drive(seen: readonly Seen[], config: CascadeConfig = CONFIG, from?: CascadeState) {
  let state = from ?? cascade.init(config);
  const startMs = state.lastMs === null ? 1_000_000 : state.lastMs + 15_000;
  return seen.map((each, index) => {
    const step = cascade.step(state, { ...STEADY, nowMs: startMs + index * 15_000, ...each });
    state = step.state;
    return { ...step.output, state, setpoint: state.inner.config.setpoint };
  });
}

const times = (count: number, seen: Seen): readonly Seen[] =>
  Array.from({ length: count }, () => seen);

/** Setpoint after five minutes of the same: the outer loop had four turns that count. */
function after(seen: Seen, config: CascadeConfig = CONFIG): number {
  return drive(times(21, seen), config).at(-1)?.setpoint ?? Number.NaN;
}

describe('inner loop', () => {
  test('utilisation above its setpoint brings the count that puts it there', () => {
    const [first] = drive([{ utilization: 0.9 }]);
    expect(first).toMatchObject({ value: 15, reason: 'above-setpoint' });
    expect(first && explain(first, { signal: 'utilisation', knob: 'replicas' })).toBe(
      'Utilisation at 0.9 is above the setpoint 0.6: replicas from 10 to 15.',
    );
    expect(drive([{ utilization: 0.3 }])[0]).toMatchObject({ value: 5, reason: 'below-setpoint' });
  });

  test.each([
    [0.55, 10, 'within-band'],
    [0.65, 10, 'within-band'],
    [0.67, 11, 'above-setpoint'],
    [0.53, 9, 'below-setpoint'],
  ])('rests within a tenth of its setpoint: %s', (utilization, value, reason) => {
    expect(drive([{ utilization }])[0]).toMatchObject({ value, reason });
  });

  test('restBand 0 never rests', () => {
    const config = { ...CONFIG, restBand: 0 };
    expect(drive([{ utilization: 0.65 }], config)[0]?.value).toBe(11);
    expect(drive([{ utilization: 0.6 }], config)[0]?.reason).toBe('at-setpoint');
  });

  test('follows a hand', () => {
    expect(drive([{ utilization: 0.9, hand: true }])[0]).toMatchObject({
      value: 10,
      reason: 'tracking',
    });
  });

  test('tells both loops in its terms', () => {
    const [first] = drive([{ utilization: 0.9, p99Ms: 321 }]);
    expect(first?.terms).toMatchObject({
      setpoint: 0.6,
      measured: 0.9,
      targetMs: 200,
      p99Ms: 321,
      etaMs: 30_000,
      outerHeld: 0,
    });
    expect(drive([{ p99Ms: null }])[0]?.terms.p99Ms).toBe(0);
  });
});

describe('what is on its way', () => {
  test('is not asked for again, from the moment it was asked for', () => {
    const outputs = drive([
      { utilization: 0.9 },
      { utilization: 0.9, applied: 15, starting: 0 },
      { utilization: 0.9, applied: 15, starting: 5 },
    ]);
    expect(outputs[1]).toMatchObject({ value: 15, reason: 'capacity-starting' });
    expect(outputs[2]).toMatchObject({ value: 15, reason: 'capacity-starting' });
    expect(outputs[2]?.terms.predicted).toBeCloseTo(0.6, 9);
  });

  test('its time is measured', () => {
    const outputs = drive([
      {},
      { applied: 15, starting: 5 },
      { applied: 15, starting: 5 },
      { applied: 15, ready: 15 },
    ]);
    expect(outputs[2]?.terms.etaMs).toBe(30_000);
    expect(outputs[3]?.terms.etaMs).toBe(37_500);
    expect(drive([{}], { ...CONFIG, startupMs: 7_000 })[0]?.terms.etaMs).toBe(7_000);
  });

  test('what is overdue by four times that is not counted on any more', () => {
    const learned = drive([
      {},
      { applied: 15, starting: 5 },
      { applied: 15, ready: 15 },
      { applied: 20, ready: 15, starting: 5, utilization: 0.7 },
    ]).at(-1)?.state;
    expect(learned?.startup.usualMs).toBe(22_500);
    const stuck = drive(
      times(8, { applied: 20, ready: 15, starting: 5, utilization: 0.7 }),
      CONFIG,
      learned,
    );
    expect(stuck[0]?.reason).toBe('capacity-starting');
    // 90 s after they were asked for.
    expect(stuck.map((output) => output.reason).indexOf('above-setpoint')).toBe(5);
    expect(stuck[5]?.terms.predicted).toBeCloseTo(0.7, 9);
  });
});

describe('outer loop', () => {
  test('p99 above its target lowers the utilisation to run at, once in a minute', () => {
    const outputs = drive(times(21, { p99Ms: 400 }));
    const setpoints = outputs.map((output) => output.setpoint);
    // The first turn only takes the time; then gain 0.05 x (1 - 2) a minute.
    expect(setpoints.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 0.6));
    expect(setpoints[8]).toBeCloseTo(0.55, 9);
    expect(setpoints[11]).toBeCloseTo(0.55, 9);
    expect(setpoints[12]).toBeCloseTo(0.5, 9);
    // By then 0.6 is more than a tenth above it: the inner loop has its turn first.
    expect(setpoints[20]).toBeCloseTo(0.5, 9);
  });

  test('below its target it raises it', () => {
    // p99 at half its target: 0.025 a minute, while utilisation stays within a tenth.
    expect(after({ p99Ms: 100 })).toBeCloseTo(0.675, 9);
    expect(after({ p99Ms: 200 })).toBe(0.6);
  });

  test('p99 beyond three times its target says no more than that', () => {
    const down = (p99Ms: number) => after({ p99Ms, utilization: 0.4 }, { ...CONFIG, restBand: 0 });
    expect(down(600)).toBeCloseTo(0.3, 9);
    expect(drive(times(9, { p99Ms: 600 })).at(-1)?.setpoint).toBeCloseTo(0.5, 9);
    expect(drive(times(9, { p99Ms: 60_000 })).at(-1)?.setpoint).toBeCloseTo(0.5, 9);
  });

  test('stays within its limits', () => {
    const long = (seen: Seen, config: CascadeConfig) =>
      drive(times(200, seen), config).at(-1)?.setpoint;
    const low = { ...CONFIG, minUtilization: 0.5, settledBand: 0.5 };
    expect(long({ p99Ms: 900, utilization: 0.5 }, low)).toBeCloseTo(0.5, 9);
    const high = { ...CONFIG, maxUtilization: 0.7, settledBand: 0.5 };
    expect(long({ p99Ms: 10, utilization: 0.7 }, high)).toBeCloseTo(0.7, 9);
  });

  test('the inner loop follows its new setpoint', () => {
    const outputs = drive(times(9, { p99Ms: 600, utilization: 0.6 }));
    expect(outputs[7]).toMatchObject({ value: 10, reason: 'within-band' });
    expect(outputs[8]).toMatchObject({ value: 12, reason: 'above-setpoint' });
  });

  test('without requests there is no p99, and no move', () => {
    expect(after({ p99Ms: null })).toBe(0.6);
    expect(after({ p99Ms: Number.NaN })).toBe(0.6);
  });
});

describe('the outer loop is held', () => {
  const LOW = { p99Ms: 400 };
  const HIGH = { p99Ms: 100 };

  test.each([
    ['while capacity is on its way', { ...LOW, starting: 2, applied: 12 }],
    ['the same upwards', { ...HIGH, starting: 2, applied: 12 }],
    ['downwards while utilisation is above its setpoint', { ...LOW, utilization: 0.661 }],
    ['upwards while it is below', { ...HIGH, utilization: 0.539 }],
    ['in hand', { ...LOW, hand: true }],
    ['while utilisation is not seen', { ...LOW, utilization: null }],
    ['while the evidence is stale', { ...LOW, evidenceAgeMs: 30_001 }],
  ])('%s', (_name, seen) => {
    expect(after(seen)).toBe(0.6);
  });

  test.each([
    ['downwards at the edge of the settled band', { ...LOW, utilization: 0.66 }],
    ['and below it', { ...LOW, utilization: 0.3 }],
    ['upwards at its lower edge', { ...HIGH, utilization: 0.54 }],
    ['and above it', { ...HIGH, utilization: 0.9 }],
  ])('but not %s', (_name, seen) => {
    const moved = drive(times(9, seen)).at(-1)?.setpoint ?? 0;
    expect(Math.abs(moved - 0.6)).toBeGreaterThan(0.02);
  });

  test('also where nothing has been asked for yet', () => {
    const at = (seen: Seen, utilization: number) =>
      drive([...times(8, seen), { ...seen, utilization }]).at(-1)?.setpoint;
    expect(at(LOW, 0.661)).toBe(0.6);
    expect(at(LOW, 0.66)).toBeCloseTo(0.55, 9);
    expect(at(HIGH, 0.539)).toBe(0.6);
    expect(at(HIGH, 0.54)).toBeCloseTo(0.625, 9);
  });

  test('says so in the step in which it would have moved', () => {
    const outputs = drive(times(9, { ...LOW, utilization: 0.9 }));
    expect(outputs.map((output) => output.terms.outerHeld)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    // It had nothing to say.
    const content = drive(times(9, { p99Ms: 200, utilization: 0.9 }));
    expect(content.at(-1)?.terms.outerHeld).toBe(0);
  });

  test('downwards while what the inner loop asks for is refused', () => {
    // Within the settled band, above the rest band: the inner loop asks, and gets nothing.
    const config = { ...CONFIG, restBand: 0.02, settledBand: 0.2 };
    const refused = drive(times(21, { ...LOW, utilization: 0.65 }), config);
    expect(refused.at(-1)).toMatchObject({ setpoint: 0.6, value: 11 });
    const given = drive(times(21, { ...LOW, utilization: 0.605 }), config);
    expect(given[8]?.setpoint).toBeCloseTo(0.55, 9);
  });

  test('upwards while fewer are refused, and not downwards', () => {
    const config = { ...CONFIG, restBand: 0.02, settledBand: 0.2 };
    const up = drive(times(21, { ...HIGH, utilization: 0.55 }), config);
    expect(up.at(-1)).toMatchObject({ setpoint: 0.6, value: 9 });
    const down = drive(times(9, { ...LOW, utilization: 0.55 }), config);
    expect(down.at(-1)?.setpoint).toBeCloseTo(0.55, 9);
  });

  test('until p99 is wholly of after the last replica that began to serve', () => {
    // Turns are at 60 and 120 s; a replica more serves from 90 or 105 s on, window 30 s.
    const grown = (at: number, seen: Seen) =>
      drive([...times(at, seen), ...times(9 - at, { ...seen, applied: 11, ready: 11 })]).at(-1)
        ?.setpoint;
    expect(grown(6, LOW)).toBeCloseTo(0.55, 9);
    expect(grown(7, LOW)).toBe(0.6);
    expect(grown(6, HIGH)).toBeCloseTo(0.625, 9);
    expect(grown(7, HIGH)).toBe(0.6);
    // The evidence is older, so the window ends earlier.
    expect(grown(6, { ...LOW, evidenceAgeMs: 1 })).toBe(0.6);
  });

  test('until it is wholly of after the last that left, upwards only', () => {
    const shrunk = (at: number, seen: Seen) =>
      drive([...times(at, seen), ...times(9 - at, { ...seen, applied: 9, ready: 9 })]).at(-1)
        ?.setpoint;
    expect(shrunk(6, HIGH)).toBeCloseTo(0.625, 9);
    expect(shrunk(7, HIGH)).toBe(0.6);
    expect(shrunk(7, LOW)).toBeCloseTo(0.55, 9);
    // Somebody took one away while the inner loop rested: nothing was refused.
    expect(shrunk(8, LOW)).toBeCloseTo(0.55, 9);
  });

  test('holding is not winding up: afterwards it moves by one turn', () => {
    const held = drive(times(41, { ...LOW, utilization: 0.9 })).at(-1)?.state;
    const free = drive(times(8, LOW), CONFIG, held);
    expect(free.at(-1)?.setpoint).toBeCloseTo(0.5, 9);
    expect(free[3]?.setpoint).toBeCloseTo(0.55, 9);
  });
});

describe('time and figures that cannot be', () => {
  const last = () => drive(times(10, { p99Ms: 400 })).at(-1)?.state as CascadeState;

  test.each([
    [{ utilization: null }, 'no-evidence'],
    [{ utilization: Number.NaN }, 'invalid-measure'],
    [{ starting: -1 }, 'invalid-measure'],
    [{ ready: Number.NaN }, 'invalid-measure'],
    [{ evidenceAgeMs: null }, 'no-evidence'],
    [{ nowMs: 1_135_000 }, 'same-instant'],
    [{ nowMs: 900_000 }, 'clock-went-back'],
    [{ nowMs: Number.NaN }, 'invalid-measure'],
  ])('%o holds what is applied: %s', (wrong, reason) => {
    const seen = { ...STEADY, nowMs: 1_150_000, applied: 13, ...wrong };
    expect(cascade.step(last(), seen).output).toMatchObject({ value: 13, reason });
  });

  test('a repeated instant and no instant at all change nothing', () => {
    for (const nowMs of [1_135_000, Number.NaN]) {
      const state = last();
      expect(cascade.step(state, { ...STEADY, nowMs, utilization: 0.9 }).state).toBe(state);
    }
  });

  test('after the clock went back the outer loop begins its period anew', () => {
    const back = cascade.step(last(), { ...STEADY, nowMs: 500_000, p99Ms: 400 }).state;
    expect(back).toMatchObject({ outerMs: 500_000, grewMs: 500_000, shrankMs: 500_000 });
    const outputs = drive(times(12, { p99Ms: 400 }), CONFIG, back);
    // One turn to believe the new clock, one to know how long a period is.
    expect(outputs.map((output) => output.setpoint)).toEqual([
      ...Array.from({ length: 11 }, () => expect.closeTo(0.55, 9)),
      expect.closeTo(0.5, 9),
    ]);
  });
});

test('gains that the inner loop refuses are refused', () => {
  expect(() => cascade.init({ ...CONFIG, kp: 3 })).toThrowError(/^kp is 3/);
});

describe('new configuration', () => {
  const learned = () => drive(times(9, { p99Ms: 600 })).at(-1)?.state as CascadeState;

  test('keeps what was learned', () => {
    const state = cascade.retune(learned(), { ...CONFIG, targetMs: 300, kp: 0.5 });
    expect(state.inner.config).toMatchObject({ setpoint: 0.5, kp: 0.5, signalWindowMs: 30_000 });
    expect(state.outer.config.ki).toBeCloseTo(0.05 / 60, 12);
    expect(state.config.targetMs).toBe(300);
  });

  test('unless another beginning is stated, or it lies outside the new limits', () => {
    expect(cascade.retune(learned(), { ...CONFIG, utilization: 0.8 }).inner.config.setpoint).toBe(
      0.8,
    );
    const narrow = { ...CONFIG, minUtilization: 0.55 };
    expect(cascade.retune(learned(), narrow).inner.config.setpoint).toBe(0.55);
    const low = { ...CONFIG, utilization: 0.4, maxUtilization: 0.45 };
    expect(cascade.retune(learned(), low).inner.config.setpoint).toBe(0.4);
  });
});
