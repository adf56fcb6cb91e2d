/**
 * A service as a fluid: replicas that take time to start share a load that may queue, seen through
 * a window that ends a while ago. Without chance, so that what a loop does is the law's own doing.
 */
import type { ReplicaLaw, ReplicaObservation } from './observation.ts';

export interface FluidScenario<Config, State> {
  readonly law: ReplicaLaw<Config, State>;
  readonly config: Config;
  /** Requests per second in a second of the run. */
  readonly load: (second: number) => number;
  readonly seconds: number;
  readonly initial: number;
  readonly startS: number;
  readonly everyS: number;
  readonly windowS: number;
  readonly lagS: number;
}

/** Requests per second and replica, each of 100 ms: ten at once. */
const CAPACITY = 100;
const SERVICE_S = 0.1;

interface Second {
  readonly rate: number;
  readonly utilization: number;
  readonly inFlight: number;
}

export interface FluidPoint {
  readonly second: number;
  readonly applied: number;
  readonly ready: number;
  readonly queued: number;
}

export function runFluid<Config, State>(
  scenario: FluidScenario<Config, State>,
): readonly FluidPoint[] {
  const { law, load, startS, everyS, windowS, lagS } = scenario;
  let state = law.init(scenario.config);
  let readyAt = Array.from({ length: scenario.initial }, () => 0);
  let queued = 0;
  const past: Second[] = [];
  const points: FluidPoint[] = [];
  for (let second = 1; second <= scenario.seconds; second += 1) {
    const ready = readyAt.filter((at) => at <= second).length;
    const rate = load(second);
    const served = Math.min(rate + queued, ready * CAPACITY);
    queued += rate - served;
    const utilization = ready === 0 ? 0 : served / (ready * CAPACITY);
    past.push({ rate, utilization, inFlight: served * SERVICE_S + queued });
    const seen = past.slice(-(windowS + lagS)).slice(0, windowS);
    if (second % everyS === 0 && past.length >= windowS + lagS) {
      const applied = readyAt.length;
      const step = law.step(state, observed(seen, { second, applied, ready, windowS, lagS }));
      state = step.state;
      readyAt = scaled(readyAt, step.output.value, second + startS);
    }
    points.push({ second, applied: readyAt.length, ready, queued });
  }
  return points;
}

function observed(
  seen: readonly Second[],
  now: {
    readonly second: number;
    readonly applied: number;
    readonly ready: number;
    readonly windowS: number;
    readonly lagS: number;
  },
): ReplicaObservation {
  const mean = (figure: keyof Second) =>
    seen.reduce((sum, each) => sum + each[figure], 0) / seen.length;
  return {
    nowMs: now.second * 1_000,
    evidenceAgeMs: now.lagS * 1_000,
    windowMs: now.windowS * 1_000,
    ratePerSecond: mean('rate'),
    utilization: mean('utilization'),
    inFlight: mean('inFlight'),
    p99Ms: null,
    errorRatio: 0,
    applied: now.applied,
    ready: now.ready,
    starting: now.applied - now.ready,
  };
}

/** The youngest go first. */
function scaled(readyAt: readonly number[], to: number, atSecond: number): number[] {
  const kept = readyAt.slice(0, to);
  return [...kept, ...Array.from({ length: to - kept.length }, () => atSecond)];
}

/** How often the count changed from one second to the next. */
export function changesOf(points: readonly FluidPoint[]): number {
  return points.filter(({ applied }, index) => index > 0 && applied !== points[index - 1]?.applied)
    .length;
}
