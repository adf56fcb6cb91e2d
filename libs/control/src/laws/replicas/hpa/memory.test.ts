import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changedWithin,
  type HpaEvent,
  type HpaRecommendation,
  highest,
  inclusively,
  lowest,
  shifted,
  strictly,
  withEvent,
  withHigh,
  withLow,
} from './memory.ts';

const at = (atMs: number, replicas: number): HpaRecommendation => ({ atMs, replicas });

describe('recommendations', () => {
  test('of a window, exactly as old as it: out with behaviour, in without', () => {
    const list = [at(100, 9), at(200, 5)];
    expect(highest(list, 3, 100, strictly)).toBe(5);
    expect(highest(list, 3, 100, inclusively)).toBe(9);
    expect(highest(list, 3, 99, strictly)).toBe(9);
    expect(highest(list, 7, 200, strictly)).toBe(7);
    expect(highest(list, 7, 201, inclusively)).toBe(7);
    expect(lowest([at(100, 2), at(200, 4)], 6, 100, strictly)).toBe(4);
    expect(lowest([at(100, 2), at(200, 4)], 6, 100, inclusively)).toBe(2);
    expect(lowest([at(100, 2)], 1, 0, strictly)).toBe(1);
  });

  test('only what can still decide is kept, the newest last', () => {
    const list = [at(0, 9), at(10, 7), at(20, 5)];
    expect(withHigh(list, at(30, 7), 100)).toEqual([at(0, 9), at(30, 7)]);
    expect(withHigh(list, at(30, 4), 100)).toEqual([...list, at(30, 4)]);
    expect(withLow([at(0, 1), at(10, 3)], at(30, 3), 100)).toEqual([at(0, 1), at(30, 3)]);
    expect(withLow([at(0, 1), at(10, 3)], at(30, 0), 100)).toEqual([at(30, 0)]);
  });

  test('what is as old as the window stays for now, what is older goes', () => {
    expect(withHigh([at(0, 9)], at(100, 5), 100)).toEqual([at(0, 9), at(100, 5)]);
    expect(withHigh([at(0, 9)], at(101, 5), 100)).toEqual([at(101, 5)]);
  });

  test('a window of no length keeps nothing', () => {
    expect(withHigh([at(0, 9)], at(0, 5), 0)).toEqual([]);
    expect(withLow([at(0, 9)], at(0, 5), 0)).toEqual([]);
  });

  test('the two oldest become one, as strict as the stricter, where there are too many', () => {
    let list: readonly HpaRecommendation[] = [];
    for (let index = 0; index < 300; index += 1) {
      list = withHigh(list, at(index, 1_000 - index), 10_000);
    }
    expect(list.length).toBe(256);
    expect(list[0]).toEqual(at(44, 1_000));
    expect(list[1]).toEqual(at(45, 955));
    expect(list.at(-1)).toEqual(at(299, 701));
  });

  test('extremes over the window are those of all that was recommended', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(20)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 200 }), (pairs, windowMs) => {
        const all: HpaRecommendation[] = [];
        let highs: readonly HpaRecommendation[] = [];
        let lows: readonly HpaRecommendation[] = [];
        let nowMs = 0;
        for (const [gapMs, replicas] of pairs) {
          nowMs += gapMs;
          const inWindow = all.filter((each) => each.atMs > nowMs - windowMs);
          const values = [...inWindow.map((each) => each.replicas), replicas];
          expect(highest(highs, replicas, nowMs - windowMs, strictly)).toBe(Math.max(...values));
          expect(lowest(lows, replicas, nowMs - windowMs, strictly)).toBe(Math.min(...values));
          all.push({ atMs: nowMs, replicas });
          highs = withHigh(highs, { atMs: nowMs, replicas }, windowMs);
          lows = withLow(lows, { atMs: nowMs, replicas }, windowMs);
        }
      }),
    );
  });
});

describe('changes', () => {
  const event = (atMs: number, change: number): HpaEvent => ({ atMs, change });

  test('strictly younger than the period are summed', () => {
    const events = [event(100, 1), event(101, 2), event(110, 4)];
    expect(changedWithin(events, 10, 110)).toBe(6);
    expect(changedWithin(events, 11, 110)).toBe(7);
    expect(changedWithin([], 10, 110)).toBe(0);
  });

  test('the last one older than the longest period makes room', () => {
    const events = [event(0, 1), event(10, 2), event(90, 3)];
    expect(withEvent(events, event(100, 9), 50)).toEqual([
      event(0, 1),
      event(100, 9),
      event(90, 3),
    ]);
    // as old as the period exactly is not older
    expect(withEvent([event(0, 1)], event(50, 9), 50)).toEqual([event(0, 1), event(50, 9)]);
    expect(withEvent([event(0, 1)], event(51, 9), 50)).toEqual([event(51, 9)]);
  });

  test('there are never more than 256', () => {
    let events: readonly HpaEvent[] = [];
    for (let index = 0; index < 300; index += 1) {
      events = withEvent(events, event(index, index), 10_000);
    }
    expect(events.length).toBe(256);
    expect(events[0]).toEqual(event(44, 44));
    expect(events.at(-1)).toEqual(event(299, 299));
  });

  test('move with the clock and keep the rest', () => {
    expect(shifted([event(100, 4)], -60)).toEqual([event(40, 4)]);
  });
});
