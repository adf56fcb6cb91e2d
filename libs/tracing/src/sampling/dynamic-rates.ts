import type { DynamicSpec } from './rules.ts';

interface Key {
  /** Moving average of what comes in one period. */
  usual: number;
  /** In this period so far. */
  count: number;
  probability: number;
}

const OVERFLOW = -1;
/** A key that comes less often than this in a period is forgotten. */
const FORGET_BELOW = 0.5;

/**
 * A probability for each key, so that rare keys are seen and frequent ones do not drown them.
 *
 * ```
 * c_k    = moving average of what comes of key k in a period
 * goal   = share * sum(c_k), or perSecond * period
 * keep_k = min(c_k, s * ln(1 + c_k)),  with s such that sum(keep_k) = goal
 * p_k    = keep_k / c_k
 * ```
 *
 * So keys share the goal by the logarithm of how often they come, and what a rare key cannot use
 * goes to the others. Within a period a key that comes more often than usual is held back by the
 * same formula on its count so far. Averages are renewed every `everyMs`: usual = weight * last +
 * (1 - weight) * usual. As everywhere, p looks at what came, never at a trace's randomness.
 */
export class DynamicRates {
  #spec: DynamicSpec;
  readonly #keys = new Map<number, Key>();
  #scale = Number.NaN;
  #total = 0;
  #startMs: number | undefined;
  /** Traces counted under the shared key because the table of keys was full. */
  overflowed = 0;

  constructor(spec: DynamicSpec) {
    this.#spec = spec;
  }

  get size(): number {
    return this.#keys.size;
  }

  configure(spec: DynamicSpec): void {
    this.#spec = spec;
  }

  /** Ends the period when its time is over. */
  advance(nowMs: number): void {
    this.#startMs ??= nowMs;
    const periods = (nowMs - this.#startMs) / this.#spec.everyMs;
    if (periods < 1) return;
    this.#startMs = nowMs;
    this.#renew(periods);
  }

  arrive(id: number, cost: number): void {
    this.#keyOf(id, true).count += cost;
    this.#total += cost;
  }

  /** Above 0 … 1, for what just came. */
  probability(id: number): number {
    const key = this.#keyOf(id, false);
    if (Number.isNaN(this.#scale)) return this.#firstPeriod();
    return Math.min(key.probability, shareOf(key.count, this.#scale));
  }

  /** Nothing is known yet of which keys are rare. */
  #firstPeriod(): number {
    const { target, everyMs } = this.#spec;
    if (target.kind === 'share') return target.share;
    return Math.min(1, (target.perSecond * everyMs) / 1000 / Math.max(1, this.#total));
  }

  #keyOf(id: number, arrives: boolean): Key {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    if (id !== OVERFLOW && this.#keys.size >= this.#spec.maxKeys) {
      if (arrives) this.overflowed += 1;
      return this.#keyOf(OVERFLOW, arrives);
    }
    const key = { usual: 0, count: 0, probability: 1 };
    this.#keys.set(id, key);
    return key;
  }

  #renew(periods: number): void {
    const kept = (1 - this.#spec.weight) ** periods;
    for (const [id, key] of this.#keys) {
      const mean = key.count / periods;
      key.usual = key.usual === 0 ? mean : (1 - kept) * mean + kept * key.usual;
      key.count = 0;
      if (key.usual < FORGET_BELOW) this.#keys.delete(id);
    }
    this.#total = 0;
    this.#scale = this.#solve();
    for (const key of this.#keys.values()) key.probability = shareOf(key.usual, this.#scale);
  }

  /** The s of the law above: keys that are kept whole come first. */
  #solve(): number {
    const { target, everyMs } = this.#spec;
    const counts = [...this.#keys.values()].map((key) => key.usual).sort((a, b) => a - b);
    const all = counts.reduce((sum, count) => sum + count, 0);
    let goal = target.kind === 'share' ? target.share * all : (target.perSecond * everyMs) / 1000;
    if (all === 0) return Number.NaN;
    let logs = counts.reduce((sum, count) => sum + Math.log1p(count), 0);
    for (const count of counts) {
      const scale = goal / logs;
      if (scale * Math.log1p(count) < count) return scale;
      goal -= count;
      logs -= Math.log1p(count);
    }
    return Number.POSITIVE_INFINITY;
  }
}

function shareOf(count: number, scale: number): number {
  return count === 0 ? 1 : Math.min(1, (scale * Math.log1p(count)) / count);
}
