/** How the time is spread that a request occupies a worker of an average, warm replica. */
export type ServiceTimes =
  | { readonly kind: 'exponential'; readonly meanMs: number }
  | { readonly kind: 'lognormal'; readonly meanMs: number; readonly sigma: number }
  /** Truncated at `maxMs`; `meanMs` is the mean after that. */
  | {
      readonly kind: 'pareto';
      readonly meanMs: number;
      readonly shape: number;
      readonly maxMs: number;
    };

/** Who gets a request: the next in turn, or the one of two drawn that has less work left. */
export type Balancing = 'round-robin' | 'best-of-two';

/** A service as a fleet of replicas, each with its own FIFO queue in front of its workers. */
export interface FleetConfig {
  readonly name: string;
  readonly service: ServiceTimes;
  readonly workersPerReplica: number;
  /** From the order to readiness: drawn evenly from `meanMs` -/+ `spread` of it. */
  readonly startup: { readonly meanMs: number; readonly spread: number };
  /** Service takes `slowdown` times as long when ready, falling evenly to 1 over `durationMs`. */
  readonly warmup: { readonly durationMs: number; readonly slowdown: number };
  /** Speeds of machines; each replica gets one, drawn evenly. */
  readonly speeds: readonly number[];
  readonly balancing: Balancing;
  /**
   * A client that has waited `timeoutMs` for its answer is gone; a request whose turn comes later
   * is not worked on, one that is being worked on is finished in vain. It tries again up to
   * `retries` times, `backoffMs` (times 0.5 to 1.5) later.
   */
  readonly client: {
    readonly timeoutMs: number;
    readonly retries: number;
    readonly backoffMs: number;
  };
  /** A request is bad when it failed or took longer than this, from the first attempt on. */
  readonly objective: { readonly latencyMs: number; readonly badRatio: number };
}

/** Starts in seconds, exponential service, a balancer that looks. */
export const SWIFT: FleetConfig = {
  name: 'swift',
  service: { kind: 'exponential', meanMs: 100 },
  workersPerReplica: 2,
  startup: { meanMs: 5_000, spread: 0.2 },
  warmup: { durationMs: 0, slowdown: 1 },
  speeds: [1],
  balancing: 'best-of-two',
  client: { timeoutMs: 10_000, retries: 0, backoffMs: 0 },
  objective: { latencyMs: 1_000, badRatio: 0.01 },
};

/** Cold and unequal machines in turn, service times with a heavy tail. */
export const HEAVY_TAIL: FleetConfig = {
  name: 'heavy-tail',
  service: { kind: 'lognormal', meanMs: 100, sigma: 1 },
  workersPerReplica: 2,
  startup: { meanMs: 30_000, spread: 0.2 },
  warmup: { durationMs: 20_000, slowdown: 2 },
  speeds: [0.9, 1, 1.1],
  balancing: 'round-robin',
  client: { timeoutMs: 10_000, retries: 0, backoffMs: 0 },
  objective: { latencyMs: 2_000, badRatio: 0.01 },
};

/** Starts late, and its clients make an overload worse. */
export const SLUGGISH: FleetConfig = {
  name: 'sluggish',
  service: { kind: 'pareto', meanMs: 100, shape: 1.5, maxMs: 5_000 },
  workersPerReplica: 2,
  startup: { meanMs: 90_000, spread: 0.2 },
  warmup: { durationMs: 30_000, slowdown: 2 },
  speeds: [1],
  balancing: 'best-of-two',
  client: { timeoutMs: 3_000, retries: 2, backoffMs: 500 },
  objective: { latencyMs: 2_000, badRatio: 0.01 },
};

export const FLEETS: readonly FleetConfig[] = [SWIFT, HEAVY_TAIL, SLUGGISH];
