import type { SamplingControl } from '../pipeline/sampling-control.ts';
import type { Registry } from './metrics.ts';

/** What boosts have done. */
export function samplingMetrics(registry: Registry, sampling: SamplingControl): void {
  const kept = (what: 'traces' | 'spans' | 'bytes') =>
    registry.read(
      `flyball_collector_boost_kept_${what}_total`,
      'counter',
      `Kept because of a boost, ${what}: without it they would have been dropped.`,
      () => [[{}, sampling.keptByBoosts()[what]]],
    );
  kept('traces');
  kept('spans');
  kept('bytes');
}
