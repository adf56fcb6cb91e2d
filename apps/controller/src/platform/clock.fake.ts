import type { Clock } from './clock.ts';

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): number {
    this.#nowMs += ms;
    return this.#nowMs;
  }
}
