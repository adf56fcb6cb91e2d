import type { ReplicaObservation } from '../../laws/replicas/observation.ts';
import { Draws } from '../random.ts';
import { type Ledger, SECOND_MS } from './ledger.ts';

/** What a controller gets to see, and how late. Whole seconds. */
export interface Telemetry {
  /** Figures are over this long, */
  readonly windowMs: number;
  /** are made this often, */
  readonly everyMs: number;
  /** and can be read this much later. */
  readonly lagMs: number;
  /** Share of the samples that never come. Default 0. */
  readonly lossRatio?: number;
}

/** Kubernetes' metrics server: a scrape in 15 s, seen some seconds later. */
export const SCRAPED: Telemetry = { windowMs: 15_000, everyMs: 15_000, lagMs: 5_000 };

/** Flyball's collector: RED of 5 s, two seconds later. */
export const STREAMED: Telemetry = { windowMs: 5_000, everyMs: 5_000, lagMs: 2_000 };

type Figures = Pick<
  ReplicaObservation,
  'ratePerSecond' | 'utilization' | 'inFlight' | 'p99Ms' | 'errorRatio'
>;

const NOTHING: Figures = {
  ratePerSecond: null,
  utilization: null,
  inFlight: null,
  p99Ms: null,
  errorRatio: null,
};

/** Shows the ledger through the telemetry's window. */
export class Sight {
  private readonly telemetry: Telemetry;
  private readonly ledger: Ledger;
  private readonly workers: number;
  private readonly seed: number;

  constructor(telemetry: Telemetry, of: { ledger: Ledger; workers: number; seed: number }) {
    this.telemetry = telemetry;
    this.ledger = of.ledger;
    this.workers = of.workers;
    this.seed = of.seed;
  }

  /** At `nowMs`, with nothing seen of what happened while `dark`. */
  at(
    nowMs: number,
    dark: (endMs: number) => boolean,
  ): Figures & Pick<ReplicaObservation, 'windowMs' | 'evidenceAgeMs'> {
    const { windowMs, everyMs, lagMs } = this.telemetry;
    let endMs = Math.floor((nowMs - lagMs) / everyMs) * everyMs;
    // What is lost or dark leaves the one before it as the newest.
    while (endMs > 0 && nowMs - endMs < OLDEST_MS && (dark(endMs) || this.lost(endMs))) {
      endMs -= everyMs;
    }
    if (endMs < windowMs || nowMs - endMs >= OLDEST_MS) {
      return { ...NOTHING, windowMs, evidenceAgeMs: null };
    }
    return { ...this.figures(endMs), windowMs, evidenceAgeMs: nowMs - endMs };
  }

  private lost(endMs: number): boolean {
    const { lossRatio = 0, everyMs } = this.telemetry;
    if (lossRatio === 0) return false;
    const seed = this.seed ^ Math.imul(endMs / everyMs, 2_654_435_761);
    return new Draws({ seed }).uniform() < lossRatio;
  }

  private figures(endMs: number): Figures {
    const { ledger, workers } = this;
    const to = endMs / SECOND_MS;
    const from = to - this.telemetry.windowMs / SECOND_MS;
    const sum = (column: Float64Array) => ledger.sum(column, from, to);
    const ended = sum(ledger.ended);
    const readyMs = sum(ledger.readyMs);
    return {
      ratePerSecond: sum(ledger.arrivals) / (to - from),
      utilization: readyMs > 0 ? Math.min(1, sum(ledger.busyMs) / (readyMs * workers)) : null,
      inFlight: sum(ledger.insideMs) / ((to - from) * SECOND_MS),
      p99Ms: ledger.latencyMs(0.99, from, to),
      errorRatio: ended > 0 ? sum(ledger.failed) / ended : null,
    };
  }
}

const OLDEST_MS = 300_000;
