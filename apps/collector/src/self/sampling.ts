import type { SamplingControl } from '../pipeline/sampling-control.ts';
import type { Registry } from './metrics.ts';

/** What boosts have done, and what the sampler had no room for. */
export function samplingMetrics(registry: Registry, sampling: SamplingControl): void {
  registry.read(
    'flyball_collector_sampling_overflow',
    'gauge',
    'Traces under the shared key of dynamic rules; names that gave way and count as new again.',
    () => Object.entries(sampling.overflowed()).map(([what, count]) => [{ what }, count] as const),
  );
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
