import type { Rule, SamplingRules } from '@flyball/tracing';

/** A service whose traces are kept more often for a while, e.g. because it is Degraded. */
export interface Boost {
  readonly service: string;
  /** At least this share is kept, 0 … 1. */
  readonly ratio: number;
  /** Epoch ms; it ends by itself. */
  readonly untilMs: number;
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

/** Boosts in force, at most one a service and `max` in all. */
export class Boosts {
  private readonly byService = new Map<string, Boost>();

  /** Sets, replaces or (when it has already ended) ends the boost of a service. */
  set(wanted: Boost, bounds: BoostBounds, nowMs: number): BoostResult {
    this.expire(nowMs);
    if (wanted.untilMs <= nowMs) {
      this.byService.delete(wanted.service);
      return { kind: 'ended' };
    }
    if (!this.byService.has(wanted.service) && this.byService.size >= bounds.max) {
      return { kind: 'full', max: bounds.max };
    }
    const boost = { ...wanted, untilMs: Math.min(wanted.untilMs, nowMs + bounds.maxDuration) };
    this.byService.set(boost.service, boost);
    return { kind: 'set', boost };
  }

  /** Drops what has ended; true when something did. */
  expire(nowMs: number): boolean {
    const before = this.byService.size;
    for (const boost of this.byService.values()) {
      if (boost.untilMs <= nowMs) this.byService.delete(boost.service);
    }
    return this.byService.size < before;
  }

  list(): Boost[] {
    return [...this.byService.values()];
  }
}

function boostRule(boost: Boost, rule: Rule | undefined): Rule {
  const service = { kind: 'service' as const, anyOf: [boost.service] };
  const when =
    rule?.when === undefined ? service : { kind: 'all' as const, of: [service, rule.when] };
  return { name: `boost:${boost.service}`, when, probability: boost.ratio };
}

/**
 * Rules under which each trace of a boosted service is kept with at least the boost's ratio, and
 * every other trace as before. First match stays the law, so each weaker rule is preceded by its
 * own boosted form; a rule that drops on purpose (0 %) is not touched.
 */
export function boostedRules(rules: SamplingRules, boosts: readonly Boost[]): SamplingRules {
  const strongestFirst = [...boosts].sort((a, b) => b.ratio - a.ratio);
  const boosted = rules.rules.flatMap((rule) => {
    if (rule.probability === 0) return [rule];
    const stronger = strongestFirst.filter((boost) => boost.ratio > rule.probability);
    return [...stronger.map((boost) => boostRule(boost, rule)), rule];
  });
  return { rules: [...boosted, ...strongestFirst.map((boost) => boostRule(boost, undefined))] };
}
