import { bucketIndex } from '@flyball/tracing';
import { afterAll, describe, expect, it } from 'vitest';
import { readSteering } from '../policy/read-policy.ts';
import { policy, removeFolder } from '../policy.fixture.ts';
import type { Recording } from './recording.ts';
import { replay, type Turn } from './replay.ts';
import { differencesOf, summaryOf, textOf } from './report.ts';

afterAll(removeFolder);

const AT_MS = Date.UTC(2026, 0, 5, 8);
const BUCKET_MS = 10_000;
const STEERING = readSteering(
  policy('backtest', {
    loop: 'law: { capacity: { utilization: 50%, serviceTime: 100ms } }\n      every: 10s',
  }),
  {},
);

/** Ten minutes; what is asked for each bucket by its number. */
function recording(of: {
  readonly rate?: (bucket: number) => number | null;
  readonly busy?: (bucket: number) => number | null;
  readonly applied?: (bucket: number) => number | null;
  readonly instances?: number;
}): Recording {
  const { rate = () => 20, busy = () => 0.5, applied = () => 4, instances = 4 } = of;
  const buckets = Array.from({ length: 60 }, (_, bucket) => bucket);
  const at = (bucket: number) => AT_MS + bucket * BUCKET_MS;
  return {
    bucketMs: BUCKET_MS,
    requests: buckets.flatMap((bucket) => {
      const perSecond = rate(bucket);
      if (perSecond === null) return [];
      const requests = perSecond * 10;
      const histogram = new Map([[bucketIndex(200e6), requests]]);
      const errors = Math.round(requests / 50);
      return [
        { atMs: at(bucket), requests, errors, totalMs: 150 * requests, histogram, instances },
      ];
    }),
    gauges: buckets.flatMap((bucket) => {
      const value = busy(bucket);
      return value === null ? [] : [{ atMs: at(bucket), value, instances }];
    }),
    samples: buckets.map((bucket) => ({ atMs: at(bucket), applied: applied(bucket) })),
  };
}

const span = { fromMs: AT_MS + 60_000, toMs: AT_MS + 300_000 };
const turnsOf = (of: Parameters<typeof recording>[0]) => replay(recording(of), STEERING, span);
const turnAt = (turns: readonly Turn[], second: number) =>
  turns.find(({ atMs }) => atMs === AT_MS + second * 1_000);

describe('a policy in shadow', () => {
  it('sees what was to be seen then, over its own window', () => {
    const turns = turnsOf({ applied: () => 5 });
    expect(turns).toHaveLength(25);
    expect(turns[0]?.seen).toEqual({
      nowMs: AT_MS + 60_000,
      evidenceAgeMs: 0,
      windowMs: 20_000,
      ratePerSecond: 20,
      utilization: 0.5,
      inFlight: 3,
      p99Ms: expect.closeTo(200, -1),
      errorRatio: 0.02,
      applied: 5,
      ready: 4,
      starting: 1,
    });
  });

  it('decides as the law and the guards would have', () => {
    const turns = turnsOf({ rate: (bucket) => (bucket < 12 ? 20 : 60) });
    expect(turnAt(turns, 110)?.decision.value).toBe(4);
    // 40/s on average of the first window that has half of the surge: 8 replicas.
    expect(turnAt(turns, 130)?.decision).toMatchObject({ value: 8, reason: 'capacity-need' });
    // The law wants 12, a step may double.
    expect(turnAt(turns, 150)?.decision).toMatchObject({ value: 8, reason: 'step-up-limit' });
    expect(turnAt(turns, 130)?.text).toContain('40 requests/s');
  });

  it('takes an empty bucket for one without requests, and none at all for silence', () => {
    const half = turnsOf({ rate: (bucket) => (bucket % 2 === 0 ? 40 : null) });
    expect(half.every(({ seen }) => seen.ratePerSecond === 20)).toBe(true);
    const silent = turnsOf({ rate: (bucket) => (bucket < 12 ? 20 : null) });
    expect(turnAt(silent, 130)?.seen).toMatchObject({ ratePerSecond: 10, evidenceAgeMs: 10_000 });
    expect(turnAt(silent, 140)?.seen).toMatchObject({ ratePerSecond: null, p99Ms: null });
    expect(turnAt(silent, 200)?.decision).toMatchObject({ value: 4, reason: 'no-evidence' });
    const dark = turnsOf({ rate: () => null, busy: () => null });
    expect(dark.every(({ seen }) => seen.evidenceAgeMs === null)).toBe(true);
  });

  it('has no rate of a window that was not counted from its beginning', () => {
    const from = { ...span, fromMs: AT_MS };
    const rates = (of: Parameters<typeof recording>[0]) =>
      new Map(
        replay(recording(of), STEERING, from).map(({ atMs, seen }) => [
          (atMs - AT_MS) / 1_000,
          seen.ratePerSecond,
        ]),
      );
    const first = rates({ busy: () => null });
    // Begun somewhere in the first bucket; the window of 20 s is whole at 30 s.
    expect([10, 20, 30].map((second) => first.get(second))).toEqual([null, null, 20]);
    const broken = rates({ rate: (bucket) => (bucket < 2 || bucket > 33 ? 20 : null) });
    expect([broken.get(30), broken.get(40)]).toEqual([10, null]);
    const later = replay(
      recording({ rate: (bucket) => (bucket < 2 || bucket > 33 ? 20 : null) }),
      STEERING,
      {
        fromMs: AT_MS,
        toMs: AT_MS + 400_000,
      },
    );
    expect(turnAt(later, 360)?.seen.ratePerSecond).toBeNull();
    expect(turnAt(later, 370)?.seen.ratePerSecond).toBe(20);
  });

  it('counts replicas as the controller noted them, else as many as reported', () => {
    const later = turnsOf({ applied: (bucket) => (bucket < 10 ? 4 : 6), instances: 9 });
    expect(turnAt(later, 90)?.seen).toMatchObject({ applied: 4, ready: 4, starting: 0 });
    expect(turnAt(later, 100)?.seen).toMatchObject({ applied: 6, ready: 6 });
    const unread = turnsOf({ applied: () => null, instances: 3 });
    expect(unread[0]?.seen).toMatchObject({ applied: 3, ready: 3 });
    const none = { ...recording({}), samples: [], gauges: [] };
    expect(replay(none, STEERING, span)[0]?.seen.applied).toBe(4);
    expect(replay({ ...none, requests: [] }, STEERING, span)).toEqual([]);
  });
});

describe('the report', () => {
  const surge = turnsOf({ rate: (bucket) => (bucket < 12 ? 20 : 60) });

  it('tells each stretch in which it wanted something else, once', () => {
    expect(differencesOf(surge)).toEqual([
      {
        fromMs: AT_MS + 130_000,
        toMs: AT_MS + 130_000 + 170_000,
        applied: 4,
        wanted: 8,
        reason: 'capacity-need',
        text: expect.stringContaining('need 8'),
      },
    ]);
    expect(differencesOf(turnsOf({}))).toEqual([]);
    const followed = turnsOf({
      rate: (bucket) => (bucket < 12 ? 20 : 60),
      applied: (bucket) => (bucket < 15 ? 4 : 8),
    });
    expect(differencesOf(followed).map(({ applied, wanted }) => [applied, wanted])).toEqual([
      [4, 8],
      [8, 12],
    ]);
  });

  it('sums up', () => {
    const summary = summaryOf(surge, { everyMs: 10_000, objectiveMs: 150 });
    expect(summary).toEqual({
      turns: 25,
      agreed: 7,
      blind: 0,
      appliedReplicaHours: expect.closeTo((25 * 4) / 360, 9),
      wantedReplicaHours: expect.closeTo((7 * 4 + 18 * 8) / 360, 9),
      appliedChanges: 0,
      slowTurns: 25,
      slowTurnsWanted: { more: 18, less: 0 },
    });
    const none = { everyMs: 10_000, objectiveMs: null };
    expect(summaryOf(surge, none)).toMatchObject({ slowTurns: null, slowTurnsWanted: null });
    expect(summaryOf(turnsOf({ rate: () => null }), none).blind).toBe(25);
    // What is asked for without evidence, the least that there has to be, is blind too.
    const below = turnsOf({ rate: () => null, applied: () => 1 });
    expect(below[0]?.decision).toMatchObject({ value: 2, reason: 'at-min' });
    expect(summaryOf(below, none)).toMatchObject({ blind: 25, agreed: 0 });
    const changed = turnsOf({ applied: (bucket) => (bucket < 15 ? 4 : 8) });
    expect(summaryOf(changed, none).appliedChanges).toBe(1);
  });

  it('is read from above: load, replicas, differences, sums', () => {
    const paced = { everyMs: 10_000, objectiveMs: 150 };
    const lines = textOf(surge, summaryOf(surge, paced), { everyMs: 10_000, most: 20 });
    const text = lines.join('\n');
    expect(text).toContain('2026-01-05 08:02:10  180 s           4       8');
    expect(text).toContain('25 turns: agreed in 7, without evidence in 0.');
    expect(text).toContain('p99 was above the objective in 25 turns: in 18 of them');
    const calm = turnsOf({});
    const none = { everyMs: 10_000, objectiveMs: null };
    const quiet = textOf(calm, summaryOf(calm, none), { everyMs: 10_000, most: 20 });
    expect(quiet).toContain('It would have changed nothing.');
    const many = turnsOf({ rate: (bucket) => (bucket % 4 < 2 ? 20 : 60) });
    const short = textOf(many, summaryOf(many, none), { everyMs: 10_000, most: 2 });
    expect(short.some((line) => /^and \d+ more: --json shows all$/.test(line))).toBe(true);
  });
});
