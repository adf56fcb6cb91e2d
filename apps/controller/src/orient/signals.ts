import { gaugeMetric } from '@flyball/contract';
import type { RedView, ServiceView } from '../observe/snapshot.ts';

/** One figure with the instant it speaks of. */
export interface Reading {
  readonly value: number;
  readonly observedAtMs: number;
}

const FROM_REQUESTS = new Set(['p99', 'inflight']);

/** The gauge to read for a signal; null when it is made from requests. */
export function gaugeOf(signal: string): string | null {
  if (FROM_REQUESTS.has(signal)) return null;
  return gaugeMetric(signal);
}

/** How a signal's values are written. */
export function unitOf(signal: string): string {
  if (signal === 'p99') return 'ms';
  if (signal === 'inflight') return 'requests';
  return signal.endsWith('utilization') ? 'ratio' : '';
}

/** Beyond this share of broken spans what is counted from them is no evidence. */
const MAX_BROKEN_SHARE = 0.05;
/** Fewer broken spans than this say nothing. */
const FEW_BROKEN = 20;

/**
 * Whether figures made from a service's requests may be acted on. They may not when the collector
 * had to leave out too many of its spans, or could not tell how long they took.
 */
export function requestsAreSound({ quality }: Pick<ServiceView, 'quality'>): boolean {
  if (quality === undefined) return true;
  const broken = quality.rejected + quality.negative;
  const all = quality.received + quality.rejected;
  return broken < FEW_BROKEN || broken <= MAX_BROKEN_SHARE * all;
}

/** The signal averaged over the instances that report it now; null: no evidence. */
export function readSignal(signal: string, view: ServiceView | undefined): Reading | null {
  if (view === undefined) return null;
  const gauge = gaugeOf(signal);
  if (gauge !== null) return meanGauge(view, gauge);
  const { red } = view;
  if (red === null || !requestsAreSound(view)) return null;
  if (signal === 'inflight') {
    const instances = Math.max(1, view.instances.size);
    return { value: red.inflight / instances, observedAtMs: red.newestMs };
  }
  return red.p99Ms === null ? null : { value: red.p99Ms, observedAtMs: red.newestMs };
}

/** An instance silent for longer than this beside the others has stopped. */
const SILENT_MS = 8_000;

/** Values by instance, without those that have stopped reporting. */
export function gaugeByInstance(view: ServiceView, gauge: string): Map<string, Reading> {
  const all = [...(view.gauges.get(gauge) ?? [])];
  const newestMs = Math.max(0, ...all.map(([, { newestMs }]) => newestMs));
  const reporting = all.filter(([, { newestMs: at }]) => newestMs - at <= SILENT_MS);
  return new Map(
    reporting.map(([instance, { value, newestMs: at }]) => [instance, { value, observedAtMs: at }]),
  );
}

function meanGauge(view: ServiceView, gauge: string): Reading | null {
  const readings = [...gaugeByInstance(view, gauge).values()];
  if (readings.length === 0) return null;
  const sum = readings.reduce((total, { value }) => total + value, 0);
  return {
    value: sum / readings.length,
    observedAtMs: Math.min(...readings.map(({ observedAtMs }) => observedAtMs)),
  };
}

export function errorRatio(red: RedView): number {
  return red.requests === 0 ? 0 : red.errors / red.requests;
}
