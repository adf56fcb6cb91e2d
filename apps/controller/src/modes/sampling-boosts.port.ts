/** Asks the collector to keep more traces of a service for a while. */
export interface SamplingBoosts {
  /** `ratio` null: no boost is wanted. Never rejects; called every cycle. */
  want(service: string, ratio: number | null, why: string): Promise<void>;
}
