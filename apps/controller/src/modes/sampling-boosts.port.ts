/** Asks the collector to keep more traces of a service for a while. */
export interface SamplingBoosts {
  /**
   * `ratio` null: no boost is wanted. Never rejects; called every cycle.
   *
   * @param lookBackMs when the boost begins, also bring back what was dropped for so long before
   */
  want(service: string, ratio: number | null, why: string, lookBackMs?: number): Promise<void>;
}
