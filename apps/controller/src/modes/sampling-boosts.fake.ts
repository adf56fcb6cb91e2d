import type { BoostWish, SamplingBoosts } from './sampling-boosts.port.ts';

export class FakeSamplingBoosts implements SamplingBoosts {
  /** What was wanted last, by service. */
  readonly wanted = new Map<string, BoostWish | null>();

  async want(service: string, wish: BoostWish | null): Promise<void> {
    this.wanted.set(service, wish);
  }
}
