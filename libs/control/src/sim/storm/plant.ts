import { Draws } from '../random.ts';
import type { Weather } from './weather.ts';

/** What telemetry would see of one second if nothing were wrong. */
export interface Sample {
  readonly ratePerSecond: number;
  readonly utilization: number;
  readonly inFlight: number;
  readonly p99Ms: number;
  readonly errorRatio: number;
}

const TIMEOUT_S = 5;

/**
 * A service as a fluid: work arrives, waits in one queue, is done at the rate of the replicas that
 * are ready; what would wait longer than 5 s is lost. Cheap enough for ten thousand runs.
 */
export class FluidPlant {
  ready: number;
  private readonly weather: Weather;
  private readonly draws: Draws;
  private readonly perReplica: number;
  private starting: { readonly readyAtS: number; count: number }[] = [];
  private queue = 0;

  constructor(weather: Weather, replicas: number) {
    this.weather = weather;
    this.ready = replicas;
    this.draws = new Draws({ seed: weather.chanceSeed });
    this.perReplica = (1_000 * weather.workers) / weather.serviceMs;
  }

  get startingCount(): number {
    return this.starting.reduce((sum, { count }) => sum + count, 0);
  }

  /** Those that start leave first, then those that serve, at once. */
  scaleTo(replicas: number, nowS: number): void {
    let surplus = this.ready + this.startingCount - replicas;
    if (surplus < 0) {
      this.starting.push({ readyAtS: nowS + this.weather.startupS, count: -surplus });
      return;
    }
    for (const batch of this.starting.toReversed()) {
      const leaving = Math.min(batch.count, surplus);
      batch.count -= leaving;
      surplus -= leaving;
    }
    this.ready -= surplus;
    this.starting = this.starting.filter(({ count }) => count > 0);
  }

  /** Some die and start anew. */
  crash(share: number, nowS: number): void {
    const dying = Math.min(this.ready - 1, Math.floor(this.ready * share));
    if (dying <= 0) return;
    this.ready -= dying;
    this.starting.push({ readyAtS: nowS + this.weather.startupS, count: dying });
  }

  /** One second. */
  advance(second: number): Sample {
    for (const batch of this.starting) if (batch.readyAtS <= second) this.ready += batch.count;
    this.starting = this.starting.filter(({ readyAtS }) => readyAtS > second);
    const mean = this.weather.perSecond[second] as number;
    const arrived = Math.max(0, mean + Math.sqrt(mean) * this.draws.normal());
    const capacity = this.ready * this.perReplica;
    const served = Math.min(capacity, this.queue + arrived);
    const waiting = this.queue + arrived - served;
    const lost = Math.max(0, waiting - TIMEOUT_S * capacity);
    this.queue = waiting - lost;
    const utilization = capacity > 0 ? served / capacity : 1;
    const { serviceMs } = this.weather;
    const waitMs = capacity > 0 ? (1_000 * this.queue) / capacity : 1_000 * TIMEOUT_S;
    // Queues form before all are busy: the less so the more workers there are.
    const workers = this.ready * this.weather.workers;
    const early = (serviceMs * utilization ** Math.sqrt(2 * workers)) / (1.02 - utilization);
    return {
      ratePerSecond: arrived,
      utilization,
      inFlight: this.queue + (served * serviceMs) / 1_000,
      p99Ms: 4.6 * serviceMs + waitMs + early / Math.max(1, workers),
      errorRatio: arrived > 0 ? Math.min(1, lost / arrived) : 0,
    };
  }
}
