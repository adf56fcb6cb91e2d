import { requireAtLeastZero, requirePositive, requireThat } from '../../../config.ts';

/** Which terms work. Each can be switched off to see what it is worth, or not to be trusted. */
export interface AutoscaleTerms {
  /** The slope of the last minutes, while it foretells better than no slope. Default true. */
  readonly trend: boolean;
  /** What came one season ago, while it foretells better than the present. Default true. */
  readonly season: boolean;
  /** A share of the forecast's own measured error on top. Default true. */
  readonly margin: boolean;
  /** Requests that wait are work too. Default true. */
  readonly backlog: boolean;
  /** The utilisation to run at is learned; else it stays `utilization.first`. Default true. */
  readonly safeUtilization: boolean;
  /** A jump is taken to go on for a window. Default true. */
  readonly guess: boolean;
  /** Fewer and larger steps where cold replicas hurt. Default true. */
  readonly harm: boolean;
  /** The integral on what is left of the latency's error. Default true. */
  readonly trim: boolean;
  /** The balancer is told to give cold replicas less at first. Default true. */
  readonly slowStart: boolean;
}

export interface AutoscaleConfig {
  /** The objective: the 99th percentile. Null: the utilisation is not learned. */
  readonly p99Ms?: number | null;
  /** The objective: failed of all, counted where replicas are all busy. Default 1 %. */
  readonly errorRatio?: number;
  /** How busy replicas may be: where it begins, and how far learning may go. */
  readonly utilization?: {
    readonly first?: number;
    readonly least?: number;
    readonly most?: number;
  };
  /** From an order to readiness, until it has been measured. Default 30 s. */
  readonly startupMs?: number;
  /** Nothing is taken away that was needed within this time. Default 4.5 min. */
  readonly holdMs?: number;
  /** Default 60 s. */
  readonly evidenceMaxAgeMs?: number;
  readonly terms?: Partial<AutoscaleTerms>;
}

export interface AutoscaleSettings {
  readonly p99Ms: number | null;
  readonly errorRatio: number;
  readonly utilization: { readonly first: number; readonly least: number; readonly most: number };
  readonly startupMs: number;
  readonly holdMs: number;
  readonly evidenceMaxAgeMs: number;
  readonly terms: AutoscaleTerms;
}

/** Starts where queues are short for any usual service, and lets learning go far from there. */
const UTILIZATION = { first: 0.65, least: 0.4, most: 0.9 };

const ALL_TERMS: AutoscaleTerms = {
  trend: true,
  season: true,
  margin: true,
  backlog: true,
  safeUtilization: true,
  guess: true,
  harm: true,
  trim: true,
  slowStart: true,
};

export function autoscaleSettings(config: AutoscaleConfig): AutoscaleSettings {
  const { p99Ms = null, errorRatio = 0.01, startupMs = 30_000 } = config;
  const { holdMs = 270_000, evidenceMaxAgeMs = 60_000 } = config;
  const utilization = { ...UTILIZATION, ...config.utilization };
  const { first, least, most } = utilization;
  if (p99Ms !== null) requirePositive('p99Ms', p99Ms);
  requireThat(errorRatio > 0 && errorRatio < 1, 'errorRatio', errorRatio, 'between 0 and 1');
  requireThat(least > 0 && least <= first, 'utilization.least', least, `above 0, at most ${first}`);
  requireThat(most < 1 && most >= first, 'utilization.most', most, `from ${first} to below 1`);
  requirePositive('startupMs', startupMs);
  requireAtLeastZero('holdMs', holdMs);
  requirePositive('evidenceMaxAgeMs', evidenceMaxAgeMs);
  const terms = { ...ALL_TERMS, ...config.terms };
  return { p99Ms, errorRatio, utilization, startupMs, holdMs, evidenceMaxAgeMs, terms };
}
