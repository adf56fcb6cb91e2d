/** What was seen in one look, for all services at once. Times in epoch milliseconds. */
export interface Snapshot {
  readonly atMs: number;
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly edges: readonly EdgeView[];
  /** Families that could not be read, with the reason. Missing is not zero. */
  readonly failures: Readonly<Partial<Record<Family, string>>>;
}

export type Family = 'red' | 'gauges' | 'edges' | 'slo' | 'quality';

export interface ServiceView {
  readonly service: string;
  /** Requests it served; null: no telemetry in the window. */
  readonly red: RedView | null;
  readonly instances: ReadonlyMap<string, RedView>;
  /** Gauge name to instance to value. */
  readonly gauges: ReadonlyMap<string, ReadonlyMap<string, GaugeView>>;
  /** One per window asked for; empty: not known. */
  readonly slo: readonly SloWindow[];
  /** What the collector found wrong with its spans; left out: nothing, or not known. */
  readonly quality?: QualityView;
}

/** Spans of the last minute. */
export interface QualityView {
  readonly received: number;
  /** Could not be taken: whatever is counted lacks them. */
  readonly rejected: number;
  /** Ended before they began: their durations are not known. */
  readonly negative: number;
}

export interface RedView {
  /** How much time the counts cover. */
  readonly windowMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly p99Ms: number | null;
  readonly p50Ms: number | null;
  /** Mean requests in flight, by Little's law. */
  readonly inflight: number;
  /** The newest instant the counts can speak of. */
  readonly newestMs: number;
}

export interface GaugeView {
  /** Mean over the window. */
  readonly value: number;
  readonly newestMs: number;
}

/** Events in a window that ends now. */
export interface SloWindow {
  readonly windowMs: number;
  readonly requests: number;
  readonly errors: number;
  /** Requests slower than the latency objective. */
  readonly slow: number;
}

/** Calls between two services in the last minute and in the ten minutes before. */
export interface EdgeView {
  readonly caller: string;
  readonly callee: string;
  readonly requests: number;
  readonly errors: number;
  readonly requestsBefore: number;
}
