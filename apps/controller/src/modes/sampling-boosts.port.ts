/** How much more of a service is wanted. */
export interface BoostWish {
  /** Share of its traces, 0 to 1. */
  readonly ratio: number;
  readonly why: string;
  /** Spans kept because of it, from its beginning to its end; left out: no bound. */
  readonly maxSpans?: number;
  /** When the boost begins, also bring back what was dropped for so long before. */
  readonly lookBackMs?: number;
}

/** Asks the collector to keep more traces of a service for a while. */
export interface SamplingBoosts {
  /** `wish` null: no boost is wanted. Never rejects; called every cycle. */
  want(service: string, wish: BoostWish | null): Promise<void>;
}
