import { describe, expect, test } from 'vitest';
import { explain } from '../../../explain.ts';
import { bound } from '../../../guards/bound.ts';
import { NO_ACTIONS } from '../../../guards/history.ts';
import { clamp } from '../../../guards/number.ts';
import type { ReplicaObservation } from '../observation.ts';
import { type ScheduleState, schedule, scheduleGuard } from './schedule.ts';
import type { ScheduleConfig } from './schedule-config.ts';

/** 2026-11-23 is a Monday. */
const monday = (time: string) => Date.parse(`2026-11-23T${time}Z`);

const CONFIG: ScheduleConfig = {
  windows: [{ when: 'Mon-Fri 08:00 - 18:00 UTC', min: 10, max: 40 }],
  otherwise: { min: 2, max: 6 },
  leadMs: 90_000,
};

const SEEN: ReplicaObservation = {
  nowMs: monday('12:00:00'),
  evidenceAgeMs: 0,
  windowMs: 30_000,
  ratePerSecond: null,
  utilization: null,
  inFlight: null,
  p99Ms: null,
  errorRatio: null,
  applied: 12,
  ready: 12,
  starting: 0,
};

function once(seen: Partial<ReplicaObservation>, config: Partial<ScheduleConfig> = {}) {
  return schedule.step(schedule.init({ ...CONFIG, ...config }), { ...SEEN, ...seen }).output;
}

describe('the law', () => {
  test.each([
    ['07:58:29.999', 4, 4, 'within-schedule'],
    ['07:58:30', 4, 10, 'scheduled-floor'],
    ['08:00:00', 9, 10, 'scheduled-floor'],
    ['08:00:00', 10, 10, 'within-schedule'],
    ['08:00:00', 40, 40, 'within-schedule'],
    ['08:00:00', 41, 40, 'scheduled-ceiling'],
    ['17:59:59.999', 30, 30, 'within-schedule'],
    ['18:00:00', 30, 6, 'scheduled-ceiling'],
    ['18:00:00', 1, 2, 'scheduled-floor'],
    // in the lead the most of before is raised to the least of what comes
    ['07:59:00', 30, 10, 'scheduled-ceiling'],
    ['08:00:00', 0, 10, 'scheduled-floor'],
  ])('at %s, %d applied: %d, %s', (time, applied, value, reason) => {
    expect(once({ nowMs: monday(time), applied })).toMatchObject({ value, reason });
  });

  test('tells the limits of the hour', () => {
    expect(once({})).toEqual({
      value: 12,
      reason: 'within-schedule',
      terms: { min: 10, max: 40, open: 1, leading: 0, applied: 12 },
    });
    const floor = { windows: [{ when: 'daily 08:00 - 18:00 UTC', min: 20 }] };
    expect(once({}, floor)).toEqual({
      value: 20,
      reason: 'scheduled-floor',
      terms: { min: 20, open: 1, leading: 0, applied: 12 },
    });
    expect(once({ applied: 500 }, floor).reason).toBe('within-schedule');
  });

  test('tells each reason in a sentence with its figures', () => {
    const told = (applied: number) => explain(once({ applied }), { knob: 'replicas' });
    expect([9, 12, 41].map(told)).toEqual([
      'At this hour 10 is the least.',
      'The limits of this hour leave replicas at 12.',
      'At this hour 40 is the most.',
    ]);
  });

  test('goes up without evidence, for the clock is all it needs', () => {
    for (const evidenceAgeMs of [null, Number.NaN, 30_001]) {
      expect(once({ evidenceAgeMs, applied: 4 })).toMatchObject({
        value: 10,
        reason: 'scheduled-floor',
      });
    }
  });

  test('takes nothing away without evidence', () => {
    expect(once({ evidenceAgeMs: null, applied: 50 })).toEqual({
      value: 50,
      reason: 'no-evidence',
      terms: { min: 10, max: 40, open: 1, leading: 0, applied: 50 },
    });
    expect(once({ evidenceAgeMs: 30_001, applied: 50 })).toMatchObject({
      value: 50,
      reason: 'stale-evidence',
    });
    expect(once({ evidenceAgeMs: 30_000, applied: 50 }).value).toBe(40);
    expect(once({ evidenceAgeMs: 11, applied: 50 }, { evidenceMaxAgeMs: 10 }).value).toBe(50);
  });

  test.each<[Partial<ReplicaObservation>, string]>([
    [{ nowMs: Number.NaN }, 'invalid-measure'],
    [{ nowMs: 1e300 }, 'invalid-measure'],
    [{ nowMs: -1e300 }, 'invalid-measure'],
    [{ hand: true }, 'tracking'],
    [{ hand: true, evidenceAgeMs: null }, 'tracking'],
  ])('does nothing with %j: %s', (seen, reason) => {
    expect(once({ applied: 4, ...seen })).toEqual({ value: 4, reason, terms: { applied: 4 } });
  });

  test('an impossible count: the last one known stays', () => {
    const { state } = schedule.step(schedule.init(CONFIG), SEEN);
    const odd = { ...SEEN, nowMs: SEEN.nowMs + 1, applied: Number.NaN };
    const step = schedule.step(state, odd);
    expect(step.output).toEqual({ value: 12, reason: 'invalid-measure', terms: { applied: 12 } });
    expect(step.state).toEqual({ ...state, lastMs: SEEN.nowMs + 1 });
    expect(once({ applied: -1 }).value).toBe(0);
    expect(once({ applied: -1, evidenceAgeMs: null }).reason).toBe('no-evidence');
  });

  test('a clock that stands still or goes back', () => {
    const { state } = schedule.step(schedule.init(CONFIG), SEEN);
    const step = (nowMs: number) => schedule.step(state, { ...SEEN, nowMs, applied: 4 });
    expect(step(SEEN.nowMs).output).toMatchObject({ value: 4, reason: 'same-instant' });
    const back = step(monday('06:00:00'));
    expect(back.output).toMatchObject({ value: 4, reason: 'clock-went-back' });
    expect(back.state.lastMs).toBe(monday('06:00:00'));
    // what was found for later times is not used for earlier ones
    const next = schedule.step(back.state, { ...SEEN, nowMs: monday('06:00:30'), applied: 9 });
    expect(next.output).toMatchObject({ value: 6, reason: 'scheduled-ceiling' });
    expect(step(Number.NaN).state).toEqual({ ...state, lastApplied: 4 });
  });
});

describe('limits found once', () => {
  test('are used until they may change', () => {
    let state: ScheduleState = schedule.init(CONFIG);
    const found = new Set<unknown>();
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const nowMs = monday('00:00:00') + minute * 60_000;
      state = schedule.step(state, { ...SEEN, nowMs }).state;
      found.add(state.limits);
    }
    // night, lead, day, evening
    expect(found.size).toBe(4);
  });

  test('are used from their first instant to just before their last', () => {
    const { state } = schedule.step(schedule.init(CONFIG), SEEN);
    const first = state.limits?.fromMs ?? 0;
    const end = state.limits?.untilMs ?? 0;
    expect([first, end]).toEqual([SEEN.nowMs, monday('18:00:00')]);
    const limitsAt = (nowMs: number) =>
      schedule.step({ ...state, lastMs: null }, { ...SEEN, nowMs }).state.limits;
    expect(limitsAt(first)).toBe(state.limits);
    expect(limitsAt(end - 1)).toBe(state.limits);
    expect(limitsAt(end)).not.toBe(state.limits);
    expect(limitsAt(first - 1)).not.toBe(state.limits);
  });

  test('are found anew for a new schedule, and kept for the same', () => {
    const { state } = schedule.step(schedule.init(CONFIG), SEEN);
    expect(schedule.retune(state, CONFIG)).toBe(state);
    const retuned = schedule.retune(state, { ...CONFIG, leadMs: 1 });
    expect(retuned).toEqual({ ...state, config: retuned.config, limits: null });
    expect(retuned.config.leadMs).toBe(1);
  });
});

describe('the guard', () => {
  const context = {
    nowMs: SEEN.nowMs,
    applied: 12,
    measured: null,
    evidenceAgeMs: 0 as number | null,
    history: NO_ACTIONS,
    mode: null,
    frozen: [],
    hand: false,
  };

  function judged(value: number, more: Partial<typeof context> = {}, config = CONFIG) {
    const proposed = { value, reason: 'above-setpoint', terms: {} } as const;
    const { decision } = bound([scheduleGuard(config)], proposed, { ...context, ...more });
    return [decision.value, decision.reason];
  }

  test('brings any proposal between the limits of the hour', () => {
    expect(judged(9)).toEqual([10, 'scheduled-floor']);
    expect(judged(10)).toEqual([10, 'above-setpoint']);
    expect(judged(40)).toEqual([40, 'above-setpoint']);
    expect(judged(41)).toEqual([40, 'scheduled-ceiling']);
    expect(judged(9, { nowMs: monday('07:58:30') })).toEqual([10, 'scheduled-floor']);
    expect(judged(9, { nowMs: monday('07:58:29') })).toEqual([6, 'scheduled-ceiling']);
    const floor = { windows: [{ when: 'daily 08:00 - 18:00 UTC', min: 10 }] };
    expect(judged(4_000, {}, floor)).toEqual([4_000, 'above-setpoint']);
  });

  test('without evidence it raises, but takes nothing away of what is applied', () => {
    for (const evidenceAgeMs of [null, 30_001]) {
      expect(judged(9, { evidenceAgeMs })).toEqual([10, 'scheduled-floor']);
      expect(judged(50, { evidenceAgeMs, applied: 50 })).toEqual([50, 'above-setpoint']);
      expect(judged(60, { evidenceAgeMs, applied: 50 })).toEqual([50, 'scheduled-ceiling']);
      expect(judged(60, { evidenceAgeMs, applied: 12 })).toEqual([40, 'scheduled-ceiling']);
    }
  });

  test('says its limits, and stands beside other guards', () => {
    const proposed = { value: 3, reason: 'below-setpoint', terms: {} } as const;
    const guards = [scheduleGuard(CONFIG), clamp({ max: 8 })];
    const { trail } = bound(guards, proposed, context);
    expect(trail.map(({ guard, after, text }) => [guard, after, text])).toEqual([
      ['schedule', 10, 'At this hour 10 is the least.'],
      ['clamp', 8, '8 is the most allowed, not 10.'],
    ]);
  });

  test('a time that is no date passes', () => {
    expect(judged(1, { nowMs: Number.NaN })).toEqual([1, 'above-setpoint']);
    expect(judged(1, { nowMs: 9e15 })).toEqual([1, 'above-setpoint']);
  });
});
