import type { LookBack } from '../ring/look-back.ts';
import type { TraceRing } from '../ring/ring.ts';
import type { Registry } from './metrics.ts';

export function lookBackGauges(
  registry: Registry,
  ring: TraceRing,
  lookBack: LookBack,
  now: () => number,
): void {
  registry.gauge('flyball_collector_ring_bytes', 'Bytes of dropped traces on disk.', () => {
    return ring.bytes;
  });
  registry.gauge('flyball_collector_ring_reach_seconds', 'How far back they reach.', () => {
    return ring.sinceMs === undefined ? 0 : (now() - ring.sinceMs) / 1000;
  });
  registry.read(
    'flyball_collector_ring_traces_total',
    'counter',
    'Dropped traces, written to the ring or left out because of its rate or the disk.',
    () => [
      [{ verdict: 'taken' }, ring.taken],
      [{ verdict: 'left' }, ring.left],
    ],
  );
  registry.read(
    'flyball_collector_ring_faults_total',
    'counter',
    'Times the disk refused what the ring wrote or removed.',
    () => [[{}, ring.faults]],
  );
  registry.read(
    'flyball_collector_promoted_spans_total',
    'counter',
    'Spans of dropped traces that were brought back.',
    () => [[{}, lookBack.spans]],
  );
  registry.read(
    'flyball_collector_look_backs_refused_total',
    'counter',
    'Look-backs refused because too many waited.',
    () => [[{}, lookBack.refused]],
  );
}
