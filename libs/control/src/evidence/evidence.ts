/**
 * How old a fact may be, best first.
 * - fresh: observed at its source within the caller's age limit.
 * - bounded-stale: a copy that is never older than `boundMs`.
 * - eventual: a copy that will converge, nobody says when. For people, never to act on.
 * - historical: true of a past time only. Never to act on.
 * - static: does not change within its lifetime (a region, a limit in a file).
 */
export type Freshness =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'bounded-stale'; readonly boundMs: number }
  | { readonly kind: 'eventual' }
  | { readonly kind: 'historical' }
  | { readonly kind: 'static' };

/** What the fact is about. The fewer fields, the wider. */
export interface EvidenceScope {
  readonly service: string;
  readonly operation?: string;
  readonly instance?: string;
  readonly zone?: string;
}

/** What ties the fact to its subject and its source. */
export interface EvidenceBinding {
  /** Who says so: `collector/red`, `guard/gateway-1`, `kubernetes`. */
  readonly source: string;
  /** What it was seen on: a config hash, a table's block, a target version. */
  readonly subject?: string;
  /** Fencing token of the writer, where there is one. */
  readonly fence?: number;
}

/** Where a fact stands in its life. `expired` is final until renewed. */
export type EvidenceStage =
  | { readonly kind: 'generated'; readonly atMs: number }
  | { readonly kind: 'propagated'; readonly atMs: number }
  | { readonly kind: 'validated'; readonly atMs: number }
  | { readonly kind: 'renewed'; readonly atMs: number; readonly times: number }
  | { readonly kind: 'expired'; readonly atMs: number };

/** A fact one may act on, and for how long. Plain JSON if T is. */
export interface Evidence<T = number> {
  readonly id: string;
  readonly scope: EvidenceScope;
  /** `cpu.utilization`, `latency.p99`, `errors.ratio`, ... */
  readonly signal: string;
  readonly value: T;
  readonly unit: string;
  readonly observedAtMs: number;
  readonly lifetimeMs: number;
  readonly binding: EvidenceBinding;
  readonly freshness: Freshness;
  readonly stage: EvidenceStage;
  readonly exampleTraceIds: readonly string[];
}
