import type { BoostTarget, SamplingBoost } from '@flyball/tracing';

/** Traces that are kept more often for a while, e.g. because a service is Degraded. */
export interface Boost {
  readonly service: string;
  /** Only traces in which the service does this, or calls that service. */
  readonly operation?: string | undefined;
  readonly callee?: string | undefined;
  /** At least this share is kept, 0 … 1. */
  readonly ratio: number;
  /** Epoch ms; it ends by itself. */
  readonly untilMs: number;
  /** So much may be kept that would else have been dropped. */
  readonly maxSpans?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Traces dropped since then are wanted back, epoch ms. */
  readonly sinceMs?: number | undefined;
  readonly by: string;
}

export interface BoostBounds {
  readonly max: number;
  readonly maxDuration: number;
}

export type BoostResult =
  | { readonly kind: 'set'; readonly boost: Boost }
  | { readonly kind: 'ended' }
  | { readonly kind: 'full'; readonly max: number };

/** What a boost is about, as decisions name it: `boost:shop`, `boost:shop->pay`. */
export function boostName({ service, operation, callee }: Boost): string {
  if (callee !== undefined) return `boost:${service}->${callee}`;
  return operation === undefined ? `boost:${service}` : `boost:${service} ${operation}`;
}

export function targetOf({ service, operation, callee }: Boost): BoostTarget {
  if (callee !== undefined) return { kind: 'edge', caller: service, callee };
  if (operation !== undefined) return { kind: 'operation', service, operation };
  return { kind: 'service', service };
}

/** As the sampler of one of so many workers takes it: each has its part of the budget. */
export function samplingBoostOf(boost: Boost, workers: number): SamplingBoost {
  const { ratio: probability, untilMs, maxSpans, maxBytes } = boost;
  return {
    name: boostName(boost),
    target: targetOf(boost),
    probability,
    untilMs,
    ...(maxSpans === undefined ? {} : { maxSpans: maxSpans / workers }),
    ...(maxBytes === undefined ? {} : { maxBytes: maxBytes / workers }),
  };
}

/** Boosts whose budget is used up, remembered until their time is over. */
const MAX_SPENT = 1000;

/**
 * Boosts in force, at most one about each thing and `max` in all. One whose budget is used up is in
 * force no more, but is remembered while it is repeated: who repeats it every few seconds, so that
 * it ends when he is gone, would else have a new budget each time.
 */
export class Boosts {
  private readonly byName = new Map<string, Boost>();
  private spent = new Set<string>();

  /** Sets, replaces or (when it has already ended) ends a boost. */
  set(wanted: Boost, bounds: BoostBounds, nowMs: number): BoostResult {
    this.expire(nowMs);
    const name = boostName(wanted);
    if (wanted.untilMs <= nowMs) {
      this.delete(name);
      return { kind: 'ended' };
    }
    const inForce = this.byName.size - this.spent.size;
    if (!this.byName.has(name) && inForce >= bounds.max) {
      return { kind: 'full', max: bounds.max };
    }
    const boost = { ...wanted, untilMs: Math.min(wanted.untilMs, nowMs + bounds.maxDuration) };
    this.byName.set(name, boost);
    return { kind: 'set', boost };
  }

  /** Those of which the budget is used up now; the rest is in force. */
  spend(names: readonly string[]): void {
    this.spent = new Set(names.filter((name) => this.byName.has(name)));
    for (const name of this.spent) {
      if (this.spent.size <= MAX_SPENT) return;
      this.delete(name);
    }
  }

  /** Drops what has ended; true when something did. */
  expire(nowMs: number): boolean {
    const before = this.byName.size;
    for (const [name, boost] of this.byName) {
      if (boost.untilMs <= nowMs) this.delete(name);
    }
    return this.byName.size < before;
  }

  /** Those in force. */
  list(): Boost[] {
    return this.all().filter((boost) => !this.spent.has(boostName(boost)));
  }

  /** Also those whose budget is used up. */
  all(): Boost[] {
    return [...this.byName.values()];
  }

  private delete(name: string): void {
    this.byName.delete(name);
    this.spent.delete(name);
  }
}
