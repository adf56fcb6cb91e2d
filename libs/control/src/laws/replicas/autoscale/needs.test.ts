import { describe, expect, test } from 'vitest';
import { mostNeeded, type Need, noteNeed } from './needs.ts';

const HELD_MS = 320_000;
/** The hold in 32 pieces of 10 s. */
const at = (second: number, replicas: number, isSure = true): Need => ({
  atMs: second * 1_000,
  replicas,
  isSure,
});
const noted = (needs: readonly Need[]) =>
  needs.reduce<readonly Need[]>((kept, need) => noteNeed(kept, need, HELD_MS), []);

describe('what was needed', () => {
  test('within one piece of the hold becomes one: the most, at the latest time', () => {
    expect(noted([at(0, 3)])).toEqual([{ ...at(0, 3), fromMs: 0 }]);
    expect(noted([at(0, 3), at(4, 7), at(9.9, 5)])).toEqual([{ ...at(9.9, 7), fromMs: 0 }]);
    expect(noted([at(5, 3), at(14.9, 7)])).toEqual([{ ...at(14.9, 7), fromMs: 5_000 }]);
  });

  test('a piece later is another one, counted from its own beginning', () => {
    expect(noted([at(0, 3), at(6, 4), at(10, 5), at(19, 2), at(20, 1)])).toEqual([
      { ...at(6, 4), fromMs: 0 },
      { ...at(19, 5), fromMs: 10_000 },
      { ...at(20, 1), fromMs: 20_000 },
    ]);
  });

  test('in an overload is kept apart', () => {
    expect(noted([at(0, 3), at(1, 9, false), at(2, 4, false), at(3, 5)])).toEqual([
      { ...at(0, 3), fromMs: 0 },
      { ...at(2, 9, false), fromMs: 1_000 },
      { ...at(3, 5), fromMs: 3_000 },
    ]);
  });

  test('is forgotten after the hold, and not before', () => {
    const two = noted([at(0, 9), at(100, 4)]);
    expect(noteNeed(two, at(320, 1), HELD_MS).map(({ replicas }) => replicas)).toEqual([9, 4, 1]);
    const later = noteNeed(two, at(320.001, 1), HELD_MS);
    expect(later.map(({ replicas }) => replicas)).toEqual([4, 1]);
    expect(noteNeed(later, at(420, 1), HELD_MS)[0]?.replicas).toBe(4);
    expect(noteNeed(later, at(420.001, 1), HELD_MS)[0]?.replicas).toBe(1);
  });

  test('is bounded, however often overloads come and go', () => {
    const restless = noted(
      Array.from({ length: 200 }, (_, look) => at(look, look, look % 2 === 0)),
    );
    expect(restless).toHaveLength(64);
    expect(restless.at(0)?.replicas).toBe(136);
    expect(restless.at(-1)?.replicas).toBe(199);
  });

  test('of a state that was stored before pieces had a beginning goes on from its time', () => {
    const stored = [at(4, 3)];
    expect(noteNeed(stored, at(13.9, 2), HELD_MS)).toEqual([{ ...at(13.9, 3), fromMs: 4_000 }]);
    expect(noteNeed(stored, at(14, 2), HELD_MS)).toHaveLength(2);
  });
});

test('the most of the hold: what was thought in an overload counts only while it lasts', () => {
  const needs = noted([at(0, 3), at(20, 9, false), at(40, 5)]);
  expect(mostNeeded(needs, false)).toBe(5);
  expect(mostNeeded(needs, true)).toBe(9);
  expect(mostNeeded([], true)).toBe(0);
});
