/**
 * A fleet without chance, for tuning: what is ready shares the load evenly, what is ordered is
 * ready after the start-up time, and the signal is the mean of a window that ended some time ago.
 *
 *     value --start-up--> ready,  busy = min(1, load / ready)
 *     measured = mean of busy in the window
 */
import type { Plant } from '@flyball/control';

export interface FluidFleet {
  /** Replicas that would be fully busy. */
  readonly load: number;
  readonly startUpMs: number;
  readonly windowMs: number;
  readonly lagMs: number;
}

/** A plant that also tells what is ready and what is starting, as the platform does. */
export class FluidRun {
  readonly #fleet: FluidFleet;
  #nowMs = 0;
  #ready: number;
  #starting: { readonly count: number; readonly readyMs: number }[] = [];
  #seen: { readonly atMs: number; readonly busy: number }[] = [];

  constructor(fleet: FluidFleet, start: number) {
    this.#fleet = fleet;
    this.#ready = start;
  }

  get ready(): number {
    return this.#ready;
  }

  get starting(): number {
    return this.#starting.reduce((sum, { count }) => sum + count, 0);
  }

  readonly advance: Plant = (value, dtMs) => {
    this.#order(value);
    this.#nowMs += dtMs;
    const { load, windowMs, lagMs } = this.#fleet;
    for (const { count, readyMs } of this.#starting) {
      if (readyMs <= this.#nowMs) this.#ready += count;
    }
    this.#starting = this.#starting.filter(({ readyMs }) => readyMs > this.#nowMs);
    this.#seen.push({ atMs: this.#nowMs, busy: Math.min(1, load / Math.max(1e-9, this.#ready)) });
    const toMs = this.#nowMs - lagMs;
    this.#seen = this.#seen.filter(({ atMs }) => atMs > toMs - windowMs - dtMs);
    const window = this.#seen.filter(({ atMs }) => atMs <= toMs && atMs > toMs - windowMs);
    const told = window.length > 0 ? window : this.#seen.slice(0, 1);
    return told.reduce((sum, { busy }) => sum + busy, 0) / told.length;
  };

  /** What is too much leaves from the newest on, what is missing starts. */
  #order(value: number): void {
    let missing = value - this.#ready - this.starting;
    if (missing > 1e-9) {
      this.#starting.push({ count: missing, readyMs: this.#nowMs + this.#fleet.startUpMs });
      return;
    }
    while (missing < -1e-9 && this.#starting.length > 0) {
      const newest = this.#starting.pop() as { count: number; readyMs: number };
      const kept = Math.max(0, newest.count + missing);
      missing += newest.count - kept;
      if (kept > 0) {
        this.#starting.push({ ...newest, count: kept });
        return;
      }
    }
    if (missing < 0) this.#ready = Math.max(0, this.#ready + missing);
  }
}
