import type { SamplingBoosts } from './sampling-boosts.port.ts';

export class FakeSamplingBoosts implements SamplingBoosts {
  readonly wanted = new Map<string, number | null>();

  /** How far back it was asked to look, by service. */
  readonly lookBacks = new Map<string, number | undefined>();

  async want(
    service: string,
    ratio: number | null,
    _why: string,
    lookBackMs?: number,
  ): Promise<void> {
    this.wanted.set(service, ratio);
    if (ratio !== null) this.lookBacks.set(service, lookBackMs);
  }
}
