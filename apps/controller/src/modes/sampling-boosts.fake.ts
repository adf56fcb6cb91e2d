import type { SamplingBoosts } from './sampling-boosts.port.ts';

export class FakeSamplingBoosts implements SamplingBoosts {
  readonly wanted = new Map<string, number | null>();

  async want(service: string, ratio: number | null): Promise<void> {
    this.wanted.set(service, ratio);
  }
}
