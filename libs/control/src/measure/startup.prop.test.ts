import fc from 'fast-check';
import { expect, test } from 'vitest';
import { etaMs, initStartup, noteStartup, onTheirWay } from './startup.ts';

/**
 * A platform on which every start takes the same time, asked for more or less at each look.
 * Replicas on their way are the first to go when fewer are wanted, the newest first.
 */
class Platform {
  readonly #startMs: number;
  ready = 10;
  #orderedMs: number[] = [];

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  get starting(): number {
    return this.#orderedMs.length;
  }

  advance(nowMs: number): void {
    const waiting = this.#orderedMs.filter((atMs) => nowMs - atMs < this.#startMs);
    this.ready += this.#orderedMs.length - waiting.length;
    this.#orderedMs = waiting;
  }

  scale(nowMs: number, wanted: number): void {
    while (this.ready + this.starting < wanted) this.#orderedMs.push(nowMs);
    while (this.ready + this.starting > wanted && this.starting > 0) this.#orderedMs.pop();
    this.ready = Math.min(this.ready, wanted);
  }
}

test('every start time learned is within a look of the true one, and none is missed', () => {
  const startMs = fc.integer({ min: 500, max: 55_000 });
  const everyMs = fc.integer({ min: 1_000, max: 15_000 });
  const wanted = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(startMs, everyMs, wanted, (trueMs, periodMs, counts) => {
      const platform = new Platform(trueMs);
      let state = initStartup();
      const looks = Math.ceil(trueMs / periodMs) + 1;
      let nowMs = 0;
      let grew = false;
      for (const count of [10, ...counts]) {
        // Each count is held for a start and a look, so that all of it is seen.
        for (let look = 0; look < looks; look += 1) {
          nowMs += periodMs;
          platform.advance(nowMs);
          const { ready, starting } = platform;
          const seen = { nowMs, applied: ready + starting, ready, starting };
          state = noteStartup(state, seen);
          expect(onTheirWay(state)).toBe(starting);
          if (look === 0) {
            grew ||= count > ready + starting;
            platform.scale(nowMs, count);
          }
        }
      }
      platform.advance(nowMs + periodMs);
      const { ready, starting } = platform;
      state = noteStartup(state, {
        nowMs: nowMs + periodMs,
        applied: ready + starting,
        ready,
        starting,
      });
      for (const learnedMs of state.timesMs) {
        expect(Math.abs(learnedMs - trueMs)).toBeLessThanOrEqual(periodMs);
      }
      expect(state.timesMs.length > 0).toBe(grew);
      expect(Math.abs(etaMs(state, trueMs) - trueMs)).toBeLessThanOrEqual(periodMs);
    }),
    { numRuns: 60 },
  );
});
