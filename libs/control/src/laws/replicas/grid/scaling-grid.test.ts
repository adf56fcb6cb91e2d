import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import {
  type GridConfig,
  type GridObservation,
  type GridRow,
  type GridState,
  scalingGrid,
} from './scaling-grid.ts';

/** Low up to 10 requests/s and replica, high from 50. */
const CONFIG: GridConfig = { rate: { low: 10, high: 50 } };
const LOW = 5;
const HIGH = 60;

const SEEN: GridObservation = {
  nowMs: 1_000_000,
  evidenceAgeMs: 0,
  windowMs: 60_000,
  ratePerSecond: 0,
  utilization: 0.6,
  memory: 0.6,
  inFlight: null,
  p99Ms: null,
  errorRatio: null,
  applied: 5,
  ready: 5,
  starting: 0,
};

/** CPU and memory in percent, requests/s and replica. */
function seen(cpu: number, memory: number, rate: number, more: Partial<GridObservation> = {}) {
  const ready = more.ready ?? 5;
  return {
    ...SEEN,
    utilization: cpu / 100,
    memory: memory / 100,
    ratePerSecond: rate * ready,
    ...more,
  };
}

function once(observation: GridObservation, config: Partial<GridConfig> = {}) {
  return scalingGrid.step(scalingGrid.init({ ...CONFIG, ...config }), observation).output;
}

function changeOf(cpu: number, memory: number, rate: number): number {
  return once(seen(cpu, memory, rate, { applied: 20, ready: 20 })).value - 20;
}

describe('the rows', () => {
  test('of the mission come out as they are written', () => {
    expect(changeOf(90, 50, LOW)).toBe(2);
    expect(changeOf(85, 80, HIGH)).toBe(3);
    expect(changeOf(40, 30, LOW)).toBe(-1);
    expect(changeOf(20, 20, LOW)).toBe(-2);
  });

  test.each([
    // each bound is in, what is just beyond it is out
    [85, 80, 50, 3],
    [84.9, 80, 50, 0],
    [85, 79.9, 50, 0],
    [85, 80, 49.9, 0],
    [100, 100, 1_000, 3],
    // one hot metric is enough: memory and rate do not matter
    [90, 0, 30, 2],
    [100, 0, 1_000, 2],
    [89.9, 0, 1_000, 0],
    [20, 20, 10, -2],
    [20.1, 20, 10, -1],
    [20, 20.1, 10, -1],
    [20, 20, 10.1, 0],
    [40, 30, 10, -1],
    [40.1, 30, 10, 0],
    [40, 30.1, 10, 0],
    [40, 30, 10.1, 0],
    [0, 0, 0, -2],
    [60, 60, 30, 0],
  ])('CPU %d, memory %d, %d requests/s each: %d', (cpu, memory, rate, change) => {
    expect(changeOf(cpu, memory, rate)).toBe(change);
  });

  test('the first that fits decides, with its figures', () => {
    expect(once(seen(90, 85, HIGH))).toEqual({
      value: 8,
      reason: 'grid-row',
      terms: {
        cpu: 0.9,
        memory: 0.85,
        ratePerReplica: 60,
        row: 1,
        change: 3,
        min: 1,
        proposed: 8,
        applied: 5,
      },
    });
    expect(once(seen(90, 50, LOW)).terms).toMatchObject({ row: 2, change: 2 });
    expect(once(seen(60, 60, 30))).toEqual({
      value: 5,
      reason: 'no-row',
      terms: { cpu: 0.6, memory: 0.6, ratePerReplica: 30, applied: 5 },
    });
  });

  test('can be others', () => {
    const rows: readonly GridRow[] = [
      { cpu: { from: 0.3, to: 0.5 }, change: 7 },
      { memory: { from: 0.9 }, change: 1 },
      { rate: 'high', change: 4 },
      { rate: 'low', change: -4 },
    ];
    const value = (cpu: number, memory: number, rate: number) =>
      once(seen(cpu, memory, rate), { rows }).value;
    expect([value(30, 0, 30), value(50, 0, 30), value(51, 0, 30), value(29, 0, 30)]).toEqual([
      12, 12, 5, 5,
    ]);
    expect([value(60, 90, 30), value(60, 0, 50), value(60, 0, 10)]).toEqual([6, 9, 1]);
  });

  test('the rate is that of each ready replica', () => {
    const busy = { applied: 5, ready: 2, starting: 3, ratePerSecond: 100 };
    expect(once(seen(85, 80, 0, busy)).value).toBe(8);
    expect(once(seen(85, 80, 0, { ...busy, ready: 3 })).value).toBe(5);
  });

  test('never below 1 where there is one', () => {
    expect(once(seen(10, 10, LOW, { applied: 2, ready: 2 })).value).toBe(1);
    const least = once(seen(10, 10, LOW, { applied: 1, ready: 1 }));
    expect(least).toMatchObject({ value: 1, reason: 'at-min', terms: { proposed: -1, min: 1 } });
    expect(once(seen(10, 10, LOW, { applied: 3, ready: 3 })).value).toBe(1);
    // none is asked for but one is still there
    expect(once(seen(10, 10, LOW, { applied: 0, ready: 1 })).value).toBe(0);
    expect(once(seen(90, 10, LOW, { applied: 0, ready: 1 })).value).toBe(2);
  });
});

interface Move {
  readonly minute: number;
  readonly cpu: number;
  readonly memory: number;
  readonly applied?: number;
}

/** At low rate; what is asked for is applied by the next step. */
function timeline(moves: readonly Move[], config: Partial<GridConfig> = {}, start = 5) {
  let state: GridState = scalingGrid.init({ ...CONFIG, ...config });
  let applied = start;
  return moves.map(({ minute, cpu, memory, applied: given }) => {
    applied = given ?? applied;
    const nowMs = Date.parse('2026-11-23T10:00:00Z') + minute * 60_000;
    const step = scalingGrid.step(
      state,
      seen(cpu, memory, LOW, { nowMs, applied, ready: applied }),
    );
    state = step.state;
    applied = step.output.value;
    return `${step.output.value}:${step.output.reason}`;
  });
}

describe('cooldown', () => {
  test('the worked example: 10:00 5, 10:03 7, 10:06 7 (cooldown), 10:09 6', () => {
    const steps = timeline([
      { minute: 0, cpu: 60, memory: 50 },
      { minute: 3, cpu: 90, memory: 50 },
      { minute: 6, cpu: 40, memory: 30 },
      { minute: 9, cpu: 40, memory: 30 },
    ]);
    expect(steps).toEqual(['5:no-row', '7:grid-row', '7:cooldown-down', '6:grid-row']);
  });

  test('the same when the times are read as those at which the count is in force', () => {
    const steps = timeline([
      { minute: 0, cpu: 90, memory: 50 },
      { minute: 3, cpu: 40, memory: 30 },
      { minute: 6, cpu: 40, memory: 30 },
      { minute: 9, cpu: 60, memory: 50 },
    ]);
    expect(['5', ...steps.slice(0, 3).map((step) => step.split(':')[0])]).toEqual([
      '5',
      '7',
      '7',
      '6',
    ]);
  });

  test('its last instant is in it, and it holds both ways', () => {
    const hot = { cpu: 95, memory: 50 };
    const first = { minute: 0, ...hot };
    expect(timeline([first, { minute: 3, ...hot }])).toEqual(['7:grid-row', '7:cooldown-up']);
    expect(timeline([first, { minute: 3.001, ...hot }])[1]).toBe('9:grid-row');
    expect(timeline([first, { minute: 1, ...hot }], { cooldownMs: 59_999 })[1]).toBe('9:grid-row');
    expect(timeline([first, { minute: 1, ...hot }], { cooldownMs: 60_000 })[1]).toBe(
      '7:cooldown-up',
    );
  });

  test('says how long it lasts', () => {
    const state = scalingGrid.step(scalingGrid.init(CONFIG), seen(95, 50, LOW)).state;
    const next = seen(95, 50, LOW, { nowMs: SEEN.nowMs + 30_000, applied: 7, ready: 7 });
    expect(scalingGrid.step(state, next).output.terms).toEqual({
      cpu: 0.95,
      memory: 0.5,
      ratePerReplica: 5,
      row: 2,
      change: 2,
      elapsedMs: 30_000,
      cooldownMs: 180_000,
      applied: 7,
    });
  });

  test('a proposal that is not carried out starts none', () => {
    const hot = { cpu: 95, memory: 50, applied: 5 };
    expect(
      timeline([
        { minute: 0, ...hot },
        { minute: 1, ...hot },
      ]),
    ).toEqual(['7:grid-row', '7:grid-row']);
  });

  test("anybody's change starts it, dated to the step before it was seen", () => {
    const calm = { cpu: 60, memory: 50 };
    const hot = { cpu: 95, memory: 50 };
    const byHand = (minute: number) =>
      timeline([
        { minute: 0, ...calm },
        { minute: 1, ...calm, applied: 9 },
        { minute, ...hot },
      ])[2];
    expect(byHand(3)).toBe('9:cooldown-up');
    expect(byHand(3.1)).toBe('11:grid-row');
  });

  test('a resting row is told before the cooldown', () => {
    const steps = timeline([
      { minute: 0, cpu: 95, memory: 50 },
      { minute: 1, cpu: 60, memory: 50 },
    ]);
    expect(steps[1]).toBe('7:no-row');
  });

  test('keeps its age when the clock steps back', () => {
    let state = scalingGrid.step(scalingGrid.init(CONFIG), seen(95, 50, LOW)).state;
    const at = (nowMs: number) => seen(95, 50, LOW, { nowMs, applied: 7, ready: 7 });
    state = scalingGrid.step(state, at(SEEN.nowMs + 60_000)).state;
    expect(state.changedMs).toBe(SEEN.nowMs);
    const back = scalingGrid.step(state, at(5_000));
    expect(back.output).toEqual({
      value: 7,
      reason: 'clock-went-back',
      terms: { applied: 7 },
    });
    expect(back.state.changedMs).toBe(5_000 - 60_000);
    expect(scalingGrid.step(back.state, at(125_000)).output.reason).toBe('cooldown-up');
    expect(scalingGrid.step(back.state, at(125_001)).output.reason).toBe('grid-row');
  });
});

describe('nothing is done', () => {
  test.each<[Partial<GridObservation>, string]>([
    [{ evidenceAgeMs: null }, 'no-evidence'],
    [{ evidenceAgeMs: 30_001 }, 'stale-evidence'],
    [{ utilization: null }, 'no-evidence'],
    [{ memory: null }, 'no-evidence'],
    [{ ratePerSecond: null }, 'no-evidence'],
    [{ ready: 0, ratePerSecond: 10 }, 'no-evidence'],
    [{ utilization: Number.NaN }, 'invalid-measure'],
    [{ memory: -0.1 }, 'invalid-measure'],
    [{ ratePerSecond: Number.POSITIVE_INFINITY }, 'invalid-measure'],
    [{ ready: Number.NaN, ratePerSecond: 10 }, 'invalid-measure'],
    [{ nowMs: Number.NaN }, 'invalid-measure'],
    [{ hand: true }, 'tracking'],
  ])('with %j: %s', (more, reason) => {
    expect(once(seen(95, 95, HIGH, more))).toEqual({ value: 5, reason, terms: { applied: 5 } });
  });

  test('evidence of exactly the age limit is taken', () => {
    expect(once(seen(95, 50, LOW, { evidenceAgeMs: 30_000 })).value).toBe(7);
    expect(once(seen(95, 50, LOW, { evidenceAgeMs: 5 }), { evidenceMaxAgeMs: 4 }).value).toBe(5);
  });

  test('an impossible count: the last one known stays, and is no change', () => {
    const { state } = scalingGrid.step(scalingGrid.init(CONFIG), SEEN);
    const odd = { ...SEEN, nowMs: SEEN.nowMs + 1, applied: Number.NaN };
    const step = scalingGrid.step(state, odd);
    expect(step.output).toMatchObject({ value: 5, reason: 'invalid-measure' });
    expect(step.state).toEqual({ ...state, lastMs: SEEN.nowMs + 1 });
    expect(once({ ...SEEN, applied: Number.NaN }).value).toBe(0);
  });

  test('at the same instant', () => {
    const { state } = scalingGrid.step(scalingGrid.init(CONFIG), SEEN);
    expect(scalingGrid.step(state, seen(95, 50, LOW)).output.reason).toBe('same-instant');
  });
});

test('a new table acts at once, the cooldown stays', () => {
  const { state } = scalingGrid.step(scalingGrid.init(CONFIG), seen(95, 50, LOW));
  const rows = [{ cpu: { from: 0.9 }, change: 5 }];
  const retuned = scalingGrid.retune(state, { ...CONFIG, rows });
  const next = seen(95, 50, LOW, { nowMs: SEEN.nowMs + 1_000 });
  expect(scalingGrid.step(retuned, next).output.value).toBe(10);
  expect(retuned).toEqual({ ...state, config: retuned.config });
});

/*
 * A step each minute; a start takes two of them, the cooldown three. Memory follows CPU.
 *
 *     applied   5  5  7  7  7
 *     ready     5  5  5  5  7
 */
describe('at a constant load', () => {
  function countsAt(load: number, start: number): readonly number[] {
    let state = scalingGrid.init(CONFIG);
    const applied = [start, start, start];
    for (let step = 0; step < 300; step += 1) {
      const now = applied.at(-1) as number;
      const ready = Math.min(...applied.slice(-3));
      const cpu = Math.min(1, load / ready);
      const more = { nowMs: SEEN.nowMs + step * 60_000, applied: now, ready };
      const observation = seen(cpu * 100, cpu * 70, LOW, more);
      const { state: next, output } = scalingGrid.step(state, observation);
      state = next;
      applied.push(output.value);
    }
    return applied;
  }

  const loads = Array.from({ length: 40 }, (_, index) => (index + 1) / 2);

  test.each(loads)('of %d replicas it comes to rest from below and from above', (load) => {
    for (const start of [Math.ceil(load / 2), Math.ceil(load * 4)]) {
      const last = countsAt(load, start).slice(-60);
      expect(new Set(last).size).toBe(1);
      const cpu = load / (last[0] as number);
      expect(cpu < 0.9 && (cpu > 0.4 || last[0] === 1)).toBe(true);
    }
  });
});

test('each reason is told in a sentence with its figures', () => {
  const told = (observation: GridObservation) => explain(once(observation), { knob: 'replicas' });
  expect(told(seen(90, 50, LOW))).toBe('Row 2 of the grid fits: replicas from 5 to 7.');
  expect(told(seen(60, 60, LOW))).toBe('No row of the grid fits; replicas stays at 5.');
  const { state } = scalingGrid.step(scalingGrid.init(CONFIG), seen(95, 50, LOW));
  const next = seen(95, 50, LOW, { nowMs: SEEN.nowMs + 30_000, applied: 7, ready: 7 });
  expect(explain(scalingGrid.step(state, next).output)).toBe(
    'The last action was 30 s ago; the next up waits for 3 min.',
  );
});

describe('configuration', () => {
  test('defaults', () => {
    const { config } = scalingGrid.init(CONFIG);
    expect(config).toMatchObject({ cooldownMs: 180_000, evidenceMaxAgeMs: 30_000 });
    expect(config.rows.map((row) => row.change)).toEqual([3, 2, -2, -1]);
  });

  const row = (more: Partial<GridRow>) => ({
    rows: [{ rate: 'low', change: 1, ...more }] as const,
  });

  test.each<[Partial<GridConfig>, RegExp]>([
    [{ rows: [] }, /^rows is 0: .*1 to 64/],
    [{ rows: Array.from({ length: 65 }, () => ({ rate: 'low', change: 1 })) }, /^rows is 65/],
    [row({ change: 0 }), /^rows.0.change is 0: .*whole number, not 0/],
    [row({ change: 0.5 }), /^rows.0.change is 0.5/],
    [{ rows: [{ change: 1 }] }, /^rows.0 is .*names a metric/],
    [{ rows: [{ cpu: {}, memory: {}, change: 1 }] }, /^rows.0 is/],
    [row({ cpu: { from: -0.1 } }), /^rows.0.cpu.from is -0.1/],
    [row({ cpu: { from: 1.1 } }), /^rows.0.cpu.from is 1.1/],
    [row({ cpu: { from: 0.5, to: 0.4 } }), /^rows.0.cpu.to is 0.4: .*from 0.5 to 1/],
    [row({ memory: { to: 1.1 } }), /^rows.0.memory.to is 1.1/],
    [{ rate: { low: -1, high: 5 } }, /^rate.low is -1/],
    [{ rate: { low: 5, high: 5 } }, /^rate.high is 5: .*above rate.low \(5\)/],
    [{ rate: { low: 5, high: Number.POSITIVE_INFINITY } }, /^rate.high/],
    [{ cooldownMs: -1 }, /^cooldownMs is -1/],
    [{ evidenceMaxAgeMs: 0 }, /^evidenceMaxAgeMs is 0/],
  ])('%j is refused', (config, message) => {
    expect(() => scalingGrid.init({ ...CONFIG, ...config })).toThrowError(message);
  });

  test.each<Partial<GridConfig>>([
    { rows: Array.from({ length: 64 }, () => ({ rate: 'low', change: 1 })) },
    { rows: [{ cpu: { to: 0 }, change: -1 }] },
    { rows: [{ memory: { from: 0, to: 1 }, change: -1 }] },
    { rows: [{ cpu: { from: 1, to: 1 }, change: 1 }] },
    { rate: { low: 0, high: 0.1 }, cooldownMs: 0 },
  ])('%j is taken', (config) => {
    expect(scalingGrid.init({ ...CONFIG, ...config }).changedMs).toBeNull();
  });
});
